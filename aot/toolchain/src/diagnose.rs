//! What of a set-up is there and what is not, for `pm-aot doctor`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cache::Cache;
use crate::inputs::{ACTIVE, may_be_replaced};
use crate::parts::Parts;
use crate::rustc::Rustc;
use crate::rustup::Active;
use crate::{Origin, Part, Request, SetupError, debian, find, parts, rustup, with_causes};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There, and good.
    Ok,
    /// Not there, and something else will do, or it will be made when it is needed.
    Warning,
    /// Not there, and needed.
    Missing,
}

/// One thing that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable name, such as `rustc`.
    pub name: &'static str,
    /// How it ended.
    pub status: Status,
    /// What was found, or why nothing was.
    pub found: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            found: found.into(),
            help: None,
        }
    }

    fn failed(name: &'static str, status: Status, error: &SetupError) -> Self {
        Self {
            name,
            status,
            found: with_causes(error),
            help: Some(error.help()),
        }
    }

    fn path(name: &'static str, found: Result<impl AsRef<Path>, SetupError>) -> Self {
        match found {
            Ok(path) => Self::ok(name, path.as_ref().display().to_string()),
            Err(error) => Self::failed(name, Status::Missing, &error),
        }
    }
}

/// Looks for everything that a set-up needs. Changes nothing, except that the cache directory is
/// made.
#[must_use]
pub fn diagnose(request: &Request) -> Vec<Check> {
    let cache = Cache::new(&request.cache);
    let mut checks = compiler(request, &cache);
    let complete = checks.iter().all(|check| check.status == Status::Ok);
    checks.push(Check::path("c_compiler", parts::c_compiler()));
    match find(request) {
        Ok(toolchain) => {
            checks.push(Check::ok("bridge", toolchain.bridge.to_string()));
            let sysroot = toolchain.wasm_sysroot.display().to_string();
            checks.push(Check::ok("wasm_sysroot", sysroot));
        }
        Err(error) if error.is_refusal() => {
            checks.push(Check::failed("bridge", Status::Warning, &error));
            checks.push(Check {
                name: "wasm_sysroot",
                status: Status::Warning,
                found: "none is used: this rustc's bridge is refused".into(),
                help: None,
            });
        }
        Err(error) => checks.push(Check::failed("wasm_sysroot", Status::Warning, &error)),
    }
    checks.extend(directory(&cache));
    checks.push(match (debian::available(), complete) {
        (true, _) => Check::ok("apt", "apt-get, apt-cache, dpkg"),
        (false, true) => Check::ok("apt", "not here, and not needed"),
        (false, false) => Check {
            name: "apt",
            status: Status::Warning,
            found: "no apt-get: a compiler cannot be fetched from the distribution".into(),
            help: None,
        },
    });
    checks.push(Check::ok("cpu", cpu_features().join(" ")));
    checks
}

/// The compiler that would be used, why that one, and what belongs to it.
fn compiler(request: &Request, cache: &Cache) -> Vec<Check> {
    let program = request.rustc.as_deref().unwrap_or(Path::new(ACTIVE));
    let mut rustc = Rustc::probe(program, None);
    let mut reason = reason(request, rustc.as_ref().ok());
    let wanted = request.wasi_libc.as_deref();
    let lacking = rustc.as_ref().map(|rustc| Parts::find(rustc, wanted));
    let why_not = match &lacking {
        Ok(parts) => parts.as_ref().err(),
        Err(error) => Some(*error),
    };
    let replaced = why_not.filter(|error| may_be_replaced(error, request, cache));
    let replaced = replaced.map(ToString::to_string);
    // Set-up's own choice: the distribution's, where the active one is not complete.
    let mut incomplete = None;
    if let Some(why_not) = replaced {
        if let Some(prefix) = debian::newest_prefix(cache) {
            reason.found =
                format!("the distribution's packages, in a private directory: {why_not}");
            rustc = Rustc::probe(&prefix, None);
        } else if debian::available() {
            // The set-up will fetch one, so nothing is missing for good.
            incomplete = Some("`pm-aot setup` fetches the distribution's compiler instead");
        }
    }
    let mut checks = vec![reason];
    match &rustc {
        Ok(rustc) => {
            checks.extend([
                Check::ok("rustc", rustc.program.display().to_string()),
                Check::ok("rustc_version", rustc.version.line.clone()),
                Check::path("cargo", rustc.cargo()),
                Check::ok("sysroot", rustc.sysroot.display().to_string()),
            ]);
            checks.extend(parts_of(rustc, wanted));
        }
        Err(error) => checks.push(Check::failed("rustc", Status::Missing, error)),
    }
    if let Some(instead) = incomplete {
        for check in checks
            .iter_mut()
            .filter(|check| check.status == Status::Missing)
        {
            check.status = Status::Warning;
            let help = check
                .help
                .take()
                .map(|help| format!("{help}; else {instead}"));
            check.help = Some(help.unwrap_or_else(|| instead.into()));
        }
    }
    checks
}

