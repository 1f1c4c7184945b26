//! The bridge profile of a rustc, read from its own sources.
//!
//! The protocol between a procedural macro and rustc belongs to one version of rustc and is written
//! down nowhere but in its `library/proc_macro/src/bridge/`. [`read`] finds the [`Profile`] that
//! those sources have, and says how sure that is:
//!
//! - **Derived** are the methods (`with_api!`), the types of the messages (`rpc_encode_decode!`,
//!   `compound_traits!`), tags, the order of arguments, the encoding of `usize`, handles, and the
//!   types that lie in memory. They must be a profile's; otherwise a [`ProtocolError`] names the
//!   item and the first difference.
//! - **Compared** with known releases are the items that say so, and those that encode primitives
//!   and run a macro, by the digests of their tokens. Items that no known release with that profile
//!   has are in [`Reading::unknown`].
//!
//! Sources without unknown items have the profile's bridge. Sources with some seem to have it: run
//! both sides and compare their messages with the profile before you rely on it.

mod api;
mod bridge;
mod calls;
mod definitions;
mod digests;
mod encodings;
mod error;
mod handles;
mod layout;
mod pattern;
mod relied;
mod source;
mod tokens;
mod types;
mod width;

#[cfg(test)]
mod tests;

pub use error::{Place, ProtocolError};

use bridge::Bridge;
use digests::Digests;
use fs_err as fs;
use pm_abi::Profile;
use source::{Item, Items, Sources};
use std::path::Path;

/// The profile of a rustc's sources.
#[derive(Debug)]
pub struct Reading {
    /// The profile.
    pub profile: &'static Profile,
    /// The items on which the reading relies and that no known release with this profile has. Empty
    /// if the sources are known.
    pub unknown: Vec<UnknownItem>,
}

/// An item that no known release has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownItem {
    /// Its place.
    pub place: Place,
    /// The item: `impl Encode<S> for u8` and the like.
    pub item: String,
    /// The digest of its tokens.
    pub digest: String,
}

/// Reads the profile from the folder `library/` of a rustc's sources.
pub fn read(library: &Path) -> Result<Reading, ProtocolError> {
    read_with(library, Digests::known())
}

/// The text of a file in this crate's folder `digests/`, which makes these sources known.
/// `release` is the version of their rustc.
pub fn digest_file(library: &Path, release: &str) -> Result<String, ProtocolError> {
    let sources = Sources::read(library)?;
    let items = sources.items();
    let (profile, relied) = recognise(library, &sources, &items)?;
    let mut lines: Vec<String> = relied.into_iter().map(digests::line).collect();
    lines.sort_unstable();
    let (name, lines) = (profile.name, lines.join("\n"));
    Ok(format!("# rustc {release}\nprofile {name}\n{lines}\n"))
}

fn read_with(library: &Path, digests: &Digests) -> Result<Reading, ProtocolError> {
    let sources = Sources::read(library)?;
    let items = sources.items();
    let (profile, relied) = recognise(library, &sources, &items)?;
    let unknown = relied.into_iter();
    let unknown = unknown.filter(|item| !digests.has(profile.name, item));
    let unknown = unknown.map(|item| UnknownItem {
        place: item.place(),
        item: item.name.clone(),
        digest: digests::digest(item),
    });
    Ok(Reading {
        profile,
        unknown: unknown.collect(),
    })
}

/// The profile, and the items on which that relies.
fn recognise<'i, 'a>(
    library: &Path,
    sources: &Sources,
    items: &'i Items<'a>,
) -> Result<(&'static Profile, Vec<&'i Item<'a>>), ProtocolError> {
    let api = api::read(items)?;
    let relied = relied::find(items, api.form)?;
    let bridge = Bridge::read(sources, items, &api)?;
    Ok((bridge.profile(hint(library))?, relied))
}

/// The profile of the release that the sources seem to be: by the file `version` that rustc's own
/// sources have, or by a folder `rustc-1.98.1` around them, which a package has.
fn hint(library: &Path) -> Option<&'static Profile> {
    let around = fs::canonicalize(library).ok()?;
    let around = around.parent()?;
    let version = match fs::read_to_string(around.join("version")) {
        Ok(version) => version,
        Err(_) => around
            .file_name()?
            .to_str()?
            .strip_prefix("rustc-")?
            .to_owned(),
    };
    Profile::of_rustc(&format!("rustc {version}"))
}
