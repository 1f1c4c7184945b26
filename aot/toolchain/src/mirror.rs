//! A copy of the library's workspace that consists of links, except for three manifests, std's
//! allocator, how exceptions are thrown, and in older versions `canonicalize`.

use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::symlink;
use toml::{Table, Value};

use crate::{PanicStrategy, SetupError};

/// std's file with the allocator of targets that have a libc, and what it is replaced by: ours and its
/// module.
const ALLOCATOR: &str = "std/src/sys/alloc/unix.rs";
pub(crate) const REPLACED: [(&str, &str); 2] = [
    (ALLOCATOR, include_str!("../runtime/system.rs")),
    (
        "std/src/sys/alloc/unix/lists.rs",
        include_str!("../runtime/lists.rs"),
    ),
];

/// The file that chooses how exceptions are thrown, and its line from 1.97 on by which targets of
/// WASI link a `libunwind.a`. Not every wasi-libc comes with one. Without the line, std throws by
/// its own few lines for other WebAssembly targets, as it does up to 1.96.
const UNWIND: &str = "unwind/src/lib.rs";
const NEEDS_LIBUNWIND: &str = "all(target_os = \"wasi\", panic = \"unwind\"),";

/// The files that may have std's file system for WASI, of rustc up to 1.86 and of the next ones. Newer
/// versions have the one of Unix.
const FILE_SYSTEM: [&str; 2] = ["std/src/sys/pal/wasi/fs.rs", "std/src/sys/fs/wasi.rs"];
/// The beginning of its `canonicalize`, which knows of no such function in WASI and fails.
const CANONICALIZE: &str = "pub fn canonicalize(_p: &Path) -> io::Result<PathBuf> {\n";
/// The same by the libc's `realpath`, as newer versions have it.
const CANONICALIZE_BY_LIBC: &str = "\
pub fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    if true {
        return run_path_with_cstr(path, &|path| {
            unsafe extern \"C\" {
                fn realpath(
                    path: *const crate::ffi::c_char,
                    resolved: *mut crate::ffi::c_char,
                ) -> *mut crate::ffi::c_char;
            }
            // SAFETY: the path ends with NUL; the result is a string of ours, or null.
            unsafe {
                let found = realpath(path.as_ptr(), ptr::null_mut());
                if found.is_null() {
                    return Err(io::Error::last_os_error());
                }
                let bytes = CStr::from_ptr(found).to_bytes().to_vec();
                libc::free(found.cast());
                Ok(PathBuf::from(OsString::from_vec(bytes)))
            }
        });
    }
";

/// Makes the mirror of `sources` in the new directory `mirror`.
pub(crate) fn library(
    sources: &Path,
    mirror: &Path,
    panic: PanicStrategy,
) -> Result<(), SetupError> {
    // What has a changed manifest, and so cannot be one link.
    let own = ["Cargo.toml", "Cargo.lock", "std", "sysroot"];
    link_all(sources, mirror, &own)?;
    link_all(&sources.join("std"), &mirror.join("std"), &["Cargo.toml"])?;
    // Cargo writes to it.
    let lock = fs_err::read(sources.join("Cargo.lock"))?;
    fs_err::write(mirror.join("Cargo.lock"), lock)?;

    let members = directories(sources)?;
    edit(sources, mirror, "Cargo.toml", |workspace| {
        only_sysroot(workspace, members)
    })?;
    edit(sources, mirror, "std/Cargo.toml", only_rlib)?;
    fs_err::create_dir(mirror.join("sysroot"))?;
    fs_err::write(mirror.join("sysroot/lib.rs"), "")?;
    fs_err::write(mirror.join("sysroot/Cargo.toml"), sysroot(panic))?;
    // Where a std has it elsewhere, its own does as well, if slower.
    if sources.join(ALLOCATOR).is_file() {
        for (name, text) in REPLACED {
            replace(sources, mirror, Path::new(name), text)?;
        }
    }
    if let Some(text) = amended(sources, UNWIND, NEEDS_LIBUNWIND, "")? {
        replace(sources, mirror, Path::new(UNWIND), &text)?;
    }
    for (name, text) in file_system(sources)? {
        replace(sources, mirror, Path::new(name), &text)?;
    }
    Ok(())
}

/// The files of std's file system that are amended, with their new texts.
pub(crate) fn file_system(sources: &Path) -> Result<Vec<(&'static str, String)>, SetupError> {
    let mut found = Vec::new();
    for name in FILE_SYSTEM {
        let text = amended(sources, name, CANONICALIZE, CANONICALIZE_BY_LIBC)?;
        found.extend(text.map(|text| (name, text)));
    }
    Ok(found)
}

/// The text of a file with `new` in the place of `old`, if the file is there and has that.
fn amended(sources: &Path, name: &str, old: &str, new: &str) -> Result<Option<String>, SetupError> {
    let file = sources.join(name);
    if !file.is_file() {
        return Ok(None);
    }
    let text = fs_err::read_to_string(file)?;
    Ok(text.contains(old).then(|| text.replace(old, new)))
}

