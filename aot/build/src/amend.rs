//! Sources that leave their proc-macro half out where the target's system is WASI.
//!
//! syn 1 takes it that no proc macro runs on `wasm32` without a browser or on WASI, and gates its
//! `proc-macro` feature by `target_os`. Then nothing that depends on it compiles for us, and a
//! predicate of the target can't be unset from a command line. So such a crate is compiled from a
//! copy in which the predicate asks for a system that isn't there; its paths are mapped back, so
//! that what the code can see of them stays the same.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// The packages, by name and the beginning of their version.
const PACKAGES: &[(&str, &str)] = &[("syn", "1.")];

const PREDICATE: &str = "target_os = \"wasi\"";
const NOWHERE: &str = "target_os = \"\"";

/// Whether a package is one of them.
pub(crate) fn is_amended((name, version): (&str, &str)) -> bool {
    PACKAGES
        .iter()
        .any(|(known, start)| name == *known && version.starts_with(start))
}

/// Copies the sources below `package` to `copy`, amended, and has `arguments` compile `input` from
/// there.
pub(crate) fn amend(
    package: &Path,
    input: &Path,
    copy: &Path,
    arguments: &mut Vec<String>,
) -> io::Result<()> {
    let within = input.strip_prefix(package).map_err(|_| {
        let text = format!("`{}` isn't in `{}`", input.display(), package.display());
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })?;
    let root = within.iter().next().map_or(within, Path::new);
    copy_amended(&package.join(root), &copy.join(root))?;
    let new = text(&copy.join(within))?;
    // The one that isn't a flag may be relative to where rustc runs.
    for argument in arguments.iter_mut() {
        if !argument.starts_with('-') && input.ends_with(&*argument) {
            argument.clone_from(&new);
        }
    }
    arguments.push("--remap-path-prefix".into());
    arguments.push(format!("{}={}", text(copy)?, text(package)?));
    Ok(())
}

fn copy_amended(from: &Path, to: &Path) -> io::Result<()> {
    if fs::metadata(from)?.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy_amended(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    match fs::read_to_string(from) {
        Ok(source) => fs::write(to, source.replace(PREDICATE, NOWHERE)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => fs::copy(from, to).map(drop),
        Err(error) => Err(error),
    }
}

fn text(path: &Path) -> io::Result<String> {
    let text = PathBuf::from(path).into_os_string().into_string();
    text.map_err(|path| {
        let text = format!("`{}` isn't UTF-8", path.to_string_lossy());
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_syn_1() {
        assert!(is_amended(("syn", "1.0.109")));
        assert!(!is_amended(("syn", "2.0.1")));
        assert!(!is_amended(("synstructure", "1.0.0")));
    }

    #[test]
    fn the_copy_is_compiled_and_named_as_the_original() {
        let folder = tempfile::tempdir().unwrap();
        let (package, copy) = (folder.path().join("syn"), folder.path().join("copy"));
        fs::create_dir_all(package.join("src/gen")).unwrap();
        let gated = "#[cfg(not(any(target_os = \"unknown\", target_os = \"wasi\")))]";
        fs::write(package.join("src/lib.rs"), gated).unwrap();
        fs::write(package.join("src/gen/a.rs"), "fn a() {}").unwrap();
        fs::write(package.join("src/data"), [255]).unwrap();
        let input = package.join("src/lib.rs");
        let mut arguments = vec!["--cfg".into(), input.to_str().unwrap().to_owned()];
        amend(&package, &input, &copy, &mut arguments).unwrap();
        let amended = fs::read_to_string(copy.join("src/lib.rs")).unwrap();
        assert_eq!(
            amended,
            "#[cfg(not(any(target_os = \"unknown\", target_os = \"\")))]"
        );
        assert_eq!(fs::read(copy.join("src/data")).unwrap(), [255]);
        assert!(copy.join("src/gen/a.rs").exists());
        let (from, to) = (copy.display(), package.display());
        assert_eq!(
            arguments,
            [
                "--cfg",
                &format!("{from}/src/lib.rs"),
                "--remap-path-prefix",
                &format!("{from}={to}")
            ]
        );
    }
}
