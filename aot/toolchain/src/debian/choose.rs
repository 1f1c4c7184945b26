//! Which of the distribution's Rust compilers to use.
//!
//! Debian has `rustc`, and in stable releases the newer `rustc-web` for browsers; Ubuntu has one
//! for each version, `rustc-1.89`. Each comes with a cargo and with its sources.

use std::collections::BTreeMap;

use super::apt::{Apt, Package};
use crate::SetupError;
use crate::version::{numbers, too_old};

/// The packages of one compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) rustc: Package,
    pub(super) cargo: String,
    pub(super) sources: String,
}

/// The newest complete compiler that the package lists have.
pub(super) fn newest(apt: &Apt) -> Result<Family, SetupError> {
    let candidates: Vec<[String; 3]> = apt
        .names("rustc")?
        .iter()
        .filter_map(|name| companions(name))
        .collect();
    let known = apt.show(&candidates.concat())?;
    let known = known
        .into_iter()
        .map(|package| (package.name.clone(), package))
        .collect();
    choose(candidates, &known)
}

/// The names of compiler, cargo and sources that belong together.
fn companions(rustc: &str) -> Option<[String; 3]> {
    let suffix = rustc.strip_prefix("rustc")?;
    if !suffix.is_empty() && !suffix.starts_with('-') {
        return None;
    }
    Some([
        rustc.to_owned(),
        format!("cargo{suffix}"),
        format!("rust{suffix}-src"),
    ])
}

/// The newest of the candidates that are complete.
fn choose(
    candidates: Vec<[String; 3]>,
    known: &BTreeMap<String, Package>,
) -> Result<Family, SetupError> {
    let complete = candidates
        .into_iter()
        .filter_map(|[rustc, cargo, sources]| {
            let rustc = known.get(&rustc)?.clone();
            let complete = known.contains_key(&cargo) && known.contains_key(&sources);
            complete.then_some(Family {
                rustc,
                cargo,
                sources,
            })
        });
    let newest = complete.max_by_key(|family| numbers(&family.rustc.version));
    match newest {
        Some(family) if !too_old(&family.rustc.version) => Ok(family),
        other => Err(SetupError::NoPackages {
            newest: other.map(|family| family.rustc.version),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(packages: &[(&str, &str)]) -> BTreeMap<String, Package> {
        let package = |&(name, version): &(&str, &str)| {
            let name = name.to_owned();
            (
                name.clone(),
                Package {
                    name,
                    version: version.into(),
                    size: 0,
                    installed_size: 0,
                },
            )
        };
        packages.iter().map(package).collect()
    }

    fn check(packages: &[(&str, &str)], expect: Result<&str, &str>) {
        let known = known(packages);
        let candidates = known.keys().filter_map(|name| companions(name)).collect();
        match (choose(candidates, &known), expect) {
            (Ok(family), Ok(name)) => assert_eq!(family.rustc.name, name),
            (Err(error), Err(text)) => assert!(error.to_string().ends_with(text), "{error}"),
            (result, expect) => panic!("{result:?} for {expect:?}"),
        }
    }

    #[test]
    fn the_newest_complete_compiler_is_chosen() {
        let old = [
            ("rustc", "1.63.0+dfsg1-2"),
            ("cargo", "0.66.0+ds1-1"),
            ("rust-src", "1.63.0"),
        ];
        let web = [
            ("rustc-web", "1.96.0+dfsg1-1~deb12u2"),
            ("cargo-web", "1.96.0"),
            ("rust-web-src", "1.96.0"),
        ];
        let ubuntu = [
            ("rustc-1.97", "1.97.0"),
            ("cargo-1.97", "1.97.0"),
            ("rust-1.97-src", "1.97.0"),
        ];
        check(&[old, web].concat(), Ok("rustc-web"));
        check(&[old, web, ubuntu].concat(), Ok("rustc-1.97"));
        // Without its sources it is no candidate.
        check(
            &[&old[..], &web[..], &ubuntu[..2]].concat(),
            Ok("rustc-web"),
        );
        check(&old, Err("(the newest is 1.63.0+dfsg1-2)"));
        check(&[], Err("with cargo and its sources"));
    }

    #[test]
    fn other_names_are_no_compilers() {
        assert_eq!(companions("rustc-web").unwrap()[2], "rust-web-src");
        assert_eq!(companions("rustc").unwrap()[1], "cargo");
        assert_eq!(companions("rustcat"), None);
    }
}