/// Each part of a compiler. The help for one that is missing is the command that adds all of them.
fn parts_of(rustc: &Rustc, wanted: Option<&Path>) -> Vec<Check> {
    let help = Parts::find(rustc, wanted).err().map(|error| error.help());
    let check = |name, part, found: Result<Option<PathBuf>, SetupError>| {
        let found = found.and_then(|found| found.ok_or_else(|| rustc.incomplete(vec![part])));
        let mut check = Check::path(name, found);
        if check.status != Status::Ok {
            check.help.clone_from(&help);
        }
        check
    };
    vec![
        check("library_sources", Part::Sources, Ok(rustc.sources())),
        check("wasi_libc", Part::Libc, parts::libc(rustc, wanted)),
        check("linker", Part::Linker, Ok(parts::linker(rustc))),
    ]
}

/// The toolchain, and why it is this one.
fn reason(request: &Request, rustc: Option<&Rustc>) -> Check {
    let found = match (&request.rustc, rustup::active(Path::new(ACTIVE), None)) {
        (Some(_), _) => "the rustc that was asked for (--rustc, PM_AOT_RUSTC)".into(),
        (None, Some(active)) => described(&active),
        (None, None) => match rustc.map(Origin::of) {
            Some(Origin::Package { .. }) => "the distribution's, on PATH".into(),
            Some(_) => "the one on PATH".into(),
            None => "none".into(),
        },
    };
    Check::ok("toolchain", found)
}

/// rustup's choice and its reason.
fn described(Active { name, reason }: &Active) -> String {
    match &**reason {
        "default" => format!("rustup's {name}, its default"),
        "" => format!("rustup's {name}"),
        reason => format!("rustup's {name}, {reason}"),
    }
}

/// The cache directory: can it be written to, and is there space?
fn directory(cache: &Cache) -> Vec<Check> {
    let path = cache.root().display().to_string();
    if let Err(error) = cache.writable() {
        return vec![Check::failed("cache", Status::Missing, &error)];
    }
    let space = match cache.available_space() {
        Ok(free) => {
            let found = format!("{} MB free", free / 1_000_000);
            let needed = debian::BUILD_SPACE;
            let status = if free < needed {
                Status::Warning
            } else {
                Status::Ok
            };
            let error = SetupError::NoSpace {
                path: cache.root().into(),
                needed,
                available: free,
            };
            let help = (free < needed).then(|| error.help());
            Check {
                name: "cache_space",
                status,
                found,
                help,
            }
        }
        Err(error) => Check::failed("cache_space", Status::Warning, &error),
    };
    vec![Check::ok("cache", path), space]
}

/// The features of this machine that compiled macros may use.
fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    macro_rules! have {
        ($($name:tt)*) => { [$(($name, std::arch::is_x86_feature_detected!($name))),*] };
    }
    #[cfg(target_arch = "x86_64")]
    let features =
        have!("sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "fma" "bmi1" "bmi2" "lzcnt");
    #[cfg(target_arch = "aarch64")]
    macro_rules! have {
        ($($name:tt)*) => { [$(($name, std::arch::is_aarch64_feature_detected!($name))),*] };
    }
    #[cfg(target_arch = "aarch64")]
    let features = have!("lse" "paca" "fp16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let features: [(&str, bool); 0] = [];
    let mut names = vec![std::env::consts::ARCH];
    names.extend(
        features
            .iter()
            .filter(|(_, have)| *have)
            .map(|(name, _)| *name),
    );
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PanicStrategy;

    fn request(cache: &Path, rustc: &str) -> Request {
        Request {
            rustc: Some(rustc.into()),
            wasi_libc: None,
            panic: PanicStrategy::Unwind,
            cache: cache.to_owned(),
            offline: true,
            install: false,
        }
    }

    #[test]
    fn rustups_choice_has_its_reason() {
        for (reason, expect) in [
            ("default", "rustup's x, its default"),
            ("", "rustup's x"),
            ("overridden by '/f'", "rustup's x, overridden by '/f'"),
        ] {
            let active = Active {
                name: "x".into(),
                reason: reason.into(),
            };
            assert_eq!(described(&active), expect);
        }
    }

    #[test]
    fn a_missing_rustc_is_named_with_help() {
        let cache = tempfile::tempdir().unwrap();
        let checks = diagnose(&request(cache.path(), "/nonexistent/rustc"));
        let rustc = checks.iter().find(|check| check.name == "rustc").unwrap();
        assert_eq!(rustc.status, Status::Missing);
        assert!(
            rustc.found.contains("/nonexistent/rustc"),
            "{}",
            rustc.found
        );
        assert!(rustc.help.as_ref().unwrap().contains("--rustc PATH"));
        let cache = checks.iter().find(|check| check.name == "cache").unwrap();
        assert_eq!(cache.status, Status::Ok);
    }

    #[test]
    fn a_cache_that_is_a_file_is_missing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let checks = directory(&Cache::new(file.path()));
        assert_eq!(checks.len(), 1);
        assert_eq!(checks[0].status, Status::Missing);
    }
}
