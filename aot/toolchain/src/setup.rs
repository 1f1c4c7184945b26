//! The set-up: what is found is used, what is missing is made.

use std::path::Path;

use crate::cache::{Cache, Locked};
use crate::inputs::Inputs;
use crate::{Progress, Request, SetupError, Toolchain, debian, library, link, parts, spec};

/// The file that describes a toolchain, written last.
const DESCRIPTION: &str = "toolchain.json";

/// The toolchain that is set up already, without building or downloading anything.
///
/// # Errors
/// When something is missing, [`SetupError::NotSetUp`] among the rest.
pub fn find(request: &Request) -> Result<Toolchain, SetupError> {
    let cache = Cache::new(&request.cache);
    ready(&Inputs::find(request, &cache)?, &cache)
}

/// Makes the machine able to compile macros to wasm. Fast when that is so already, and safe to
/// run twice at once.
///
/// # Errors
/// When something is missing that it cannot fetch or make; [`SetupError::help`] says what to do.
pub fn setup(request: &Request, progress: &mut dyn Progress) -> Result<Toolchain, SetupError> {
    if let Ok(toolchain) = find(request) {
        return Ok(toolchain);
    }
    // cargo will need it, so say so before the downloads.
    parts::c_compiler()?;
    let cache = Cache::new(&request.cache);
    let locked = cache.lock(progress)?;
    let inputs = match Inputs::find(request, &cache) {
        Ok(inputs) => inputs,
        Err(error) if !can_be_fetched(&error, request, &cache) => return Err(error),
        Err(error) if !debian::available() => {
            return Err(SetupError::NothingFits {
                active: Box::new(error),
            });
        }
        Err(error) if request.offline => {
            return Err(SetupError::Offline {
                active: Box::new(error),
            });
        }
        Err(_) => {
            debian::install(&cache, &locked, progress)?;
            Inputs::find(request, &cache)?
        }
    };
    // Another set-up may have made it while this one waited.
    ready(&inputs, &cache).or_else(|_| build(&inputs, &cache, &locked, progress))
}

/// Whether the distribution's compiler would mend an error.
fn can_be_fetched(error: &SetupError, request: &Request, cache: &Cache) -> bool {
    // What was asked for is not replaced by something else.
    if request.rustc.is_some() || matches!(error, SetupError::BadLibc { .. }) {
        return false;
    }
    // A damaged prefix is fetched anew; one that lacks what no package has would be again.
    let damaged = matches!(
        error,
        SetupError::NoRustc { .. }
            | SetupError::BadRustc { .. }
            | SetupError::NoSources { .. }
            | SetupError::NoCargo { .. }
    );
    damaged || debian::newest_prefix(cache).is_none()
}

/// The toolchain of these inputs, if it is finished.
fn ready(inputs: &Inputs, cache: &Cache) -> Result<Toolchain, SetupError> {
    let folder = cache.toolchain(&inputs.id);
    if folder.join(DESCRIPTION).is_file() {
        return inputs.toolchain(&folder);
    }
    Err(SetupError::NotSetUp {
        release: inputs.rustc.version.release.clone(),
    })
}

/// Builds what is built, beside its place, and puts it there.
fn build(
    inputs: &Inputs,
    cache: &Cache,
    locked: &Locked,
    progress: &mut dyn Progress,
) -> Result<Toolchain, SetupError> {
    locked.require(debian::BUILD_SPACE)?;
    let staging = locked.staging()?;
    let folder = staging.path().join("toolchain");
    fs_err::create_dir(&folder)?;
    let unfinished = inputs.toolchain(&folder)?;
    fs_err::write(&unfinished.target_spec, &inputs.spec)?;
    library::build(inputs, &unfinished, staging.path(), progress)?;
    link::compile_runtime(&unfinished, &folder)?;

    let place = cache.toolchain(&inputs.id);
    let toolchain = inputs.toolchain(&place)?;
    describe(&toolchain, &folder)?;
    locked.finish(&folder, &place)?;
    progress.step(
        "Finished",
        &format!("{} for {}", toolchain.rustc_version, spec::TARGET),
    );
    Ok(toolchain)
}

/// Writes the description.
fn describe(toolchain: &Toolchain, folder: &Path) -> Result<(), SetupError> {
    let json = serde_json::to_vec_pretty(toolchain).map_err(std::io::Error::from)?;
    Ok(fs_err::write(folder.join(DESCRIPTION), json)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PanicStrategy, Silent};

    fn request(cache: &Path) -> Request {
        Request {
            rustc: None,
            wasi_libc: None,
            panic: PanicStrategy::Unwind,
            cache: cache.to_owned(),
            offline: true,
        }
    }

    #[test]
    fn what_was_asked_for_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let mut request = request(folder.path());
        let sources = || SetupError::NoSources {
            sysroot: "/usr".into(),
            release: "1.96.0".into(),
        };
        let libc = || SetupError::NoLibc {
            sysroot: "/usr".into(),
        };
        assert!(can_be_fetched(&sources(), &request, &cache));
        assert!(can_be_fetched(&libc(), &request, &cache));
        let bad = SetupError::BadLibc { path: "/l".into() };
        assert!(!can_be_fetched(&bad, &request, &cache));

        fs_err::create_dir_all(cache.prefixes().join("rustc_1.96.0")).unwrap();
        assert!(can_be_fetched(&sources(), &request, &cache));
        assert!(!can_be_fetched(&libc(), &request, &cache));

        request.rustc = Some("/x/rustc".into());
        assert!(!can_be_fetched(&sources(), &request, &cache));
    }

    #[cfg(unix)]
    #[test]
    fn a_compiler_without_sources_is_refused_by_name() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let sysroot = folder.path().join("toolchains/fake");
        let bin = sysroot.join("bin");
        fs_err::create_dir_all(&bin).unwrap();
        let rustc = bin.join("rustc");
        let script = format!(
            "#!/bin/sh\ncase $1 in -vV) printf 'rustc 1.96.0 (x)\\nhost: h\\nrelease: 1.96.0\\n';;\n\
             *) echo '{}';; esac\n",
            sysroot.display()
        );
        fs_err::write(&rustc, script).unwrap();
        fs_err::set_permissions(&rustc, PermissionsExt::from_mode(0o755)).unwrap();

        let mut request = request(&folder.path().join("cache"));
        request.rustc = Some(rustc);
        let error = setup(&request, &mut Silent).unwrap_err();
        assert!(matches!(error, SetupError::NoSources { .. }), "{error:?}");
        assert_eq!(
            error.help(),
            "run `rustup component add rust-src --toolchain fake`"
        );
    }
}
