//! The origin of a rustc, which decides how missing parts are added.

use std::fmt;
use std::path::Path;

use crate::rustc::Rustc;
use crate::spec;

/// A file that only a toolchain installed by rustup has.
pub(crate) const MANIFEST: &str = "lib/rustlib/multirust-channel-manifest.toml";

/// The folder in which dpkg keeps a file for each installed package.
const INSTALLED: &str = "/var/lib/dpkg/info";

/// Something that belongs to a compiler and may be installed apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The standard library's sources.
    Sources,
    /// A wasi-libc.
    Libc,
    /// A linker for wasm.
    Linker,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sources => "library sources",
            Self::Libc => "wasi-libc (`libc.a` and `crt1-reactor.o`)",
            Self::Linker => "linker for wasm (`rust-lld` or `wasm-ld`)",
        })
    }
}

/// Parts as a sentence has them: "library sources, no wasi-libc".
pub(crate) fn none_of(parts: &[Part]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("no {part}")).collect();
    parts.join(" and ")
}

/// The origin of a rustc.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A toolchain that rustup has installed, by its name.
    Rustup(String),
    /// A package of Debian or one of its relatives.
    Package {
        /// The package with the library's sources.
        sources: String,
        /// rustc's LLVM.
        llvm: Option<u32>,
    },
    /// Somewhere else: a toolchain that was linked or given by its path.
    Other,
}

impl Origin {
    pub(crate) fn of(rustc: &Rustc) -> Self {
        Self::of_sysroot(&rustc.sysroot, rustc.version.llvm, Path::new(INSTALLED))
    }

    fn of_sysroot(sysroot: &Path, llvm: Option<u32>, installed: &Path) -> Self {
        if sysroot.join(MANIFEST).is_file()
            && let Some(name) = rustup_toolchain(sysroot)
        {
            return Self::Rustup(name.to_owned());
        }
        // Ubuntu has one for each version, in `/usr/lib/rust-1.89`.
        let versioned = sysroot.strip_prefix("/usr/lib").ok();
        let versioned = versioned.and_then(|name| name.to_str()?.strip_prefix("rust-"));
        if let Some(version) = versioned {
            let sources = format!("rust-{version}-src");
            return Self::Package { sources, llvm };
        }
        if sysroot != Path::new("/usr") {
            return Self::Other;
        }
        let names = [("rustc", "rust-src"), ("rustc-web", "rust-web-src")];
        let sources = names
            .into_iter()
            .find(|(rustc, _)| installed.join(format!("{rustc}.list")).is_file());
        sources.map_or(Self::Other, |(_, sources)| Self::Package {
            sources: sources.into(),
            llvm,
        })
    }

    /// The commands that add parts, if this user can run them and they do nothing else.
    pub(crate) fn commands(&self, missing: &[Part]) -> Vec<Vec<String>> {
        let Self::Rustup(name) = self else {
            return Vec::new();
        };
        let commands = missing.iter().filter_map(|part| match part {
            Part::Sources => Some(["component", "add", "rust-src"]),
            Part::Libc => Some(["target", "add", spec::TARGET]),
            // It's in each toolchain that has rustc.
            Part::Linker => None,
        });
        let with_name = commands.map(|command| {
            let words = ["rustup"].into_iter().chain(command);
            let words = words.chain(["--toolchain", name]);
            words.map(str::to_owned).collect()
        });
        with_name.collect()
    }

    /// The advice on missing parts, with one command to run where there is one.
    pub(crate) fn help(&self, missing: &[Part], sysroot: &Path) -> String {
        let commands = self.commands(missing);
        if !commands.is_empty() {
            return format!("run `{}`", joined(&commands));
        }
        if let Self::Package { sources, llvm } = self {
            let lld = llvm.map_or_else(|| "lld".into(), |llvm| format!("lld-{llvm}"));
            let packages: Vec<&str> = missing
                .iter()
                .map(|part| match part {
                    Part::Sources => sources,
                    Part::Libc => "wasi-libc",
                    Part::Linker => &*lld,
                })
                .collect();
            return format!("run `apt-get install {}` as root", packages.join(" "));
        }
        let each = missing.iter().map(|part| match part {
            Part::Sources => format!(
                "put that rustc's sources where `{}` is then found",
                sysroot
                    .join("lib/rustlib/src/rust/library/std/Cargo.toml")
                    .display()
            ),
            Part::Libc => "set PM_AOT_WASI_LIBC to the folder that contains `libc.a` and \
                 `crt1-reactor.o` (Debian: package `wasi-libc`)"
                .into(),
            Part::Linker => "put `wasm-ld` on PATH (Debian: package `lld`)".into(),
        });
        each.collect::<Vec<_>>().join(", and ")
    }
}

