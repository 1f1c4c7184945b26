//! The encoding of one bridge profile.

use super::{DecodeError, Method, Reader, Request, Writer};
use pm_abi::schema::MethodId;
use pm_abi::{Profile, Width};

/// The encoding of messages for the macros of one profile: the methods by their tags, the order of
/// arguments, and the width of `usize`.
#[derive(Clone, Debug)]
pub struct Codec {
    profile: &'static Profile,
    width: Width,
    /// The methods by their [`MethodId`].
    methods: Box<[Entry]>,
}

/// A method of the profile.
#[derive(Clone, Copy, Debug)]
struct Entry {
    method: Method,
    may_run_on_macro_stack: bool,
}

impl Codec {
    /// The encoding for macros of this profile in wasm32.
    ///
    /// # Panics
    ///
    /// If the profile has a method that [`Method`] lacks. None has, as the tests show.
    pub fn new(profile: &'static Profile) -> Self {
        let entry = |method: &pm_abi::schema::Method| Entry {
            method: Method::by_name(&method.name)
                .unwrap_or_else(|| panic!("{profile} has an unknown method, {}", method.name)),
            may_run_on_macro_stack: method.may_run_on_macro_stack(),
        };
        Codec {
            profile,
            width: profile.width_in_wasm32(),
            methods: profile.schema.methods.iter().map(entry).collect(),
        }
    }

    /// The encoding for macros with another `usize`: native ones.
    #[must_use]
    pub fn with_width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// The profile.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The width in which the macro encodes `usize`.
    pub fn width(&self) -> Width {
        self.width
    }

    /// A reader of one of the macro's messages.
    pub fn reader<'a>(&self, bytes: &'a [u8]) -> Reader<'a> {
        Reader::new(bytes, self.width)
    }

    /// A writer of a message for the macro.
    pub fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer::new(out, self.width)
    }

    fn entry(&self, request: &[u8]) -> Option<Entry> {
        let MethodId(id) = self.profile.method_of(request)?;
        self.methods.get(usize::from(id)).copied()
    }

    /// Returns true if a request may be answered on the macro's stack
    /// ([`pm_abi::schema::Method::may_run_on_macro_stack`]). Not if its method is unknown.
    pub fn may_run_on_macro_stack(&self, request: &[u8]) -> bool {
        let entry = self.entry(request);
        entry.is_some_and(|entry| entry.may_run_on_macro_stack)
    }

    /// Reads a whole request.
    pub fn read_request<'a>(&self, bytes: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let Some((tag, arguments)) = bytes.split_at_checked(self.profile.tag_size()) else {
            return Err(DecodeError::Truncated);
        };
        let Some(Entry { method, .. }) = self.entry(tag) else {
            return Err(DecodeError::Method(tag.to_vec()));
        };
        let mut r = self.reader(arguments);
        let request = Request::read(method, self.profile.arguments, &mut r)?;
        r.finish()?;
        Ok(request)
    }

    /// Appends a request, as the macro's side does.
    ///
    /// # Panics
    ///
    /// If the profile doesn't have the method.
    pub fn write_request(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        let method = request.method();
        let mut known = self.methods.iter();
        let id = known.position(|entry| entry.method == method);
        let id = id.unwrap_or_else(|| panic!("{} has no {}", self.profile, method.name()));
        // Profiles have far fewer than 256 methods.
        out.extend(self.profile.tag_of(MethodId(id as u8)));
        request.write(self.profile.arguments, &mut self.writer(out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Each profile's methods are known, and each known method is some profile's.
    #[test]
    fn methods_are_those_of_the_profiles() {
        let mut seen = BTreeSet::new();
        for profile in Profile::all() {
            let codec = Codec::new(profile);
            for (entry, method) in codec.methods.iter().zip(&profile.schema.methods) {
                assert_eq!(entry.method.name(), method.name, "{profile}");
                seen.insert(entry.method.name());
            }
        }
        let all: BTreeSet<_> = Method::ALL.iter().map(|method| method.name()).collect();
        assert_eq!(all, seen);
        assert_eq!(all.len(), Method::ALL.len());
    }

    #[test]
    fn methods_on_the_macro_stack() {
        for profile in Profile::all() {
            let codec = Codec::new(profile);
            for (id, method) in (0..).zip(&profile.schema.methods) {
                let tag = profile.tag_of(MethodId(id));
                let expect = method.may_run_on_macro_stack();
                assert_eq!(
                    codec.may_run_on_macro_stack(&tag),
                    expect,
                    "{}",
                    method.name
                );
            }
            assert!(!codec.may_run_on_macro_stack(&[]));
            assert!(!codec.may_run_on_macro_stack(&[255, 255]));
        }
    }
}
