//! Which paths lead where, with which grants.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use pm_wasi::Grants;

use crate::errno::*;
use crate::guest::{Guest, INPUT, OUT};

/// A directory that is granted, one that is not, and links between them:
///
/// ```text
/// granted/file
/// granted/sub/deep
/// granted/{inside -> file, loop -> loop, dangling -> nothing}
/// granted/{out -> ../secret, out_missing -> ../secret/nothing, up -> ..}
/// secret/file
/// secret/back -> ../granted
/// ```
struct Tree {
    root: PathBuf,
    _directory: tempfile::TempDir,
}

impl Tree {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs_err::create_dir_all(root.join("granted/sub")).unwrap();
        fs_err::create_dir(root.join("secret")).unwrap();
        for file in ["granted/file", "granted/sub/deep", "secret/file"] {
            fs_err::write(root.join(file), file).unwrap();
        }
        let links = [
            ("granted/inside", "file"),
            ("granted/loop", "loop"),
            ("granted/dangling", "nothing"),
            ("granted/out", "../secret"),
            ("granted/out_missing", "../secret/nothing"),
            ("granted/up", ".."),
            ("secret/back", "../granted"),
        ];
        for (link, target) in links {
            symlink(target, root.join(link)).unwrap();
        }
        Self {
            root,
            _directory: directory,
        }
    }

    fn grants(&self) -> Grants {
        let mut grants = Grants::default();
        grants.read(&self.root.join("granted")).unwrap();
        grants
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.root.display())
    }
}

fn name(path: &str) -> [u64; 3] {
    [3, INPUT.into(), path.len() as u64]
}

/// The number for the type of file at a path.
fn kind(guest: &mut Guest, path: &str, follow: bool) -> Result<u8, u32> {
    let path = path.strip_prefix('/').unwrap_or(path);
    guest.put(INPUT, path.as_bytes());
    let args = [
        3,
        follow.into(),
        INPUT.into(),
        path.len() as u64,
        OUT.into(),
    ];
    match guest.call("path_filestat_get", &args) {
        0 => Ok(guest.bytes(OUT + 16, 1)[0]),
        errno => Err(errno),
    }
}

#[test]
fn the_root_is_always_there_and_alone() {
    let mut guest = Guest::new(Grants::default());
    assert_eq!(guest.call("fd_prestat_get", &[3, OUT.into()]), SUCCESS);
    assert_eq!((guest.u32(OUT), guest.u32(OUT + 4)), (0, 1));
    assert_eq!(
        guest.call("fd_prestat_dir_name", &[3, OUT.into(), 1]),
        SUCCESS
    );
    assert_eq!(guest.text(OUT, 1), "/");
    assert_eq!(
        guest.call("fd_prestat_dir_name", &[3, OUT.into(), 0]),
        NAMETOOLONG
    );
    for fd in [0, 2, 4, 0xffff_ffff] {
        assert_eq!(guest.call("fd_prestat_get", &[fd, OUT.into()]), BADF);
        assert_eq!(
            guest.call("fd_prestat_dir_name", &[fd, OUT.into(), 1]),
            BADF
        );
    }
    assert_eq!(guest.call("fd_close", &[3]), NOTSUP);
    assert_eq!(guest.call("fd_fdstat_get", &[3, OUT.into()]), SUCCESS);
    assert_eq!(guest.bytes(OUT, 1), [3]);
    assert_eq!(guest.call("fd_filestat_get", &[3, OUT.into()]), SUCCESS);
    assert_eq!(guest.bytes(OUT + 16, 1), [3]);
    assert_eq!(guest.call("fd_readdir", &[3, 0, 100, 0, OUT.into()]), ACCES);
    assert_eq!(guest.read(3), Err(ISDIR));
    assert_eq!(guest.open("/"), Err(NOENT));
    assert_eq!(guest.open("."), Err(ACCES));
}

#[test]
fn nothing_is_granted_by_default() {
    let tree = Tree::new();
    let mut guest = Guest::new(Grants::default());
    for path in [
        "granted/file",
        "granted/nothing",
        "granted",
        "granted/inside",
    ] {
        let path = tree.path(path);
        assert_eq!(guest.read_path(&path), Err(ACCES), "{path}");
        assert_eq!(kind(&mut guest, &path, true), Err(ACCES), "{path}");
    }
}

