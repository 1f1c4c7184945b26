//! One description of the proc-macro bridge per ABI epoch.
//!
//! A macro's module is compiled with its rustc's own `proc_macro`, so both sides of the bridge are of
//! one epoch and nothing is translated between epochs. Everything that depends on the rustc version is
//! in a [`Profile`]; each epoch is one file. Sources: rustc's `library/proc_macro/src/bridge/` of
//! 1.85.1, 1.96.0, 1.97.1 and 1.98.1. For 1.88 to 1.94 no sources were at hand: that profile is made
//! from the pull requests, and no compiler is accepted by it without a conformance check.

mod build;
mod methods;
mod v1_85;
mod v1_88;
mod v1_95;
mod v1_98;

use crate::schema::{Method, MethodId, Schema};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// The bridge of one ABI epoch.
pub struct Profile {
    /// The profile's name, the first release that has this bridge: `1.95`. Artifacts and shims carry
    /// it.
    pub name: &'static str,
    /// The releases of Rust 1 that are known to have it.
    pub releases: RangeInclusive<u32>,
    /// The form of a request's tag.
    pub tag: Tag,
    /// The order in which a request has its arguments.
    pub arguments: ArgumentOrder,
    /// The encoding of `usize`, and so of every length.
    pub usize_encoding: UsizeEncoding,
    /// The content of the declaration static.
    pub declarations: DeclarationLayout,
    /// The way in which a macro gets errors in text that it reads.
    pub lex_errors: LexErrors,
    /// The messages.
    pub schema: Schema,
}

/// The form of a request's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// One byte: the method's place.
    Method,
    /// Two bytes: the group's place, and the method's place in it.
    GroupAndMethod,
}

/// The order in which a request has its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentOrder {
    /// As in the signature.
    Forward,
    /// The last one first (`reverse_encode!`).
    Reverse,
}

/// The encoding of `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsizeEncoding {
    /// The width of the side that encodes it: four bytes from wasm32, eight from a 64-bit host.
    Native,
    /// Eight bytes from every side.
    Eight,
}

/// The content of the declaration static, in memory of either width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclarationLayout {
    /// `&'static [ProcMacro]`: kind, name, helper attributes and
    /// `Client { handle_counters: &HandleCounters, run }`.
    ProcMacros {
        /// The number of u32 counters in `HandleCounters`. They start at 1.
        counters: u32,
    },
    /// `&'static [Client]`, `Client { run }`. Names and kinds are in the crate metadata.
    Clients,
}

/// The way in which a macro gets errors in text that it reads, by `TokenStream::from_str` and
/// `Literal::from_str` (rustc's `compiler/rustc_expand/src/proc_macro_server.rs`, `ts_from_str` and
/// `literal_from_str`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexErrors {
    /// Only `Literal::from_str` returns an error, and one without a text. All others are diagnostics,
    /// and the macro unwinds.
    Diagnostics,
    /// The error has a text, and `TokenStream::from_str` returns it too. Where the text ends inside a
    /// token, there is a diagnostic, and the macro unwinds.
    Texts,
    /// The same as [`LexErrors::Texts`], but the macro gets an error besides that diagnostic.
    AllTexts,
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Profile {}

impl fmt::Debug for Profile {
    /// The name alone: the schema takes pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Profile").field(&self.name).finish()
    }
}

static PROFILES: LazyLock<[Profile; 4]> = LazyLock::new(|| {
    [
        v1_85::profile(),
        v1_88::profile(),
        v1_95::profile(),
        v1_98::profile(),
    ]
});

