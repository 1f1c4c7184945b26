//! The package that a file belongs to: what cargo would tell rustc of it.

use crate::shell::Shell;
use cargo_metadata::{MetadataCommand, Target};
use pm_expand::CfgSet;
use pm_server::Edition;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The package of a file.
#[derive(Debug)]
pub(super) struct Package {
    variables: Vec<(String, String)>,
    features: BTreeSet<String>,
    edition: Option<Edition>,
    workspace: PathBuf,
}

impl Package {
    /// The package whose `Cargo.toml` is nearest above the file, if there is one.
    pub(super) fn of(file: &Path, shell: &Shell) -> Option<Package> {
        let file = fs_err::canonicalize(file).ok()?;
        let manifest = file
            .ancestors()
            .map(|above| above.join("Cargo.toml"))
            .find(|path| path.is_file())?;
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .no_deps()
            .exec();
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) => {
                shell.warn(format_args!(
                    "the macros get no CARGO_* variables: `cargo metadata` failed for `{}`: {}",
                    manifest.display(),
                    error.to_string().trim_end()
                ));
                return None;
            }
        };
        let package = metadata
            .packages
            .iter()
            .find(|known| known.manifest_path == manifest)?;
        let target = target_of(package, &file)?;
        Some(Package {
            variables: variables(package, target),
            features: default_features(package),
            edition: target.edition.as_str().parse().ok(),
            workspace: metadata.workspace_root.as_std_path().to_owned(),
        })
    }

    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The default features and what they switch on in the package.
    pub(super) fn features(&self) -> Vec<String> {
        self.features.iter().cloned().collect()
    }

    pub(super) fn edition(&self) -> Option<Edition> {
        self.edition
    }

    /// Where cargo runs rustc.
    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }
}

/// The target that a file is part of: the one whose root it is, else the one whose root lies
/// nearest above it, a library first.
fn target_of<'a>(package: &'a cargo_metadata::Package, file: &Path) -> Option<&'a Target> {
    let root = |target: &&Target| target.src_path == file;
    let depth = |target: &&Target| {
        let directory = target.src_path.parent();
        let above = directory.filter(|directory| file.starts_with(directory));
        (
            above.map_or(0, |directory| directory.as_str().len()),
            !target.is_bin(),
        )
    };
    let targets = || package.targets.iter();
    targets().find(root).or_else(|| targets().max_by_key(depth))
}

/// What cargo sets for a unit of the package: "Environment variables Cargo sets for crates" in its
/// book.
fn variables(package: &cargo_metadata::Package, target: &Target) -> Vec<(String, String)> {
    let version = &package.version;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let path = |value: &Option<cargo_metadata::camino::Utf8PathBuf>| {
        value.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let directory = package
        .manifest_path
        .parent()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut variables = vec![
        ("CARGO_MANIFEST_DIR", directory),
        ("CARGO_MANIFEST_PATH", package.manifest_path.to_string()),
        ("CARGO_PKG_NAME", package.name.to_string()),
        ("CARGO_PKG_VERSION", version.to_string()),
        ("CARGO_PKG_VERSION_MAJOR", version.major.to_string()),
        ("CARGO_PKG_VERSION_MINOR", version.minor.to_string()),
        ("CARGO_PKG_VERSION_PATCH", version.patch.to_string()),
        ("CARGO_PKG_VERSION_PRE", version.pre.to_string()),
        ("CARGO_PKG_AUTHORS", package.authors.join(":")),
        ("CARGO_PKG_DESCRIPTION", text(&package.description)),
        ("CARGO_PKG_HOMEPAGE", text(&package.homepage)),
        ("CARGO_PKG_REPOSITORY", text(&package.repository)),
        ("CARGO_PKG_LICENSE", text(&package.license)),
        ("CARGO_PKG_LICENSE_FILE", path(&package.license_file)),
        ("CARGO_PKG_README", path(&package.readme)),
        (
            "CARGO_PKG_RUST_VERSION",
            package
                .rust_version
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        ("CARGO_CRATE_NAME", target.name.replace('-', "_")),
        ("CARGO_PRIMARY_PACKAGE", "1".to_owned()),
    ];
    if target.is_bin() || target.is_example() {
        variables.push(("CARGO_BIN_NAME", target.name.clone()));
    }
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The features that are on where nothing is said of them.
fn default_features(package: &cargo_metadata::Package) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut left = vec!["default"];
    while let Some(feature) = left.pop() {
        if let Some(others) = package.features.get(feature)
            && on.insert(feature.to_owned())
        {
            left.extend(others.iter().map(String::as_str));
        }
    }
    on
}

/// The cfgs that rustc sets for this machine in a build for debugging.
pub(super) fn host_cfgs() -> CfgSet {
    use std::env::consts::{ARCH, FAMILY, OS};
    let width = usize::BITS;
    let endian = if cfg!(target_endian = "little") {
        "little"
    } else {
        "big"
    };
    let vendor = if cfg!(target_vendor = "apple") {
        "apple"
    } else {
        "unknown"
    };
    let env = if cfg!(target_env = "gnu") {
        "gnu"
    } else if cfg!(target_env = "musl") {
        "musl"
    } else {
        ""
    };
    CfgSet::parse(&format!(
        "debug_assertions\npanic=\"unwind\"\n{FAMILY}\ntarget_family=\"{FAMILY}\"\n\
         target_os=\"{OS}\"\ntarget_arch=\"{ARCH}\"\ntarget_pointer_width=\"{width}\"\n\
         target_endian=\"{endian}\"\ntarget_vendor=\"{vendor}\"\ntarget_env=\"{env}\"\n\
         target_has_atomic=\"8\"\ntarget_has_atomic=\"16\"\ntarget_has_atomic=\"32\"\n\
         target_has_atomic=\"{width}\"\ntarget_has_atomic=\"ptr\"\n"
    ))
}
