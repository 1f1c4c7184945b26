//! The set-up: what is found is used, what is missing is made.

use std::path::Path;
use std::process::Command;

use pm_abi::Profile;
use pm_protocol::Reading;

use crate::cache::{Cache, Locked};
use crate::inputs::{ACTIVE, Inputs, may_be_replaced};
use crate::refusal::Refusal;
use crate::{
    Accepted, Bridge, CheckError, Conformance, Part, Progress, Request, SetupError, Toolchain,
    command, debian, library, link, parts, rustup, spec,
};

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
pub fn setup(
    request: &Request,
    progress: &mut dyn Progress,
    conformance: &dyn Conformance,
) -> Result<Toolchain, SetupError> {
    if request.install {
        install(request, progress)?;
    }
    match find(request) {
        Ok(toolchain) => return Ok(toolchain),
        Err(error @ SetupError::Refused { .. }) => return Err(error),
        Err(_) => {}
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
        Err(error) => {
            progress.step("Skipping", &format!("{error} ({})", error.help()));
            debian::install(&cache, &locked, progress)?;
            Inputs::find(request, &cache)?
        }
    };
    // Another set-up may have made it while this one waited.
    match ready(&inputs, &cache) {
        Err(SetupError::NotSetUp { .. }) => {}
        result => return result,
    }
    let work = Work {
        inputs: &inputs,
        // Before anything is built: most of what is refused is refused here.
        reading: pm_protocol::read(&inputs.sources)?,
        cache: &cache,
        locked: &locked,
        conformance,
    };
    work.build(request.offline, progress)
}

/// Has rustup add what the active toolchain lacks.
fn install(request: &Request, progress: &mut dyn Progress) -> Result<(), SetupError> {
    let cache = Cache::new(&request.cache);
    let Err(error) = Inputs::active(request, &cache) else {
        return Ok(());
    };
    if request.offline {
        return Ok(());
    }
    for words in error.commands() {
        let line = words.join(" ");
        progress.step("Running", &line);
        // The rustup whose proxy is the active rustc, else the one on `PATH`.
        let rustup = rustup::of_proxy(Path::new(ACTIVE));
        let mut command = Command::new(rustup.unwrap_or_else(|| words[0].clone().into()));
        command.args(&words[1..]);
        rustup::without_traces(&mut command);
        command::output(&mut command, |detail| SetupError::Install {
            command: line.clone(),
            detail,
        })?;
    }
    Ok(())
}

/// Whether the distribution's compiler would mend an error.
fn can_be_fetched(error: &SetupError, request: &Request, cache: &Cache) -> bool {
    // What was asked for is not replaced by something else.
    if matches!(error, SetupError::BadLibc { .. }) || !may_be_replaced(error, request, cache) {
        return false;
    }
    // A damaged prefix is fetched anew; one that lacks what no package has would be again.
    let damaged = match error {
        SetupError::NoRustc { .. } | SetupError::BadRustc { .. } | SetupError::NoCargo { .. } => {
            true
        }
        SetupError::Incomplete { missing, .. } => missing.contains(&Part::Sources),
        _ => false,
    };
    damaged || debian::newest_prefix(cache).is_none()
}

/// The toolchain of these inputs, if it is finished.
fn ready(inputs: &Inputs, cache: &Cache) -> Result<Toolchain, SetupError> {
    let folder = cache.toolchain(&inputs.id);
    let release = || inputs.rustc.version.release.clone();
    if let Some(reason) = Refusal::read(&folder) {
        return Err(SetupError::Refused {
            release: release(),
            reason,
            folder,
        });
    }
    let bridge = bridge(&folder).ok_or_else(|| SetupError::NotSetUp { release: release() })?;
    inputs.toolchain(&folder, bridge)
}

/// The bridge in a toolchain's description. None where there is no toolchain, or one of another pm-aot.
fn bridge(folder: &Path) -> Option<Bridge> {
    #[derive(serde::Deserialize)]
    struct Description {
        bridge: Bridge,
    }
    let text = fs_err::read(folder.join(DESCRIPTION)).ok()?;
    let Description { bridge } = serde_json::from_slice(&text).ok()?;
    Profile::by_name(&bridge.profile).map(|_| bridge)
}

