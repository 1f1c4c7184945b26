//! The command that mends what is missing.

use std::io;
use std::path::Path;

use crate::SetupError;

const WRITABLE: &str = "set PM_AOT_CACHE to a directory that you may write to";
const SPACE: &str = "free some space, or set PM_AOT_CACHE to a directory on a larger disk";

impl SetupError {
    /// What to do about it, as one line for people, with the command to run.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoCacheDir => WRITABLE.into(),
            Self::Cache { source, .. } | Self::Io(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SPACE.into(),
                _ => WRITABLE.into(),
            },
            Self::NoSpace { .. } => SPACE.into(),
            Self::NotUtf8 { .. } => "use a path of plain characters (PM_AOT_CACHE, --rustc)".into(),
            Self::NoRustc { .. } | Self::BadRustc { .. } => {
                "give the path of a working rustc: `pm-aot setup --rustc PATH`".into()
            }
            Self::TooOld { .. } => {
                "run `rustup update`, or give a newer one with `--rustc PATH`".into()
            }
            Self::NoSources { sysroot, .. } => match rustup_toolchain(sysroot) {
                Some(name) => format!("run `rustup component add rust-src --toolchain {name}`"),
                None => {
                    "install the package with its sources (Debian: `apt-get install rust-web-src` \
                         or `rust-src`, whichever rustc is from)"
                        .into()
                }
            },
            Self::NoCargo { .. } => "put that toolchain's cargo beside its rustc".into(),
            Self::NoLibc { sysroot } => match rustup_toolchain(sysroot) {
                Some(name) => format!("run `rustup target add wasm32-wasip1 --toolchain {name}`"),
                None => {
                    "run `apt-get install wasi-libc`, or set PM_AOT_WASI_LIBC to the folder that \
                         contains `libc.a` and `crt1-reactor.o`"
                        .into()
                }
            },
            Self::BadLibc { .. } => {
                "set PM_AOT_WASI_LIBC to a wasi-libc's `lib/wasm32-wasip1` folder, or unset it"
                    .into()
            }
            Self::NoLinker { .. } => "run `apt-get install lld`, or put `wasm-ld` on PATH".into(),
            Self::NoCompiler => "run `apt-get install gcc libc6-dev`, or put `cc` on PATH".into(),
            Self::NothingFits { active } => active.help(),
            Self::Offline { active } => {
                format!("allow downloads, or {}", active.help())
            }
            Self::NoPackages { .. } => {
                "run `apt-get update` as root; if that changes nothing, give a newer rustc with \
                 `pm-aot setup --rustc PATH`"
                    .into()
            }
            Self::Update { .. } => "run `sudo apt-get update`, then `pm-aot setup` again".into(),
            Self::Download { detail } | Self::Unpack { detail, .. } | Self::Library { detail }
                if detail.contains("No space left") =>
            {
                SPACE.into()
            }
            Self::Download { .. } => {
                "check the network (and apt's proxy settings), then run `pm-aot setup` again".into()
            }
            Self::Unpack { .. } => {
                "run `pm-aot setup` again: the package is downloaded anew".into()
            }
            Self::NotSetUp { .. } => "run `pm-aot setup`".into(),
            Self::Sources { .. } => {
                "use a released rustc; 1.96 is known to work (`pm-aot setup --rustc PATH`)".into()
            }
            Self::Library { .. } => {
                "see the messages above; `pm-aot doctor` checks what the build needs".into()
            }
            Self::Program { program, .. } => format!("install `{program}`, or put it on PATH"),
        }
    }
}