/// Puts a file into the mirror in the place of the link that may be there.
fn replace(sources: &Path, mirror: &Path, name: &Path, text: &str) -> Result<(), SetupError> {
    let mut folder = PathBuf::new();
    for part in name.parent().into_iter().flatten() {
        folder.push(part);
        let place = mirror.join(&folder);
        if place.is_symlink() {
            fs_err::remove_file(&place)?;
            link_all(&sources.join(&folder), &place, &[])?;
        }
    }
    let place = mirror.join(name);
    fs_err::create_dir_all(mirror.join(folder))?;
    if place.is_symlink() {
        fs_err::remove_file(&place)?;
    }
    Ok(fs_err::write(place, text)?)
}

/// The package that is built: it stands for what macros can name. rustc's own of this name
/// includes the crate `test`, whose dependency is one more thing to build.
fn sysroot(panic: PanicStrategy) -> String {
    let features = match panic {
        PanicStrategy::Unwind => "[\"panic-unwind\"]",
        PanicStrategy::Abort => "[]",
    };
    format!(
        "[package]\nname = \"sysroot\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\nproc_macro = {{ path = \"../proc_macro\" }}\n\
         std = {{ path = \"../std\", features = {features} }}\n"
    )
}

/// Makes `sysroot` the only member: members need their dev-dependencies resolved, which the
/// packaged sources may not have.
fn only_sysroot(manifest: &mut Table, directories: Vec<String>) -> Option<()> {
    let workspace = manifest.get_mut("workspace")?.as_table_mut()?;
    workspace.insert("members".into(), vec!["sysroot"].into());
    let others = directories.into_iter().filter(|name| name != "sysroot");
    workspace.insert("exclude".into(), others.collect::<Vec<_>>().into());
    Some(())
}

/// Takes the crate type `dylib` from std. Where a target is not `only-cdylib`, cargo would link
/// it, and there are no dynamic libraries on this one.
fn only_rlib(manifest: &mut Table) -> Option<()> {
    let library = manifest.get_mut("lib")?.as_table_mut()?;
    library.insert("crate-type".into(), Value::Array(vec!["rlib".into()]));
    Some(())
}

/// Writes a changed manifest; `change` returns `None` when the manifest is not as it expects.
fn edit(
    sources: &Path,
    mirror: &Path,
    name: &str,
    change: impl FnOnce(&mut Table) -> Option<()>,
) -> Result<(), SetupError> {
    let path = sources.join(name);
    let text = fs_err::read_to_string(&path)?;
    let error = |detail: String| SetupError::Sources {
        path: path.clone(),
        detail,
    };
    let mut manifest: Table = text
        .parse()
        .map_err(|e: toml::de::Error| error(e.to_string()))?;
    change(&mut manifest).ok_or_else(|| error("a section is missing".into()))?;
    Ok(fs_err::write(mirror.join(name), manifest.to_string())?)
}