/// The build of a toolchain.
struct Work<'a> {
    inputs: &'a Inputs,
    /// The bridge in the sources.
    reading: Reading,
    cache: &'a Cache,
    locked: &'a Locked,
    conformance: &'a dyn Conformance,
}

impl Work<'_> {
    /// Builds what is built, beside its place, and puts it there.
    fn build(&self, offline: bool, progress: &mut dyn Progress) -> Result<Toolchain, SetupError> {
        let Work {
            inputs,
            cache,
            locked,
            ..
        } = self;
        locked.require(debian::BUILD_SPACE)?;
        let staging = locked.staging()?;
        let folder = staging.path().join("toolchain");
        fs_err::create_dir(&folder)?;
        // Until the check has passed, for a rustc that needs one.
        let mut bridge = Bridge {
            profile: self.reading.profile.name.to_owned(),
            accepted: Accepted::KnownSources,
        };
        let unfinished = inputs.toolchain(&folder, bridge.clone())?;
        fs_err::write(&unfinished.target_spec, &inputs.spec)?;
        library::build(inputs, &unfinished, staging.path(), offline, progress)?;
        link::compile_runtime(inputs, &unfinished, &folder)?;
        // A toolchain that fails from here on is never put in place.
        link::try_out(inputs, &unfinished, staging.path())?;
        if !self.reading.unknown.is_empty() {
            bridge.accepted = self.check(&unfinished, staging.path(), progress)?;
        }

        let place = cache.toolchain(&inputs.id);
        let toolchain = inputs.toolchain(&place, bridge)?;
        describe(&toolchain, &folder)?;
        locked.finish(&folder, &place)?;
        progress.step(
            "Finished",
            &format!("{} for {}", toolchain.rustc_version, spec::TARGET),
        );
        Ok(toolchain)
    }

    /// Runs the conformance check. A rustc that doesn't conform is refused, also the next time.
    fn check(
        &self,
        unfinished: &Toolchain,
        staging: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Accepted, SetupError> {
        let Reading { profile, unknown } = &self.reading;
        let unknown: Vec<String> = unknown
            .iter()
            .map(|unknown| format!("{}: `{}`", unknown.place, unknown.item))
            .collect();
        let count = unknown.len();
        progress.step(
            "Checking",
            &format!("that macros behave as natively ({count} unknown items in rustc's sources)"),
        );
        let release = || self.inputs.rustc.version.release.clone();
        let reason = match self.conformance.check(unfinished, profile) {
            Ok(messages) => return Ok(Accepted::Conformance { unknown, messages }),
            Err(CheckError::Differs(reason)) => reason,
            Err(CheckError::Failed(reason)) => {
                return Err(SetupError::Unchecked {
                    release: release(),
                    reason,
                });
            }
        };
        let refused = staging.join("refused");
        fs_err::create_dir(&refused)?;
        let reason = format!("{reason}; not known in its sources: {}", unknown.join(", "));
        Refusal::new(reason.clone()).write(&refused)?;
        let place = self.cache.toolchain(&self.inputs.id);
        self.locked.finish(&refused, &place)?;
        Err(SetupError::Refused {
            release: release(),
            reason,
            folder: place,
        })
    }
}

