//! The command that mends what is missing.

use std::io;

use crate::origin::joined;
use crate::version::OLDEST;
use crate::{SetupError, spec};

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
            Self::NotInstalled { .. } | Self::Incomplete { .. } => self.how_to_complete(),
            Self::Install { .. } => {
                "check the network (and RUSTUP_DIST_SERVER), then run `pm-aot setup --install` \
                 again"
                    .into()
            }
            Self::NoCargo { .. } => "put that toolchain's cargo beside its rustc".into(),
            Self::BadLibc { .. } => {
                "set PM_AOT_WASI_LIBC to a wasi-libc's `lib/wasm32-wasip1` folder, or unset it"
                    .into()
            }
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
            Self::Download { detail }
            | Self::Unpack { detail, .. }
            | Self::Library { detail }
            | Self::Runtime { detail, .. }
            | Self::Linker { detail, .. }
            | Self::Crates { detail }
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
            Self::Bridge(_) => {
                "use a rustc whose bridge is known (docs/COMPILERS.md), or a newer pm-aot".into()
            }
            Self::Refused { folder, .. } => format!(
                "use a rustc that is known (docs/COMPILERS.md), or a newer pm-aot. To check this one \
                 again, remove `{}`",
                folder.display()
            ),
            Self::Unchecked { .. } => {
                "mend that and run `pm-aot setup`, or use a rustc that is known \
                 (docs/COMPILERS.md)"
                    .into()
            }
            Self::NotSetUp { .. } => "run `pm-aot setup`".into(),
            Self::Sources { .. } => {
                format!(
                    "use a released rustc, of 1.{OLDEST} or later (`pm-aot setup --rustc PATH`)"
                )
            }
            Self::Crates { .. } => {
                "check the network and cargo's configuration, then run `pm-aot setup` again".into()
            }
            Self::Linker { llvm, .. } => {
                let of = llvm.map_or_else(String::new, |llvm| format!("-{llvm}"));
                format!(
                    "install the lld of rustc's LLVM: `apt-get install lld{of}`, or put \
                     `wasm-ld{of}` on PATH"
                )
            }
            Self::Library { .. } | Self::Runtime { .. } => {
                "see the messages above; `pm-aot doctor` checks what the build needs".into()
            }
            Self::Program { program, .. } => format!("install `{program}`, or put it on PATH"),
        }
    }
    /// The commands that add what is missing, where they need no privileges.
    pub(crate) fn commands(&self) -> Vec<Vec<String>> {
        match self {
            Self::NotInstalled { toolchain } => {
                let words = ["rustup", "toolchain", "install", toolchain];
                let parts = ["--component", "rust-src", "--target", spec::TARGET];
                let words = words.into_iter().chain(parts);
                vec![words.map(str::to_owned).collect()]
            }
            Self::Incomplete {
                missing, origin, ..
            } => origin.commands(missing),
            _ => Vec::new(),
        }
    }

    fn how_to_complete(&self) -> String {
        match self {
            Self::Incomplete {
                sysroot,
                missing,
                origin,
                ..
            } => origin.help(missing, sysroot),
            _ => format!("run `{}`", joined(&self.commands())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{Origin, Part};

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
            "`/x/rustc` is rustc 1.63.0, and 1.85 is the oldest that will do",
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
        let incomplete = SetupError::Incomplete {
            release: "1.96.0".into(),
            sysroot: "/r/toolchains/stable".into(),
            missing: vec![Part::Sources, Part::Libc],
            origin: Origin::Rustup("stable".into()),
        };
        assert_eq!(
            incomplete.commands(),
            [
                "rustup component add rust-src --toolchain stable",
                "rustup target add wasm32-wasip1 --toolchain stable"
            ]
            .map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        );
        check(
            incomplete,
            "rustc 1.96.0 in `/r/toolchains/stable` has no library sources and no wasi-libc \
             (`libc.a` and `crt1-reactor.o`)",
            "run `rustup component add rust-src --toolchain stable && rustup target add \
             wasm32-wasip1 --toolchain stable`",
        );
        check(
            SetupError::NotInstalled {
                toolchain: "1.90.0".into(),
            },
            "the toolchain `1.90.0`, which rustup chooses here, is not installed",
            "run `rustup toolchain install 1.90.0 --component rust-src --target wasm32-wasip1`",
        );
        check(
            SetupError::Install {
                command: "rustup target add x".into(),
                detail: "error: no route".into(),
            },
            "`rustup target add x` failed:\nerror: no route",
            "check the network",
        );
        check(
            SetupError::BadLibc { path: "/l".into() },
            "`/l` does not contain `libc.a` and `crt1-reactor.o`",
            "PM_AOT_WASI_LIBC",
        );
        check(
            SetupError::Linker {
                linker: "/usr/bin/wasm-ld".into(),
                llvm: Some(22),
                detail: "wasm-ld: error".into(),
            },
            "`/usr/bin/wasm-ld` does not link a macro crate of this rustc:\nwasm-ld: error",
            "`apt-get install lld-22`",
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
            Box::new(SetupError::Incomplete {
                release: "1.96.0".into(),
                sysroot: "/r/toolchains/stable".into(),
                missing: vec![Part::Sources],
                origin: Origin::Rustup("stable".into()),
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
            "the package lists have no rustc of 1.85 or later with cargo and its sources \
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
            SetupError::Crates {
                detail: "error: no route".into(),
            },
            "the standard library's dependencies could not be fetched:\nerror: no route",
            "check the network",
        );
        check(
            SetupError::Runtime {
                name: "gaps.rs".into(),
                detail: "error: x".into(),
            },
            "`gaps.rs`, which macros are linked with, could not be compiled:\nerror: x",
            "pm-aot doctor",
        );
        check(
            SetupError::Sources {
                path: "/s/Cargo.toml".into(),
                detail: "no table".into(),
            },
            "`/s/Cargo.toml` is not as expected: no table",
            "use a released rustc, of 1.85 or later",
        );
    }
}