/// Makes `to` and links in it everything that is in `from`, but not the names in `except`, and
/// nothing hidden: `.cargo` has a configuration for the sources as they were packaged.
fn link_all(from: &Path, to: &Path, except: &[&str]) -> Result<(), SetupError> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if !hidden && !except.iter().any(|except| name == *except) {
            symlink(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

/// The names of the directories in a directory that aren't hidden, in order.
fn directories(of: &Path) -> Result<Vec<String>, SetupError> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(of)? {
        let entry = entry?;
        if entry.path().is_dir() {
            let name = entry.file_name().into_string();
            names.extend(name.into_iter().filter(|name| !name.starts_with('.')));
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library workspace as rust-src has it, with one crate.
    fn sources() -> tempfile::TempDir {
        let sources = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = sources.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"1\"\nmembers = [\"std\", \"sysroot\"]\n\
            [profile.release.package.compiler_builtins]\ncodegen-units = 10000\n",
        );
        write("Cargo.lock", "version = 4\n");
        write(
            ".cargo/config.toml",
            "[source.vendored-sources]\ndirectory = \"vendor\"\n",
        );
        write("core/Cargo.toml", "[package]\nname = \"core\"\n");
        write(
            "std/Cargo.toml",
            "[package]\nname = \"std\"\n[lib]\ncrate-type = [\"dylib\", \"rlib\"]\n\
            [dev-dependencies]\nrand = \"0.9\"\n",
        );
        write("std/src/lib.rs", "//! std");
        write("std/src/sys/mod.rs", "mod alloc;");
        write("std/src/sys/alloc/mod.rs", "mod unix;");
        write("std/src/sys/alloc/unix.rs", "// theirs");
        write(
            "sysroot/Cargo.toml",
            "[dependencies]\ntest = { path = \"../test\" }\n",
        );
        sources
    }

    #[test]
    fn links_all_but_three_manifests_and_the_allocator() {
        let sources = sources();
        let parent = tempfile::tempdir().unwrap();
        let mirror = parent.path().join("library");
        library(sources.path(), &mirror, PanicStrategy::Unwind).unwrap();

        let table = |name: &str| -> Table {
            fs_err::read_to_string(mirror.join(name))
                .unwrap()
                .parse()
                .unwrap()
        };
        let workspace = table("Cargo.toml");
        assert_eq!(workspace["workspace"]["members"], vec!["sysroot"].into());
        assert_eq!(
            workspace["workspace"]["exclude"],
            vec!["core", "std"].into()
        );
        assert_eq!(workspace["workspace"]["resolver"].as_str(), Some("1"));
        let builtins = &workspace["profile"]["release"]["package"]["compiler_builtins"];
        assert_eq!(builtins["codegen-units"].as_integer(), Some(10000));
        assert_eq!(
            table("std/Cargo.toml")["lib"]["crate-type"],
            vec!["rlib"].into()
        );
        let std = &table("sysroot/Cargo.toml")["dependencies"]["std"];
        assert_eq!(std["features"], vec!["panic-unwind"].into());
        assert!(
            table("sysroot/Cargo.toml")["dependencies"]
                .get("test")
                .is_none()
        );
        assert!(mirror.join("core").is_symlink());
        assert!(!mirror.join(".cargo").exists());
        assert_eq!(
            fs_err::read_to_string(mirror.join("std/src/lib.rs")).unwrap(),
            "//! std"
        );
        let alloc = mirror.join("std/src/sys/alloc");
        assert!(alloc.join("mod.rs").is_symlink());
        for (name, text) in REPLACED {
            assert!(!mirror.join(name).is_symlink());
            assert_eq!(fs_err::read_to_string(mirror.join(name)).unwrap(), text);
        }
        // The sources are as they were.
        let theirs = fs_err::read_to_string(sources.path().join(ALLOCATOR)).unwrap();
        assert_eq!(theirs, "// theirs");
        assert!(!sources.path().join("std/src/sys/alloc/unix").exists());
        let std = fs_err::read_to_string(sources.path().join("std/Cargo.toml")).unwrap();
        assert!(std.contains("dylib"));
    }

    #[test]
    fn no_libunwind_is_linked() {
        for (text, expect) in [
            (
                "any(\n    unix,\n    all(target_os = \"wasi\", panic = \"unwind\"),\n) => {}",
                "any(\n    unix,\n    \n) => {}",
            ),
            ("any(unix) => {}", "any(unix) => {}"),
        ] {
            let sources = sources();
            let file = sources.path().join(UNWIND);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(&file, text).unwrap();
            let parent = tempfile::tempdir().unwrap();
            let mirror = parent.path().join("library");
            library(sources.path(), &mirror, PanicStrategy::Unwind).unwrap();
            assert_eq!(fs_err::read_to_string(mirror.join(UNWIND)).unwrap(), expect);
            assert_eq!(fs_err::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn a_std_without_that_file_keeps_its_allocator() {
        let sources = sources();
        fs_err::remove_file(sources.path().join(ALLOCATOR)).unwrap();
        let parent = tempfile::tempdir().unwrap();
        let mirror = parent.path().join("library");
        library(sources.path(), &mirror, PanicStrategy::Unwind).unwrap();
        assert!(mirror.join("std/src").is_symlink());
    }

    #[test]
    fn says_what_is_unexpected() {
        let sources = sources();
        fs_err::write(sources.path().join("std/Cargo.toml"), "[package]\n").unwrap();
        let parent = tempfile::tempdir().unwrap();
        let mirror = parent.path().join("library");
        let error = library(sources.path(), &mirror, PanicStrategy::Abort).unwrap_err();
        let text = error.to_string();
        assert!(
            text.ends_with("std/Cargo.toml` is not as expected: a section is missing"),
            "{text}"
        );
    }

    #[test]
    fn canonicalize_is_added_where_std_has_none() {
        let sources = sources();
        let name = "std/src/sys/pal/wasi/fs.rs";
        let file = sources.path().join(name);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        let theirs = format!("// before\n{CANONICALIZE}    unsupported()\n}}\n// after\n");
        fs_err::write(&file, &theirs).unwrap();
        let parent = tempfile::tempdir().unwrap();
        let mirror = parent.path().join("library");
        library(sources.path(), &mirror, PanicStrategy::Unwind).unwrap();
        let text = fs_err::read_to_string(mirror.join(name)).unwrap();
        assert!(text.contains("realpath(") && text.contains("    unsupported()\n}\n// after"));
        assert!(text.starts_with("// before\n"));
        assert_eq!(fs_err::read_to_string(&file).unwrap(), theirs);
        assert!(mirror.join("std/src/lib.rs").is_symlink());
    }
}