#[test]
fn files_are_read_through_a_granted_directory() {
    let tree = Tree::new();
    let cases = [
        ("granted/file", Ok("granted/file")),
        ("granted//./sub/../file", Ok("granted/file")),
        ("granted/sub/deep", Ok("granted/sub/deep")),
        ("granted/inside", Ok("granted/file")),
        ("secret/back/file", Ok("granted/file")),
        ("granted/out/back/sub/deep", Ok("granted/sub/deep")),
        ("granted/nothing", Err(NOENT)),
        ("granted/dangling", Err(NOENT)),
        ("granted/nothing/../file", Err(NOENT)),
        ("granted/file/x", Err(NOTDIR)),
        ("granted/file/", Err(NOTDIR)),
        ("granted/file/.", Err(NOTDIR)),
        ("granted/file/..", Err(NOTDIR)),
        ("granted/loop", Err(LOOP)),
        ("granted/sub", Err(ISDIR)),
        ("secret/file", Err(ACCES)),
        // The same whether there is something or not.
        ("secret/nothing", Err(ACCES)),
        ("granted/../secret/file", Err(ACCES)),
        ("granted/../secret/nothing", Err(ACCES)),
        ("granted/out/file", Err(ACCES)),
        ("granted/out/nothing", Err(ACCES)),
        ("granted/out_missing", Err(ACCES)),
        ("granted/out/file/", Err(ACCES)),
        ("granted/up/secret/file", Err(ACCES)),
        (
            "granted/../../../../../../../../../../../etc/passwd",
            Err(ACCES),
        ),
        // Above a grant only existence is known.
        ("", Err(ACCES)),
        ("granted/up", Err(ACCES)),
    ];
    for (path, expected) in cases {
        let mut guest = Guest::new(tree.grants());
        let found = guest.read_path(&tree.path(path));
        assert_eq!(found, expected.map(str::to_owned), "{path}");
        let refused = found == Err(ACCES);
        assert_eq!(guest.refusals().len(), usize::from(refused), "{path}");
    }
}

#[test]
fn a_single_file_can_be_granted() {
    let tree = Tree::new();
    let mut grants = Grants::default();
    grants.read(&tree.root.join("granted/inside")).unwrap();
    let mut guest = Guest::new(grants);
    assert_eq!(
        guest.read_path(&tree.path("granted/file")).as_deref(),
        Ok("granted/file")
    );
    assert_eq!(
        guest.read_path(&tree.path("granted/inside")).as_deref(),
        Ok("granted/file")
    );
    assert_eq!(guest.read_path(&tree.path("granted/sub/deep")), Err(ACCES));
    assert_eq!(guest.open(&tree.path("granted")), Err(ACCES));
    assert_eq!(kind(&mut guest, &tree.path("granted"), true), Ok(3));
    assert!(Grants::default().read(&tree.root.join("nothing")).is_err());
}

#[test]
fn kinds_of_files() {
    let tree = Tree::new();
    let _socket = UnixListener::bind(tree.root.join("granted/socket")).unwrap();
    let mut guest = Guest::new(tree.grants());
    let cases = [
        ("granted/file", true, Ok(4)),
        ("granted", true, Ok(3)),
        ("granted/inside", true, Ok(4)),
        ("granted/inside", false, Ok(7)),
        ("granted/out", false, Ok(7)),
        ("granted/out", true, Err(ACCES)),
        ("granted/loop", false, Ok(7)),
        ("granted/socket", true, Ok(0)),
        ("secret", true, Err(ACCES)),
        ("secret/back", false, Ok(7)),
        ("secret/back/", false, Ok(3)),
        ("secret/file", false, Err(ACCES)),
        ("", true, Ok(3)),
        ("..", true, Ok(3)),
    ];
    for (path, follow, expected) in cases {
        assert_eq!(
            kind(&mut guest, &tree.path(path), follow),
            expected,
            "{path}"
        );
    }
    assert_eq!(kind(&mut guest, "..", true), Ok(3));
    assert_eq!(guest.open(&tree.path("granted/socket")), Err(ACCES));
}

#[test]
fn size_and_time_are_real_and_the_rest_is_not() {
    let tree = Tree::new();
    let mut guest = Guest::new(tree.grants());
    let stat = |guest: &mut Guest, path: &str| {
        assert!(kind(guest, &tree.path(path), true).is_ok());
        let [device, inode, _, links, size, accessed, modified, changed] =
            [0, 8, 16, 24, 32, 40, 48, 56].map(|at| guest.u64(OUT + at));
        assert_eq!((device, links), (0, 1));
        assert_eq!((accessed, changed), (modified, modified));
        (inode, size, modified)
    };
    let modified = fs_err::metadata(tree.root.join("granted/file"))
        .unwrap()
        .modified()
        .unwrap();
    let modified = modified
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let (inode, size, time) = stat(&mut guest, "granted/file");
    assert_eq!((size, time), (12, modified));
    assert_eq!(stat(&mut guest, "granted/inside").0, inode);
    assert_ne!(stat(&mut guest, "granted/sub/deep").0, inode);
    // Of what lies above, nothing.
    assert_eq!(stat(&mut guest, ""), (0, 0, 0));

    let fd = guest.open(&tree.path("granted/file")).unwrap();
    assert_eq!(
        guest.call("fd_filestat_get", &[fd.into(), OUT.into()]),
        SUCCESS
    );
    assert_eq!((guest.u64(OUT + 8), guest.u64(OUT + 32)), (inode, 12));
}

