//! The set-up: what is found is used, what is missing is made.

use std::path::{Path, PathBuf};
use std::process::Command;

use pm_abi::Profile;
use pm_protocol::{ProtocolError, Reading};

use crate::cache::{Cache, Locked};
use crate::inputs::{ACTIVE, Inputs, may_be_replaced};
use crate::refusal::Refusal;
use crate::version::{Version, numbers};
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

/// A maker of commands that run the cargo of the rustc that a request is about, with that rustc.
/// Nothing need be set up: macros run natively.
///
/// # Errors
/// When there is no such rustc, or it isn't complete.
pub fn cargo(request: &Request) -> Result<impl Fn() -> Command, SetupError> {
    let inputs = Inputs::find(request, &Cache::new(&request.cache))?;
    Ok(move || inputs.cargo())
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
        Err(error) if error.is_refusal() => return Err(error),
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
    let version = &inputs.rustc.version;
    let refusal = Refusal::read(&folder);
    if refusal.is_none()
        && let Some(bridge) = bridge(&folder, version)
    {
        return inputs.toolchain(&folder, bridge);
    }
    let reading = pm_protocol::read(&inputs.sources);
    Err(not_ready(reading, refusal, version, folder))
}

/// The reason why there is no toolchain for a rustc: its bridge is refused, or nothing is built yet.
/// Its sources say the first without a build.
fn not_ready(
    reading: Result<Reading, ProtocolError>,
    refusal: Option<String>,
    version: &Version,
    folder: PathBuf,
) -> SetupError {
    let release = version.release.clone();
    match (reading, refusal) {
        (Err(error), _) => error.into(),
        // Sources that are known by now are accepted, whatever an earlier check found.
        (Ok(reading), Some(reason)) if needs_check(&reading, version) => SetupError::Refused {
            release,
            reason,
            folder,
        },
        (Ok(_), _) => SetupError::NotSetUp { release },
    }
}

/// Returns true if the conformance check alone accepts a rustc. Sources of known digests that come
/// with a rustc of another release need it too: the rest of that rustc isn't known.
fn needs_check(reading: &Reading, version: &Version) -> bool {
    !reading.unknown.is_empty() || !is_release_of(reading.profile, version)
}

/// Returns true if a rustc's release is one of those that are known to have a profile.
fn is_release_of(profile: &Profile, version: &Version) -> bool {
    let (major, minor, _) = numbers(&version.release);
    major == 1 && profile.releases.contains(&minor)
}