/// The name of the rustup toolchain that a sysroot is.
pub(crate) fn rustup_toolchain(sysroot: &Path) -> Option<&str> {
    let parent = sysroot.parent()?;
    (parent.file_name()? == "toolchains")
        .then(|| sysroot.file_name()?.to_str())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn io(kind: io::ErrorKind) -> io::Error {
        io::Error::new(kind, "why")
    }

    fn check(error: SetupError, text: &str, help: &str) {
        assert_eq!(error.to_string(), text);
        assert!(error.help().contains(help), "{}: {}", error, error.help());
    }

    #[test]
    fn the_cache() {
        check(
            SetupError::NoCacheDir,
            "no cache directory is known for this user",
            "PM_AOT_CACHE",
        );
        let cache = |kind| SetupError::Cache {
            path: "/c".into(),
            source: io(kind),
        };
        let text = "the cache directory `/c` cannot be used";
        check(
            cache(io::ErrorKind::PermissionDenied),
            text,
            "set PM_AOT_CACHE to a directory that",
        );
        check(cache(io::ErrorKind::StorageFull), text, "free some space");
        check(
            SetupError::NoSpace {
                path: "/c".into(),
                needed: 1_500_000_000,
                available: 20_000_000,
            },
            "`/c` has 20 MB free, and 1500 MB are needed",
            "free some space",
        );
        check(
            SetupError::Io(io(io::ErrorKind::QuotaExceeded)),
            "a file of the set-up could not be read or written",
            "free some space",
        );
        check(
            SetupError::NotUtf8 { path: "/c".into() },
            "the path `/c` is not valid UTF-8",
            "plain characters",
        );
    }

    #[test]
    fn the_compiler() {
        let program = || PathBuf::from("/x/rustc");
        check(
            SetupError::NoRustc {
                program: program(),
                source: io(io::ErrorKind::NotFound),
            },
            "`/x/rustc` cannot be started",
            "pm-aot setup --rustc PATH",
        );
        check(
            SetupError::BadRustc {
                program: program(),
                detail: "`-vV` printed \"\"".into(),
            },
            "`/x/rustc` does not answer as rustc does: `-vV` printed \"\"",
            "pm-aot setup --rustc PATH",
        );
        check(
            SetupError::TooOld {
                program: program(),
                release: "1.63.0".into(),
            },
            "`/x/rustc` is rustc 1.63.0, and 1.95 is the oldest that will do",
            "rustup update",
        );
        check(
            SetupError::NoCargo {
                sysroot: "/usr".into(),
            },
            "there is no cargo for the rustc in `/usr`",
            "beside its rustc",
        );
        check(
            SetupError::NotSetUp {
                release: "1.96.0".into(),
            },
            "the toolchain for rustc 1.96.0 has not been set up yet",
            "run `pm-aot setup`",
        );
    }

    #[test]
    fn what_goes_with_the_compiler() {
        let rustup = || PathBuf::from("/home/u/.rustup/toolchains/stable-x86_64");
        let sources = |sysroot| SetupError::NoSources {
            sysroot,
            release: "1.96.0".into(),
        };
        check(
            sources(rustup()),
            "rustc 1.96.0 in `/home/u/.rustup/toolchains/stable-x86_64` has no library sources",
            "run `rustup component add rust-src --toolchain stable-x86_64`",
        );
        assert!(
            sources("/usr".into())
                .help()
                .contains("apt-get install rust-web-src")
        );
        let libc = |sysroot| SetupError::NoLibc { sysroot };
        let help = "run `rustup target add wasm32-wasip1 --toolchain stable-x86_64`";
        assert_eq!(libc(rustup()).help(), help);
        check(
            libc("/usr".into()),
            "no wasi-libc (`libc.a` and `crt1-reactor.o`) for the rustc in `/usr`",
            "apt-get install wasi-libc",
        );
        check(
            SetupError::BadLibc { path: "/l".into() },
            "`/l` does not contain `libc.a` and `crt1-reactor.o`",
            "PM_AOT_WASI_LIBC",
        );
        check(
            SetupError::NoLinker {
                sysroot: "/usr".into(),
            },
            "no linker for wasm (`rust-lld` or `wasm-ld`) for the rustc in `/usr`",
            "apt-get install lld",
        );
        check(
            SetupError::NoCompiler,
            "there is no C compiler (`cc`), which rustc links build scripts with",
            "apt-get install gcc libc6-dev",
        );
    }

    #[test]
    fn the_distribution() {
        let active = || {
            let sysroot = "/r/toolchains/stable".into();
            Box::new(SetupError::NoSources {
                sysroot,
                release: "1.96.0".into(),
            })
        };
        check(
            SetupError::NothingFits { active: active() },
            "no toolchain here can compile macros to wasm, and there is no apt-get to fetch one",
            "rustup component add rust-src --toolchain stable",
        );
        check(
            SetupError::Offline { active: active() },
            "no toolchain here can compile macros to wasm, and downloading one is not allowed",
            "allow downloads, or run `rustup component add",
        );
        check(
            SetupError::NoPackages {
                newest: Some("1.63.0".into()),
            },
            "the package lists have no rustc of 1.95 or later with cargo and its sources \
             (the newest is 1.63.0)",
            "apt-get update",
        );
        check(
            SetupError::Update {
                detail: "E: denied".into(),
            },
            "the package lists are missing or out of date, and `apt-get update` failed: E: denied",
            "sudo apt-get update",
        );
        let download = |detail: &str| SetupError::Download {
            detail: detail.into(),
        };
        let text = "`apt-get download` failed: E: no route";
        check(download("E: no route"), text, "check the network");
        let text = "`apt-get download` failed: No space left on device";
        check(download("No space left on device"), text, "free some space");
        check(
            SetupError::Unpack {
                package: "/d/x.deb".into(),
                detail: "bad".into(),
            },
            "the package `/d/x.deb` cannot be unpacked: bad",
            "run `pm-aot setup` again",
        );
    }

    #[test]
    fn the_library() {
        check(
            SetupError::Library {
                detail: "error: x".into(),
            },
            "the standard library could not be built for wasm:\nerror: x",
            "pm-aot doctor",
        );
        check(
            SetupError::Sources {
                path: "/s/Cargo.toml".into(),
                detail: "no table".into(),
            },
            "`/s/Cargo.toml` is not as expected: no table",
            "1.96 is known to work",
        );
    }

    #[test]
    fn rustup_toolchains_have_names() {
        assert_eq!(
            rustup_toolchain(Path::new("/h/toolchains/nightly")),
            Some("nightly")
        );
        assert_eq!(rustup_toolchain(Path::new("/usr")), None);
    }
}