#[test]
fn links_are_read() {
    let tree = Tree::new();
    let cases = [
        ("granted/inside", Ok("file")),
        ("granted/out", Ok("../secret")),
        ("granted/out/back/inside", Ok("file")),
        ("granted/file", Err(INVAL)),
        ("granted/nothing", Err(NOENT)),
        ("", Err(INVAL)),
        // `realpath` asks for each component, also of a way to a grant that lies outside.
        ("secret/back", Ok("../granted")),
        ("secret/file", Err(ACCES)),
        ("secret/nothing", Err(ACCES)),
    ];
    for (path, expected) in cases {
        let mut guest = Guest::new(tree.grants());
        let path = &tree.path(path)[1..];
        guest.put(INPUT, path.as_bytes());
        let length = path.len() as u64;
        let args = |size| [3, INPUT.into(), length, 8192, size, OUT.into()];
        let found = match guest.call("path_readlink", &args(100)) {
            0 => Ok(guest.text(8192, guest.u32(OUT))),
            errno => Err(errno),
        };
        assert_eq!(found, expected.map(str::to_owned), "{path}");
        if expected.is_ok() {
            assert_eq!(guest.call("path_readlink", &args(3)), SUCCESS);
            assert_eq!(guest.u32(OUT), 3);
        }
    }
}

/// The names and types in a directory, asked for through a buffer of some size.
fn list(guest: &mut Guest, fd: u32, size: u32) -> Vec<(String, u8)> {
    let (mut entries, mut cookie) = (Vec::new(), 0);
    loop {
        let args = [fd.into(), 8192, size.into(), cookie, OUT.into()];
        assert_eq!(guest.call("fd_readdir", &args), SUCCESS);
        let used = guest.u32(OUT);
        let mut at = 0;
        while at + 24 <= used {
            let record = 8192 + at;
            let length = guest.u32(record + 16);
            if at + 24 + length > used {
                break;
            }
            cookie = guest.u64(record);
            entries.push((
                guest.text(record + 24, length),
                guest.bytes(record + 20, 1)[0],
            ));
            at += 24 + length;
        }
        if used < size {
            return entries;
        }
    }
}

#[test]
fn directories_are_listed_in_order() {
    let tree = Tree::new();
    let expected = [
        ("dangling", 7),
        ("file", 4),
        ("inside", 7),
        ("loop", 7),
        ("out", 7),
        ("out_missing", 7),
        ("sub", 3),
        ("up", 7),
    ];
    let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
    let mut guest = Guest::new(tree.grants());
    let fd = guest.open(&tree.path("granted")).unwrap();
    for size in [40, 100, 4096] {
        assert_eq!(list(&mut guest, fd, size), expected, "{size}");
    }
    assert_eq!(
        guest.call("fd_readdir", &[fd.into(), 0, 100, u64::MAX, OUT.into()]),
        SUCCESS
    );
    assert_eq!(guest.u32(OUT), 0);
    // The beginning again sees what is new.
    fs_err::write(tree.root.join("granted/a"), "").unwrap();
    assert_eq!(list(&mut guest, fd, 4096)[0].0, "a");
    assert_eq!(guest.open(&tree.path("granted/up")), Err(ACCES));
    assert_eq!(guest.open(&tree.path("secret")), Err(ACCES));
}

#[test]
fn paths_from_an_open_directory() {
    let tree = Tree::new();
    let mut guest = Guest::new(tree.grants());
    let fd = guest.open(&tree.path("granted/sub")).unwrap();
    let outside = tree.path("secret/file");
    let cases = [
        ("deep", Ok("granted/sub/deep")),
        ("../inside", Ok("granted/file")),
        ("../../secret/file", Err(ACCES)),
        (&outside, Err(ACCES)),
        ("nothing", Err(NOENT)),
    ];
    for (path, expected) in cases {
        let found = guest.open_at(fd, path).and_then(|fd| guest.read(fd));
        assert_eq!(found, expected.map(str::to_owned), "{path}");
    }
    let file = guest.open(&tree.path("granted/file")).unwrap();
    assert_eq!(guest.open_at(file, "x"), Err(NOTDIR));
    assert_eq!(guest.open_at(0, "x"), Err(NOTDIR));
    assert_eq!(guest.open_at(99, "x"), Err(BADF));
    assert_eq!(
        guest.call("fd_filestat_get", &[fd.into(), OUT.into()]),
        SUCCESS
    );
    assert_eq!(guest.bytes(OUT + 16, 1), [3]);
}