/// The bridge in a toolchain's description. None where there is no toolchain, one of another pm-aot,
/// or one that was accepted without the check that this release needs.
fn bridge(folder: &Path, version: &Version) -> Option<Bridge> {
    #[derive(serde::Deserialize)]
    struct Description {
        bridge: Bridge,
    }
    let text = fs_err::read(folder.join(DESCRIPTION)).ok()?;
    let Description { bridge } = serde_json::from_slice(&text).ok()?;
    let profile = Profile::by_name(&bridge.profile)?;
    let is_checked = matches!(bridge.accepted, Accepted::Conformance { .. });
    (is_checked || is_release_of(profile, version)).then_some(bridge)
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
        if needs_check(&self.reading, &inputs.rustc.version) {
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
        let release = || self.inputs.rustc.version.release.clone();
        let (short, long) = match unknown.len() {
            0 => {
                let text = format!("rustc {} isn't known to have {profile}", release());
                (text.clone(), text)
            }
            count => (
                format!("{count} unknown items in rustc's sources"),
                format!("not known in its sources: {}", unknown.join(", ")),
            ),
        };
        progress.step(
            "Checking",
            &format!("that macros behave as natively ({short})"),
        );
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
        let reason = format!("{reason}; {long}");
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

    /// A toolchain of scripts whose `proc_macro` is the bridge of 1.98 in small: its shape is known,
    /// and its items are not.
    #[cfg(unix)]
    fn known_shape(root: &Path) -> Request {
        let request = crate::inputs::tests::toolchain(root);
        let sources = root.join("sysroot/lib/rustlib/src/rust/library/proc_macro/src");
        let tree = include_str!("../../protocol/src/tests/flat.txt");
        for part in tree.split("//- ").skip(1) {
            let (name, text) = part.split_once('\n').unwrap();
            let file = sources.join(name);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, text).unwrap();
        }
        request
    }

    fn version(release: &str) -> Version {
        let text = format!("rustc {release} (x)\nhost: h\nrelease: {release}\n");
        Version::parse(&text).unwrap()
    }

    fn reading(unknown: bool) -> Reading {
        let item = pm_protocol::UnknownItem {
            place: pm_protocol::Place {
                file: "proc_macro/src/bridge/rpc.rs".into(),
                line: 1,
            },
            item: "impl Encode<S> for u8".into(),
            digest: "0".into(),
        };
        Reading {
            profile: Profile::by_name("1.95").unwrap(),
            unknown: unknown.then_some(item).into_iter().collect(),
        }
    }

    /// Known sources win over a refusal that was kept, and lose against a release that isn't theirs.
    #[test]
    fn what_is_known_now_decides() {
        let check = |unknown, refusal: Option<&str>, release, is_refused| {
            let error = not_ready(
                Ok(reading(unknown)),
                refusal.map(str::to_owned),
                &version(release),
                "/t".into(),
            );
            let found = match &error {
                SetupError::Refused { reason, .. } => {
                    assert_eq!(Some(&**reason), refusal);
                    true
                }
                SetupError::NotSetUp { .. } => false,
                _ => panic!("{error:?}"),
            };
            assert_eq!(found, is_refused, "{unknown} {refusal:?} {release}");
        };
        check(false, None, "1.96.0", false);
        check(true, None, "1.96.0", false);
        check(true, Some("message 3"), "1.96.0", true);
        check(false, Some("message 3"), "1.96.0", false);
        check(false, Some("message 3"), "1.98.0", true);
        check(false, Some("message 3"), "2.96.0", true);
        let unreadable = std::io::Error::from(std::io::ErrorKind::NotFound);
        let error = not_ready(
            Err(unreadable.into()),
            Some("message 3".into()),
            &version("1.96.0"),
            "/t".into(),
        );
        assert!(matches!(error, SetupError::Bridge(_)), "{error:?}");
    }

    #[test]
    fn known_sources_of_another_release_are_checked() {
        for (unknown, release, expect) in [
            (false, "1.95.0", false),
            (false, "1.97.1", false),
            (false, "1.97.0-nightly", false),
            (true, "1.96.0", true),
            (false, "1.94.1", true),
            (false, "1.98.0-nightly", true),
            (false, "2.96.0", true),
            (false, "99999999999.96", true),
        ] {
            let needed = needs_check(&reading(unknown), &version(release));
            assert_eq!(needed, expect, "{unknown} {release}");
        }
        // The same of a toolchain that is there.
        let folder = tempfile::tempdir().unwrap();
        let found = |accepted: &str, release| {
            let json = format!(
                "{{\"bridge\":{{\"profile\":\"1.95\",\"accepted\":{{\"how\":{accepted}}}}}}}"
            );
            fs_err::write(folder.path().join(DESCRIPTION), json).unwrap();
            bridge(folder.path(), &version(release)).is_some()
        };
        assert!(found("\"known-sources\"", "1.96.0"));
        assert!(!found("\"known-sources\"", "1.98.0"));
        let checked = "\"conformance\",\"unknown\":[],\"messages\":7";
        assert!(found(checked, "1.98.0"));
    }

    /// A bridge that isn't understood is said before anything is built, also by what builds nothing.
    #[cfg(unix)]
    #[test]
    fn a_refused_bridge_is_found_without_a_set_up() {
        let folder = tempfile::tempdir().unwrap();
        let request = known_shape(folder.path());
        let error = find(&request).unwrap_err();
        assert!(matches!(error, SetupError::NotSetUp { .. }), "{error:?}");

        let file = "sysroot/lib/rustlib/src/rust/library/proc_macro/src/bridge/handle.rs";
        let file = folder.path().join(file);
        let text = fs_err::read_to_string(&file).unwrap();
        let other = text.replace("NonZero<u32>", "NonZero<u64>");
        assert_ne!(text, other);
        fs_err::write(&file, other).unwrap();
        let error = find(&request).unwrap_err();
        assert!(matches!(error, SetupError::Bridge(_)), "{error:?}");
        let setup = setup(&request, &mut Silent, &NoCheck).unwrap_err();
        assert!(matches!(setup, SetupError::Bridge(_)), "{setup:?}");
        let checks = crate::diagnose(&request);
        let bridge = checks.iter().find(|check| check.name == "bridge").unwrap();
        assert_eq!(bridge.status, crate::Status::Warning);
        assert_eq!(bridge.found, crate::with_causes(&error));
        assert!(bridge.found.contains("handle.rs"), "{}", bridge.found);

        // Macros run natively by the same toolchain's cargo.
        let cargo = cargo(&request).unwrap()();
        let bin = folder.path().join("sysroot/bin");
        assert_eq!(Path::new(cargo.get_program()), bin.join("cargo"));
        let rustc = cargo.get_envs().find(|(name, _)| *name == "RUSTC");
        assert_eq!(rustc.unwrap().1.unwrap(), bin.join("rustc"));
    }

    /// A difference is kept. A check that couldn't run says nothing of the rustc, and isn't.
    #[cfg(unix)]
    #[test]
    fn only_a_difference_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let request = known_shape(folder.path());
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
