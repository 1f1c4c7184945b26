//! What of a set-up is there and what is not, for `pm-aot doctor`.

use std::path::Path;

use serde::Serialize;

use crate::cache::Cache;
use crate::rustc::Rustc;
use crate::{Request, SetupError, debian, find, parts};

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
            found: error.to_string(),
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
    checks.push(match find(request) {
        Ok(toolchain) => Check::ok("wasm_sysroot", toolchain.wasm_sysroot.display().to_string()),
        Err(error) => Check::failed("wasm_sysroot", Status::Warning, &error),
    });
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

/// The compiler that would be used, and what belongs to it.
fn compiler(request: &Request, cache: &Cache) -> Vec<Check> {
    let active = request.rustc.as_deref().unwrap_or(Path::new("rustc"));
    let mut rustc = Rustc::probe(active, None);
    // What the set-up would do: the distribution's, where the active one is not complete.
    let complete = |rustc: &Rustc| {
        let libc = parts::libc(rustc, request.wasi_libc.as_deref());
        rustc.sources().is_ok() && libc.is_ok() && parts::linker(rustc).is_ok()
    };
    let mut incomplete = None;
    if request.rustc.is_none() && !rustc.as_ref().is_ok_and(complete) {
        if let Some(prefix) = debian::newest_prefix(cache) {
            rustc = Rustc::probe(&prefix, None);
        } else if debian::available() {
            // The set-up will fetch one, so nothing is missing for good.
            incomplete = Some("`pm-aot setup` fetches the distribution's compiler instead");
        }
    }
    let mut checks = match &rustc {
        Ok(rustc) => vec![
            Check::ok("rustc", rustc.program.display().to_string()),
            Check::ok("rustc_version", rustc.version.line.clone()),
            Check::path("cargo", rustc.cargo()),
            Check::ok("sysroot", rustc.sysroot.display().to_string()),
            Check::path("library_sources", rustc.sources()),
            Check::path(
                "wasi_libc",
                parts::libc(rustc, request.wasi_libc.as_deref()),
            ),
            Check::path("linker", parts::linker(rustc)),
        ],
        Err(error) => vec![Check::failed("rustc", Status::Missing, error)],
    };
    if let Some(instead) = incomplete {
        for check in checks
            .iter_mut()
            .filter(|check| check.status == Status::Missing)
        {
            check.status = Status::Warning;
            check.help = Some(instead.into());
        }
    }
    checks
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