#[test]
fn relative_paths_are_tried_from_the_working_directory() {
    let tree = Tree::new();
    let guest = |working: &str| {
        let mut grants = tree.grants();
        grants.working_directory(&tree.root.join(working)).unwrap();
        Guest::new(grants)
    };
    // Granted, so all is as it would be natively.
    let mut here = guest("granted");
    let cases = [
        ("file", Ok("granted/file"), None),
        ("sub/../inside", Ok("granted/file"), None),
        ("nothing", Err(NOENT), None),
        ("out/file", Err(ACCES), Some(tree.path("secret/file"))),
    ];
    for (path, expected, refused) in cases {
        assert_eq!(here.read_path(path), expected.map(str::to_owned), "{path}");
        let refused = refused.map(|path| format!("reading `{path}` was refused (`path_open`)"));
        assert_eq!(here.refusals().last(), refused.as_ref(), "{path}");
    }
    let fd = here.open(".").unwrap();
    assert_eq!(list(&mut here, fd, 4096).len(), 8);
    // An absolute path outside is not distinguishable from a relative one that is missing; the
    // guest is told the latter and the user the former.
    assert_eq!(here.read_path(&tree.path("secret/file")), Err(NOENT));
    assert_eq!(here.refusals().len(), 1, "it was refused before");
    assert_eq!(here.read_path(&tree.path("secret/back")), Err(ISDIR));
    assert_eq!(here.read_path(&tree.path("secret")), Err(NOENT));
    assert_eq!(here.refusals().len(), 2);

    // Not granted: the message names the path that exists.
    let mut there = guest("secret");
    assert_eq!(there.read_path("file"), Err(ACCES));
    assert_eq!(there.read_path("nothing"), Err(ACCES));
    assert_eq!(there.read_path("back/file").as_deref(), Ok("granted/file"));
    let file = tree.path("secret/file");
    let expected = [&*file, "/nothing"];
    let expected = expected.map(|path| format!("reading `{path}` was refused (`path_open`)"));
    assert_eq!(there.refusals(), expected);
}

#[test]
fn changes_are_refused() {
    let tree = Tree::new();
    let mut guest = Guest::new(tree.grants());
    let path = &tree.path("granted/file")[1..];
    guest.put(INPUT, path.as_bytes());
    let [fd, at, length] = name(path);
    let calls: [(&str, Vec<u64>); 8] = [
        ("path_create_directory", vec![fd, at, length]),
        ("path_filestat_set_times", vec![fd, 0, at, length, 0, 0, 0]),
        ("path_link", vec![fd, 0, at, length, fd, at, length]),
        ("path_remove_directory", vec![fd, at, length]),
        ("path_rename", vec![fd, at, length, fd, at, length]),
        ("path_symlink", vec![at, length, fd, at, length]),
        ("path_unlink_file", vec![fd, at, length]),
        (
            "path_open",
            vec![fd, 0, at, length, 0, 1 << 6, 0, 0, OUT.into()],
        ),
    ];
    for (call, args) in &calls {
        assert_eq!(guest.call(call, args), ROFS, "{call}");
    }
    for create in [1, 4, 8] {
        let args = [fd, 0, at, length, create, 1 << 1, 0, 0, OUT.into()];
        assert_eq!(guest.call("path_open", &args), ROFS);
    }
    let expected = format!("changing `/{path}` was refused (`path_create_directory`)");
    assert_eq!(guest.refusals(), [expected], "one path, one refusal");

    let file = guest.open(path).unwrap().into();
    let directory = guest.open(&tree.path("granted")).unwrap().into();
    for fd in [3, file, directory] {
        assert_eq!(guest.call("fd_allocate", &[fd, 0, 1]), ROFS);
        assert_eq!(guest.call("fd_filestat_set_size", &[fd, 0]), ROFS);
        assert_eq!(guest.call("fd_filestat_set_times", &[fd, 0, 0, 0]), ROFS);
        // Without effect on a file that was not changed.
        assert_eq!(guest.call("fd_sync", &[fd]), SUCCESS);
        assert_eq!(guest.call("fd_datasync", &[fd]), SUCCESS);
        assert_eq!(guest.call("fd_fdstat_set_flags", &[fd, 1]), SUCCESS);
        assert_eq!(guest.call("fd_fdstat_set_rights", &[fd, 0, 0]), SUCCESS);
    }
    assert_eq!(guest.call("fd_renumber", &[file, directory]), NOTSUP);
    assert_eq!(
        fs_err::read_to_string(Path::new("/").join(path)).unwrap(),
        "granted/file"
    );
}