/// Writes the description.
fn describe(toolchain: &Toolchain, folder: &Path) -> Result<(), SetupError> {
    let json = serde_json::to_vec_pretty(toolchain).map_err(std::io::Error::from)?;
    Ok(fs_err::write(folder.join(DESCRIPTION), json)?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::origin::MANIFEST;
    use crate::{NoCheck, Origin, PanicStrategy, Silent};

    fn request(cache: &Path) -> Request {
        Request {
            rustc: None,
            wasi_libc: None,
            panic: PanicStrategy::Unwind,
            cache: cache.to_owned(),
            offline: true,
            install: false,
        }
    }

    #[test]
    fn what_was_asked_for_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let mut request = request(folder.path());
        let lacks = |part| SetupError::Incomplete {
            release: "1.96.0".into(),
            sysroot: "/usr".into(),
            missing: vec![part],
            origin: Origin::Other,
        };
        let (sources, libc) = (|| lacks(Part::Sources), || lacks(Part::Libc));
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

    /// A compiler that answers, in a folder that rustup could have made; nothing belongs to it.
    #[cfg(unix)]
    fn bare_compiler(root: &Path) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;

        let sysroot = root.join("toolchains/fake");
        let bin = sysroot.join("bin");
        fs_err::create_dir_all(&bin).unwrap();
        fs_err::create_dir_all(sysroot.join("lib/rustlib")).unwrap();
        fs_err::write(sysroot.join(MANIFEST), "").unwrap();
        let rustc = bin.join("rustc");
        let script = format!(
            "#!/bin/sh\ncase $1 in -vV) printf 'rustc 1.96.0 (x)\\nhost: h\\nrelease: 1.96.0\\n';;\n\
             *) echo '{}';; esac\n",
            sysroot.display()
        );
        fs_err::write(&rustc, script).unwrap();
        fs_err::set_permissions(&rustc, PermissionsExt::from_mode(0o755)).unwrap();
        rustc
    }

    #[cfg(unix)]
    #[test]
    fn a_compiler_without_sources_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut request = request(&folder.path().join("cache"));
        request.rustc = Some(bare_compiler(folder.path()));
        let error = setup(&request, &mut Silent, &NoCheck).unwrap_err();
        let SetupError::Incomplete { missing, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(missing.contains(&Part::Sources), "{error:?}");
        let sources = "run `rustup component add rust-src --toolchain fake";
        assert!(error.help().starts_with(sources), "{}", error.help());
    }

    /// A check with this result.
    struct Fixed(Result<usize, CheckError>);

    impl Conformance for Fixed {
        fn check(&self, _: &Toolchain, _: &'static Profile) -> Result<usize, CheckError> {
            self.0.clone()
        }
    }

    /// A difference is kept. A check that couldn't run says nothing of the rustc, and isn't.
    #[cfg(unix)]
    #[test]
    fn only_a_difference_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let request = crate::inputs::tests::toolchain(folder.path());
        let cache = Cache::new(&request.cache);
        let inputs = Inputs::active(&request, &cache).unwrap();
        let locked = cache.lock(&mut Silent).unwrap();
        let check = |result| {
            let work = Work {
                inputs: &inputs,
                reading: Reading {
                    profile: Profile::by_name("1.95").unwrap(),
                    unknown: Vec::new(),
                },
                cache: &cache,
                locked: &locked,
                conformance: &Fixed(result),
            };
            let bridge = Bridge {
                profile: "1.95".into(),
                accepted: Accepted::KnownSources,
            };
            let staging = locked.staging().unwrap();
            let unfinished = inputs.toolchain(staging.path(), bridge).unwrap();
            work.check(&unfinished, staging.path(), &mut Silent)
        };
        let passed = check(Ok(7)).unwrap();
        assert!(matches!(passed, Accepted::Conformance { messages: 7, .. }));
        let failed = check(Err(CheckError::Failed("the disk is full".into()))).unwrap_err();
        assert!(matches!(failed, SetupError::Unchecked { .. }), "{failed:?}");
        assert!(failed.is_refusal());
        let next = ready(&inputs, &cache).unwrap_err();
        assert!(matches!(next, SetupError::NotSetUp { .. }), "{next:?}");
        let refused = check(Err(CheckError::Differs("message 3".into()))).unwrap_err();
        assert!(matches!(refused, SetupError::Refused { .. }), "{refused:?}");
        let next = ready(&inputs, &cache).unwrap_err();
        assert!(matches!(next, SetupError::Refused { .. }), "{next:?}");
    }
}