impl Profile {
    /// All profiles, oldest first.
    pub fn all() -> &'static [Profile] {
        &*PROFILES
    }

    /// The profile of this name.
    pub fn by_name(name: &str) -> Option<&'static Profile> {
        Profile::all().iter().find(|profile| profile.name == name)
    }

    /// The profile of a released rustc, from its version string (`rustc 1.96.0 (…)`). `None` for a
    /// release that is not known, and for a nightly or development build, whose number does not say
    /// which bridge it has.
    pub fn of_rustc(version: &str) -> Option<&'static Profile> {
        let number = version.strip_prefix("rustc 1.")?;
        let end = number.find(|c: char| c != '.' && !c.is_ascii_digit());
        let (digits, rest) = number.split_at(end.unwrap_or(number.len()));
        let (minor, patch) = digits.split_once('.')?;
        let (minor, _): (u32, u32) = (minor.parse().ok()?, patch.parse().ok()?);
        if rest.starts_with("-nightly") || rest.starts_with("-dev") {
            return None;
        }
        let mut all = Profile::all().iter();
        all.find(|profile| profile.releases.contains(&minor))
    }

    /// The profiles' releases, for messages: `1.85 to 1.98`.
    pub fn supported() -> String {
        let all = Profile::all();
        let (first, last) = (&all[0], &all[all.len() - 1]);
        format!("1.{} to 1.{}", first.releases.start(), last.releases.end())
    }

    /// The number of bytes of a request's tag.
    pub fn tag_size(&self) -> usize {
        match self.tag {
            Tag::Method => 1,
            Tag::GroupAndMethod => 2,
        }
    }

    /// The method that a request calls, by the bytes that it begins with.
    pub fn method_of(&self, request: &[u8]) -> Option<MethodId> {
        let methods = &self.schema.methods;
        let place = match (self.tag, request) {
            (Tag::Method, [tag, ..]) => usize::from(*tag),
            (Tag::GroupAndMethod, [group, method, ..]) => {
                let first = methods.iter().position(|it| it.group == *group)?;
                let place = first + usize::from(*method);
                methods.get(place).filter(|it| it.group == *group)?;
                place
            }
            _ => return None,
        };
        let id = u8::try_from(place).ok()?;
        methods.get(place).map(|_| MethodId(id))
    }

    /// The bytes that a request of this method begins with.
    ///
    /// # Panics
    ///
    /// If the method is another profile's.
    pub fn tag_of(&self, id: MethodId) -> Vec<u8> {
        let method = self.method(id);
        match self.tag {
            Tag::Method => vec![id.0],
            Tag::GroupAndMethod => {
                let same = |it: &&Method| it.group == method.group;
                let before = &self.schema.methods[..usize::from(id.0)];
                let place = before.iter().filter(same).count();
                vec![method.group, u8::try_from(place).expect("a group is small")]
            }
        }
    }

    /// A method of this profile.
    ///
    /// # Panics
    ///
    /// If it is another profile's.
    pub fn method(&self, id: MethodId) -> &Method {
        &self.schema.methods[usize::from(id.0)]
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.releases.start(), self.releases.end());
        if first == last {
            write!(f, "bridge {} (rustc 1.{first})", self.name)
        } else {
            write!(f, "bridge {} (rustc 1.{first} to 1.{last})", self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_one_profile() {
        let check = |version: &str, expect: Option<&str>| {
            let found = Profile::of_rustc(version).map(|profile| profile.name);
            assert_eq!(found, expect, "{version}");
        };
        check("rustc 1.84.1 (x)", None);
        check("rustc 1.85.0 (4d91de4e4 2025-02-17)", Some("1.85"));
        check("rustc 1.87.0", Some("1.85"));
        check("rustc 1.88.0 (x)", Some("1.88"));
        check("rustc 1.94.1 (x)", Some("1.88"));
        check("rustc 1.96.0 (by hand)", Some("1.95"));
        check("rustc 1.97.1 (x)", Some("1.95"));
        check("rustc 1.98.0-beta.1 (x)", Some("1.98"));
        check("rustc 1.98.1 (x)", Some("1.98"));
        check("rustc 1.98.0-nightly (x)", None);
        check("rustc 1.96.0-dev", None);
        check("rustc 1.99.0", None);
        check("rustc 1.960.0", None);
        check("rustc 2.0.0", None);
        check("clang 1.96.0", None);
        check("rustc 1.96", None);
    }

    #[test]
    fn profiles_are_in_order_without_gaps() {
        let mut next = 85;
        for profile in Profile::all() {
            assert_eq!(*profile.releases.start(), next);
            assert_eq!(profile.name, format!("1.{next}"));
            assert_eq!(Profile::by_name(profile.name), Some(profile));
            next = profile.releases.end() + 1;
        }
        assert_eq!(Profile::by_name("1.96"), None);
        assert_eq!(Profile::supported(), "1.85 to 1.98");
    }

    /// The numbers that the pull requests and sources give for each epoch.
    #[test]
    fn methods_of_each_epoch() {
        let groups = |name: &str| {
            let profile = Profile::by_name(name).unwrap();
            let mut counts: Vec<usize> = Vec::new();
            for method in &profile.schema.methods {
                counts.resize(counts.len().max(usize::from(method.group) + 1), 0);
                counts[usize::from(method.group)] += 1;
            }
            counts
        };
        assert_eq!(groups("1.85"), [6, 10, 5, 15, 1]);
        assert_eq!(groups("1.88"), [6, 10, 16, 1]);
        assert_eq!(groups("1.95"), [32]);
        assert_eq!(groups("1.98"), [32]);
    }

    #[test]
    fn tags_and_methods_agree() {
        for profile in Profile::all() {
            for index in 0..profile.schema.methods.len() {
                let id = MethodId(index as u8);
                let tag = profile.tag_of(id);
                assert_eq!(tag.len(), profile.tag_size());
                assert_eq!(profile.method_of(&tag), Some(id), "{tag:?}");
            }
            for group in 0..=u8::MAX {
                for method in 0..=u8::MAX {
                    if let Some(id) = profile.method_of(&[group, method]) {
                        let tag = profile.tag_of(id);
                        assert!([group, method].starts_with(&tag));
                    }
                }
            }
            assert_eq!(profile.method_of(&[]), None);
            assert_eq!(profile.method_of(&[255, 255]), None);
        }
        let old = Profile::by_name("1.85").unwrap();
        assert_eq!(old.method_of(&[0]), None);
        assert_eq!(old.method_of(&[4, 1]), None);
    }

    #[test]
    fn differences_have_names() {
        let check = |a: &str, b: &str, expect: Option<&str>| {
            let (a, b) = (Profile::by_name(a).unwrap(), Profile::by_name(b).unwrap());
            let found = a.schema.difference(&b.schema);
            assert_eq!(found.map(|it| it.to_string()).as_deref(), expect);
        };
        check("1.95", "1.98", None);
        check(
            "1.85",
            "1.88",
            Some("`method 16`: found `source_file_drop`, expected `span_debug`"),
        );
        check(
            "1.98",
            "1.85",
            Some("`method 0`: found `injected_env_var`, expected `free_functions_drop`"),
        );
    }
}
