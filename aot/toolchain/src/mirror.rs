//! A copy of the library's workspace that consists of links, except for three manifests.

use std::path::Path;

use fs_err::os::unix::fs::symlink;
use toml::{Table, Value};

use crate::{PanicStrategy, SetupError};

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
    Ok(())
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

/// Makes `to` and links in it everything that is in `from`, but not the names in `except`.
fn link_all(from: &Path, to: &Path, except: &[&str]) -> Result<(), SetupError> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if !except.iter().any(|except| name == *except) {
            symlink(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

/// The names of the directories in a directory, in order.
fn directories(of: &Path) -> Result<Vec<String>, SetupError> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(of)? {
        let entry = entry?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string());
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
        write("core/Cargo.toml", "[package]\nname = \"core\"\n");
        write(
            "std/Cargo.toml",
            "[package]\nname = \"std\"\n[lib]\ncrate-type = [\"dylib\", \"rlib\"]\n\
            [dev-dependencies]\nrand = \"0.9\"\n",
        );
        write("std/src/lib.rs", "//! std");
        write(
            "sysroot/Cargo.toml",
            "[dependencies]\ntest = { path = \"../test\" }\n",
        );
        sources
    }

    #[test]
    fn links_all_but_three_manifests() {
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
        assert_eq!(
            fs_err::read_to_string(mirror.join("std/src/lib.rs")).unwrap(),
            "//! std"
        );
        // The sources are as they were.
        let std = fs_err::read_to_string(sources.path().join("std/Cargo.toml")).unwrap();
        assert!(std.contains("dylib"));
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
}
