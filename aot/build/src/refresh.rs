//! Makes cargo compile again what it compiled without our wrapper.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::Metadata;

use crate::artifact::Artifact;
use crate::cargo::Cargo;
use crate::store::Store;
use crate::workspace::Workspace;
use crate::{BuildError, Event};

/// Removes what cargo made of `macros`, and of the packages below them, as far as there is no
/// record of it, so that cargo's next run compiles it again.
pub(crate) fn make_stale(
    cargo: &Cargo<'_>,
    workspace: &Workspace,
    store: &Store,
    macros: &[&Artifact],
    artifacts: &[Artifact],
) -> Result<(), BuildError> {
    let roots: BTreeSet<&str> = macros
        .iter()
        .map(|artifact| &*artifact.package_id)
        .collect();
    let dependencies = dependencies(cargo)?;
    let below = below(&roots, &dependencies);
    let stale: BTreeMap<&str, &Artifact> = artifacts
        .iter()
        .filter(|artifact| below.contains(&*artifact.package_id))
        .filter(|artifact| artifact.unit(store).is_none())
        .map(|artifact| (&*artifact.package_id, artifact))
        .collect();
    let packages: Vec<String> = stale
        .values()
        .map(|artifact| {
            let (name, version) = artifact.name_and_version();
            format!("{name} {version}")
        })
        .collect();
    (cargo.options.report)(Event::Refreshing {
        packages: &packages,
    });
    let status = cargo.clean(workspace, stale.into_keys())?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Clean {
            packages: packages.join(", "),
            status,
        })
    }
}

/// What each package depends on, under the user's features and on this host.
fn dependencies(cargo: &Cargo<'_>) -> Result<BTreeMap<String, Vec<String>>, BuildError> {
    let mut arguments = cargo.arguments.features.clone();
    arguments.extend([
        "--filter-platform".into(),
        cargo.toolchain.host.clone().into(),
    ]);
    let metadata: Option<Metadata> = cargo.metadata(&arguments)?;
    let nodes = metadata
        .and_then(|metadata| metadata.resolve)
        .map(|resolve| resolve.nodes);
    let nodes = nodes.unwrap_or_default().into_iter();
    Ok(nodes
        .map(|node| {
            (
                node.id.repr,
                node.dependencies.into_iter().map(|id| id.repr).collect(),
            )
        })
        .collect())
}

/// `roots` and everything that they depend on.
fn below<'a>(
    roots: &BTreeSet<&'a str>,
    dependencies: &'a BTreeMap<String, Vec<String>>,
) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = roots.iter().copied().collect();
    while let Some(package) = open.pop() {
        if found.insert(package) {
            open.extend(
                dependencies
                    .get(package)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_below_the_macros() {
        let dependencies = [("a", "b c"), ("b", "c"), ("c", ""), ("d", "a")];
        let dependencies = dependencies.map(|(package, on)| {
            (
                package.to_owned(),
                on.split(' ').map(str::to_owned).collect(),
            )
        });
        let dependencies = dependencies.into();
        let check = |root: &str, expect: &str| {
            let found: Vec<_> = below(&[root].into(), &dependencies).into_iter().collect();
            assert_eq!(found.join(" ").trim(), expect);
        };
        check("a", "a b c");
        check("c", "c");
        check("unknown", "unknown");
    }
}
