//! Addresses, lengths, descriptors and paths that no good guest would use.

use pm_wasi::Grants;

use crate::errno::*;
use crate::guest::{FUNCTIONS, Guest, INPUT, MEMORY, OUT};

/// Every function with every combination of extreme values in two of its arguments, the others
/// being harmless: whatever the answer, there is one.
#[test]
fn no_argument_panics() {
    const VALUES: [u64; 9] = [
        0,
        1,
        3,
        4,
        INPUT as u64,
        MEMORY as u64 - 4,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
    ];
    let mut guest = Guest::new(Grants::default());
    guest.put(INPUT, &[0xff; 4096]);
    for (name, params) in FUNCTIONS {
        let harmless: Vec<u64> = vec![3; params.len()];
        for (first, second) in (0..params.len()).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            for (a, b) in VALUES
                .iter()
                .flat_map(|a| VALUES.iter().map(move |b| (*a, *b)))
            {
                let mut args = harmless.clone();
                for (index, value) in [(first, a), (second, b)] {
                    let is_wide = params.as_bytes()[index] == b'l';
                    args[index] = if is_wide && value == 0xffff_ffff {
                        u64::MAX
                    } else {
                        value
                    };
                }
                let errno = guest.call(name, &args);
                assert!(errno <= 76, "{name} {args:?}: {errno}");
            }
        }
    }
    // What a guest can make the host keep is bounded.
    assert!(guest.refusals().len() <= 64);
}

#[test]
fn addresses_outside_memory() {
    let end = u64::from(MEMORY);
    let mut grants = Grants::default();
    grants.env("A", "1");
    let mut guest = Guest::new(grants);
    guest.put(INPUT, &[0; 64]);
    for outside in [end, end - 3, 0x7fff_ffff, 0xffff_fffc, 0xffff_ffff] {
        let calls: [(&str, &[u64]); 19] = [
            ("args_sizes_get", &[outside, OUT.into()]),
            ("args_sizes_get", &[OUT.into(), outside]),
            ("environ_get", &[outside, OUT.into()]),
            ("environ_get", &[OUT.into(), outside]),
            ("environ_sizes_get", &[outside, OUT.into()]),
            ("environ_sizes_get", &[OUT.into(), outside]),
            ("clock_res_get", &[0, outside]),
            ("clock_time_get", &[0, 0, outside]),
            ("random_get", &[outside, 4]),
            ("poll_oneoff", &[outside, OUT.into(), 1, OUT.into()]),
            ("poll_oneoff", &[INPUT.into(), outside, 1, OUT.into()]),
            ("poll_oneoff", &[INPUT.into(), 4096, 1, outside]),
            ("fd_write", &[1, outside, 1, OUT.into()]),
            ("fd_write", &[1, INPUT.into(), 1, outside]),
            ("fd_read", &[0, outside, 1, OUT.into()]),
            ("fd_fdstat_get", &[1, outside]),
            ("fd_filestat_get", &[3, outside]),
            ("fd_prestat_get", &[3, outside]),
            ("path_filestat_get", &[3, 0, outside, 4, OUT.into()]),
        ];
        for (call, args) in calls {
            assert_eq!(guest.call(call, args), FAULT, "{call} {args:?}");
        }
    }
    assert_eq!(guest.call("random_get", &[0, end + 1]), FAULT);
    assert_eq!(guest.call("random_get", &[0, end]), SUCCESS);
    assert_eq!(guest.call("random_get", &[end, 0]), SUCCESS);
}

#[test]
fn buffers() {
    let mut guest = Guest::new(Grants::default());
    // They overlap, each other and their own list.
    guest.put(INPUT, b"not much");
    guest.put_buffers(2048, &[(INPUT, 8), (INPUT + 4, 4), (INPUT, 3)]);
    assert_eq!(guest.call("fd_write", &[1, 2048, 3, OUT.into()]), SUCCESS);
    assert_eq!(guest.u32(OUT), 15);
    assert_eq!(
        guest.store.data().wasi.stdout().unwrap().bytes(),
        b"not muchmuchnot"
    );
    // One lies outside, or all together are more than a length can say.
    for list in [
        [(MEMORY - 1, 2), (0, 0)],
        [(0xffff_ffff, 1), (0, 0)],
        [(0, 0xffff_ffff), (0, 0)],
    ] {
        guest.put_buffers(2048, &list);
        assert_eq!(guest.call("fd_write", &[1, 2048, 2, OUT.into()]), FAULT);
    }
    guest.put_buffers(2048, &[(0, 0x8000_0000); 2]);
    assert_eq!(guest.call("fd_write", &[1, 2048, 2, OUT.into()]), INVAL);
    for count in [1025, 0x2000_0000, 0xffff_ffff] {
        assert_eq!(guest.call("fd_write", &[1, 0, count, OUT.into()]), INVAL);
        assert_eq!(guest.call("fd_read", &[0, 0, count, OUT.into()]), INVAL);
    }
}

#[test]
fn paths() {
    let mut guest = Guest::new(Grants::default());
    let long = "a/".repeat(3000);
    let cases: [(&[u8], u32); 6] = [
        (b"", NOENT),
        (b"\xff\xfe", ILSEQ),
        (b"a\0b", INVAL),
        (long.as_bytes(), NAMETOOLONG),
        (b"//etc//passwd//", ACCES),
        ("ä/\u{202e}\n".as_bytes(), ACCES),
    ];
    for (path, errno) in cases {
        guest.put(INPUT, path);
        let length = path.len() as u64;
        let open = [3, 1, INPUT.into(), length, 0, 2, 2, 0, OUT.into()];
        assert_eq!(guest.call("path_open", &open), errno, "{path:?}");
        let stat = [3, 1, INPUT.into(), length, OUT.into()];
        assert_eq!(guest.call("path_filestat_get", &stat), errno, "{path:?}");
    }
}

#[test]
fn open_files_are_limited() {
    let directory = tempfile::tempdir().unwrap();
    let mut grants = Grants::default();
    grants.read(directory.path()).unwrap();
    let mut guest = Guest::new(grants);
    let path = directory.path().canonicalize().unwrap();
    let path = path.to_str().unwrap();
    let open: Vec<u32> = (0..256).map(|_| guest.open(path).unwrap()).collect();
    assert_eq!(open, (4..260).collect::<Vec<_>>());
    assert_eq!(guest.open(path), Err(MFILE));
    assert_eq!(guest.call("fd_close", &[100]), SUCCESS);
    assert_eq!(guest.open(path), Ok(100), "the lowest that is free");
}

#[test]
fn a_failed_open_leaves_nothing_open() {
    let directory = tempfile::tempdir().unwrap();
    let mut grants = Grants::default();
    grants.read(directory.path()).unwrap();
    let mut guest = Guest::new(grants);
    let path = directory.path().canonicalize().unwrap();
    let path = &path.to_str().unwrap()[1..];
    guest.put(INPUT, path.as_bytes());
    let args = [
        3,
        1,
        INPUT.into(),
        path.len() as u64,
        0,
        2,
        2,
        0,
        MEMORY.into(),
    ];
    assert_eq!(guest.call("path_open", &args), FAULT);
    assert_eq!(guest.call("fd_close", &[4]), BADF);
}

#[test]
fn a_guest_without_memory() {
    let mut guest = Guest::new(Grants::default()).without_memory();
    assert_eq!(guest.call("random_get", &[0, 1]), FAULT);
    assert_eq!(guest.call("fd_write", &[1, 0, 1, OUT.into()]), FAULT);
    assert_eq!(guest.call("sched_yield", &[]), SUCCESS);
}