/// Commands as one line.
pub(crate) fn joined(commands: &[Vec<String>]) -> String {
    let lines: Vec<String> = commands.iter().map(|words| words.join(" ")).collect();
    lines.join(" && ")
}

/// The name of the rustup toolchain that a sysroot is.
fn rustup_toolchain(sysroot: &Path) -> Option<&str> {
    let parent = sysroot.parent()?;
    (parent.file_name()? == "toolchains")
        .then(|| sysroot.file_name()?.to_str())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Part; 3] = [Part::Sources, Part::Libc, Part::Linker];

    #[test]
    fn a_place_tells_where_a_compiler_is_from() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("toolchains");
        let stable = home.join("stable");
        fs_err::create_dir_all(stable.join("lib/rustlib")).unwrap();
        let origin = |sysroot: &Path| Origin::of_sysroot(sysroot, Some(22), folder.path());
        // A linked toolchain has no components that rustup knows.
        assert_eq!(origin(&stable), Origin::Other);
        fs_err::write(stable.join(MANIFEST), "").unwrap();
        assert_eq!(origin(&stable), Origin::Rustup("stable".into()));

        let package = |sources: &str| Origin::Package {
            sources: sources.into(),
            llvm: Some(22),
        };
        let versioned = Path::new("/usr/lib/rust-1.89");
        assert_eq!(origin(versioned), package("rust-1.89-src"));
        let usr = Path::new("/usr");
        assert_eq!(origin(usr), Origin::Other);
        fs_err::write(folder.path().join("rustc-web.list"), "").unwrap();
        assert_eq!(origin(usr), package("rust-web-src"));
        fs_err::write(folder.path().join("rustc.list"), "").unwrap();
        assert_eq!(origin(usr), package("rust-src"));
        assert_eq!(origin(Path::new("/opt/rust")), Origin::Other);
    }

    #[test]
    fn one_line_adds_what_is_missing() {
        let rustup = Origin::Rustup("X".into());
        let package = Origin::Package {
            sources: "rust-src".into(),
            llvm: Some(22),
        };
        let sources = "rustup component add rust-src --toolchain X";
        let libc = "rustup target add wasm32-wasip1 --toolchain X";
        for (origin, missing, expect) in [
            (&rustup, &ALL[..1], format!("run `{sources}`")),
            (&rustup, &ALL[1..2], format!("run `{libc}`")),
            (&rustup, &ALL[..2], format!("run `{sources} && {libc}`")),
            (
                &rustup,
                &ALL[2..],
                "put `wasm-ld` on PATH (Debian: package `lld`)".into(),
            ),
            (
                &package,
                &ALL[..1],
                "run `apt-get install rust-src` as root".into(),
            ),
            (
                &package,
                &ALL[..],
                "run `apt-get install rust-src wasi-libc lld-22` as root".into(),
            ),
        ] {
            assert_eq!(origin.help(missing, Path::new("/x")), expect);
        }
        let other = Origin::Other.help(&ALL, Path::new("/x"));
        assert!(other.contains("/x/lib/rustlib/src/rust/library"), "{other}");
        assert!(other.contains("PM_AOT_WASI_LIBC"), "{other}");
        assert_eq!(Origin::Other.commands(&ALL), Vec::<Vec<String>>::new());
        assert_eq!(
            none_of(&ALL[..2]),
            "no library sources and no wasi-libc (`libc.a` and `crt1-reactor.o`)"
        );
    }
}
