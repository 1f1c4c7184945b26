//! Which packages a private prefix needs.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::apt::{Apt, installed};
use super::choose::Family;
use crate::SetupError;

/// Never taken into a prefix: a C compiler has to be installed anyhow (and was looked for), and
/// the system's libc is the one that programs of the same distribution fit.
const OF_THE_SYSTEM: [&str; 5] = ["binutils", "gcc", "libc-dev", "libc6", "libc6-dev"];

/// The packages of a compiler, a linker of the same LLVM and a wasi-libc, and those of their
/// dependencies that are not installed.
pub(super) fn missing(apt: &Apt, family: &Family) -> Result<Vec<String>, SetupError> {
    let mut roots = vec![
        family.rustc.name.clone(),
        family.cargo.clone(),
        family.sources.clone(),
    ];
    let graph = Graph::parse(&apt.depends(&roots)?);
    roots.push(
        graph
            .llvm()
            .map_or("lld".into(), |llvm| format!("lld-{llvm}")),
    );
    roots.push("wasi-libc".into());
    let graph = Graph::parse(&apt.depends(&roots)?);
    Ok(graph.closure(&roots, &installed()?))
}

/// Packages, and for each what it depends on: for each dependency the packages that satisfy it.
#[derive(Debug, Default)]
struct Graph(HashMap<String, Vec<Vec<String>>>);

impl Graph {
    /// Reads what `apt-cache depends --recurse` prints.
    fn parse(text: &str) -> Self {
        let mut graph = Self::default();
        let mut package = String::new();
        // A line that begins with a bar is continued by the next dependency, as its alternative.
        let mut or = false;
        for line in text.lines() {
            let dependencies = graph.0.entry(package.clone()).or_default();
            if !line.starts_with(' ') {
                package = line.to_owned();
                graph.0.entry(package.clone()).or_default();
                or = false;
            } else if let Some(provider) = line.strip_prefix("    ") {
                if let Some(last) = dependencies.last_mut() {
                    last.push(provider.trim().to_owned());
                }
            } else if let Some((relation, name)) = line.split_once("Depends: ") {
                let name = name.trim_matches(['<', '>']).to_owned();
                match dependencies.last_mut() {
                    Some(last) if or => last.push(name),
                    _ => dependencies.push(vec![name]),
                }
                or = relation.trim_start().starts_with('|');
            }
        }
        graph
    }

    /// The newest LLVM among the packages.
    fn llvm(&self) -> Option<u32> {
        self.0
            .keys()
            .filter_map(|name| name.strip_prefix("libllvm")?.parse().ok())
            .max()
    }

    /// The roots that there are, and all that they need and is not installed.
    fn closure(&self, roots: &[String], installed: &HashSet<String>) -> Vec<String> {
        let mut taken = BTreeSet::new();
        let mut open: Vec<&String> = roots.iter().collect();
        while let Some(name) = open.pop() {
            let Some(dependencies) = self.0.get(name) else {
                continue;
            };
            if !taken.insert(name.clone()) {
                continue;
            }
            for alternatives in dependencies {
                let satisfied = |name: &&String| {
                    // rustc finds its libraries beside itself, so it needs its own.
                    let own = name.starts_with("libstd-rust");
                    OF_THE_SYSTEM.contains(&name.as_str()) || (!own && installed.contains(*name))
                };
                if !alternatives.iter().any(|name| satisfied(&name)) {
                    open.extend(alternatives.iter().find(|name| self.0.contains_key(*name)));
                }
            }
        }
        taken.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPENDS: &str = "rustc-web
  Depends: libc6
  Depends: libstd-rust-web-dev
  Depends: gcc
  Depends: <libc-dev>
    libc6-dev
cargo-web
  Depends: libgit2-1.5
  Depends: rustc-web
 |Depends: gcc
 |Depends: clang
  Depends: <c-compiler>
    tcc
rust-web-src
libstd-rust-web-dev
  Depends: libstd-rust-web-1.96
libstd-rust-web-1.96
  Depends: libllvm22
  PreDepends: zlib1g
libllvm22
  Depends: libz3-4
 |Depends: libedit2
  Depends: libedit3
libllvm9
libz3-4
  Depends: libc6
libedit2
libedit3
libgit2-1.5
  Depends: zlib1g
zlib1g
clang
tcc
gcc
";

    fn closure(installed: &[&str]) -> Vec<String> {
        let roots = ["cargo-web", "rust-web-src", "wasi-libc"].map(str::to_owned);
        let installed = installed.iter().map(|name| (*name).to_owned()).collect();
        Graph::parse(DEPENDS).closure(&roots, &installed)
    }

    #[test]
    fn takes_what_is_not_installed() {
        let all = [
            "cargo-web",
            "libedit2",
            "libgit2-1.5",
            "libllvm22",
            "libstd-rust-web-1.96",
            "libstd-rust-web-dev",
            "libz3-4",
            "rust-web-src",
            "rustc-web",
            "zlib1g",
        ];
        assert_eq!(closure(&[]), all);
        // An alternative satisfies, and the compiler's own libraries are taken all the same.
        let installed = [
            "libedit3",
            "zlib1g",
            "libz3-4",
            "libstd-rust-web-1.96",
            "cargo-web",
        ];
        let rest = [
            "cargo-web",
            "libgit2-1.5",
            "libllvm22",
            "libstd-rust-web-1.96",
            "libstd-rust-web-dev",
            "rust-web-src",
            "rustc-web",
        ];
        assert_eq!(closure(&installed), rest);
    }

    #[test]
    fn knows_the_llvm() {
        assert_eq!(Graph::parse(DEPENDS).llvm(), Some(22));
        assert_eq!(Graph::parse("rustc\n").llvm(), None);
    }

    #[test]
    fn reads_alternatives_as_one_dependency() {
        let graph = Graph::parse(DEPENDS);
        let cargo = &graph.0["cargo-web"];
        assert_eq!(cargo.len(), 3);
        assert_eq!(cargo[2], ["gcc", "clang", "c-compiler", "tcc"]);
    }
}
