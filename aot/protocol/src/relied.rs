//! The items on which a reading relies.
//!
//! In words: integers are little-endian; a `str` and a `Vec` are a length and what is in them; a
//! tuple is its parts in order; an enum is a tag of one byte, counted from zero in the order of its
//! variants, and what the variant holds; a `PanicMessage` is an optional text. A token stream and a
//! span are their handles, a symbol is its text. A request is the method's tag and the arguments; a
//! reply is a `Result` of what the method returns, or of the message of a panic. An entry point is
//! given the globals and one or two token streams, and returns a `Result` of an optional token
//! stream.
//!
//! The methods and the types of the messages are not among them: they are derived.

use crate::ProtocolError;
use crate::api::Form;
use crate::source::{Item, Items, missing};
use crate::width::FOR_OTHERS;
use std::collections::BTreeSet;

/// Items that every bridge has, by the file that usually has them. A `*` stands for any text.
const EVERY: &[(&str, &[&str])] = &[
    (
        "bridge/mod.rs",
        &[
            "struct BridgeConfig",
            "macro_rules! declare_tags",
            "macro_rules! compound_traits",
        ],
    ),
    (
        "bridge/rpc.rs",
        &[
            "trait Encode",
            "trait Decode",
            "macro_rules! rpc_encode_decode",
            "rpc_encode_decode!(le u32)",
            "impl Encode<S> for ()",
            "impl Decode* for ()",
            "impl Encode<S> for u8",
            "impl Decode* for u8",
            "impl Encode<S> for bool",
            "impl Decode* for bool",
            "impl Encode<S> for NonZero<u32>",
            "impl Decode* for NonZero<u32>",
            "impl Encode<S> for (A, B)",
            "impl Decode* for (A, B)",
            "impl Encode<S> for &str",
            "impl Decode* for &'a str",
            "impl Encode<S> for String",
            "impl Decode* for String",
            "impl Encode<S> for Vec<T>",
            "impl Decode* for Vec<T>",
            "enum PanicMessage",
            "fn PanicMessage::as_str",
            "impl Encode<S> for PanicMessage",
            "impl Decode* for PanicMessage",
        ],
    ),
    ("bridge/handle.rs", &["type Handle"]),
    (
        "bridge/symbol.rs",
        &[
            "impl Encode<S> for Symbol",
            "impl Decode* for Symbol",
            "impl Encode<server::HandleStore<*",
            "impl Decode*server::HandleStore<*",
        ],
    ),
    (
        "bridge/buffer.rs",
        &["struct Buffer", "impl From<Vec<u8>> for Buffer"],
    ),
    (
        "bridge/closure.rs",
        &[
            "struct Closure",
            "impl From<&'a mut F> for Closure<*>",
            "fn Closure<*>::call",
        ],
    ),
    (
        "bridge/client.rs",
        &[
            "macro_rules! define_client_side",
            "fn run_client",
            "struct Client",
            "fn Client*::expand1",
            "fn Client*::expand2",
        ],
    ),
    (
        "bridge/server.rs",
        &["fn run_server", "fn client::Client*::run*"],
    ),
];

/// Items of a bridge with one list of methods.
const FLAT: &[(&str, &[&str])] = &[
    ("bridge/mod.rs", &["with_api!(declare_tags, __, __, __)"]),
    (
        "bridge/client.rs",
        &[
            "with_api!(define_client_side, TokenStream, Span, Symbol)",
            "struct TokenStream",
            "impl Encode<S> for TokenStream",
            "impl Encode<S> for &TokenStream",
            "impl Decode* for TokenStream",
            "struct Span",
            "impl Encode<S> for Span",
            "impl Decode* for Span",
        ],
    ),
    (
        "bridge/server.rs",
        &[
            "macro_rules! define_dispatcher",
            "with_api!(define_dispatcher, MarkedTokenStream<S>, MarkedSpan<S>, MarkedSymbol<S>)",
            "struct HandleStore",
            "type MarkedTokenStream",
            "type MarkedSpan",
            "type MarkedSymbol",
            "impl Encode<HandleStore<S>> for MarkedTokenStream<S>",
            "impl Decode*HandleStore<S>> for MarkedTokenStream<S>",
            "impl Decode*HandleStore<S>> for &'s MarkedTokenStream<S>",
            "impl Encode<HandleStore<S>> for MarkedSpan<S>",
            "impl Decode*HandleStore<S>> for MarkedSpan<S>",
        ],
    ),
];

/// Items of a bridge with methods in groups.
const GROUPED: &[(&str, &[&str])] = &[
    (
        "bridge/mod.rs",
        &[
            "macro_rules! with_api_handle_types",
            "with_api!(self, self, declare_tags)",
        ],
    ),
    (
        "bridge/client.rs",
        &[
            "macro_rules! define_client_handles",
            "with_api_handle_types!(define_client_handles)",
            "with_api!(self, self, define_client_side)",
        ],
    ),
    (
        "bridge/server.rs",
        &[
            "macro_rules! define_server_handles",
            "with_api_handle_types!(define_server_handles)",
            "macro_rules! define_mark_types_impls",
            "with_api!(Self, self_, define_mark_types_impls)",
            "macro_rules! define_dispatcher_impl",
            "with_api!(Self, self_, define_dispatcher_impl)",
        ],
    ),
];

/// Items that matter where they are.
const OTHERS: &[&str] = &[
    "impl Encode<*",
    "impl Decode<*",
    "impl DecodeMut<*",
    "trait DecodeMut",
    "type Reader",
    "type Writer",
    "macro_rules! reverse_encode",
    "macro_rules! reverse_decode",
    "const MAX_USIZE_SIZE",
    "struct HandleCounters",
    "static COUNTERS",
    "enum ProcMacro",
];

/// Finds them. All are there, each once, and none depends on a `cfg` but those that encode `usize`.
pub(crate) fn find<'i, 'a>(
    items: &'i Items<'a>,
    form: Form,
) -> Result<Vec<&'i Item<'a>>, ProtocolError> {
    let of_form = match form {
        Form::Flat => FLAT,
        Form::Grouped => GROUPED,
    };
    let required = EVERY.iter().chain(of_form);
    let required = required.flat_map(|(file, patterns)| patterns.iter().map(|it| (*file, *it)));
    let required: Vec<(&str, &str)> = required.collect();
    for (file, pattern) in &required {
        if !items.0.iter().any(|item| matches(pattern, &item.name)) {
            return Err(missing(file, &pattern.replace('*', "…")));
        }
    }
    let required = required.iter().map(|(_, pattern)| pattern);
    let patterns: Vec<&&str> = required.chain(OTHERS).collect();
    let is_relied = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for item in items.0.iter().filter(|item| is_relied(&item.name)) {
        if !names.insert(&item.name) {
            return Err(ProtocolError::Twice {
                place: item.place(),
                item: item.name.clone(),
            });
        }
        let is_width = crate::width::is_part(&item.name);
        let is_known = |it: &&String| *it == "#[repr(C)]" || is_width && *it == FOR_OTHERS;
        if let Some(other) = item.attributes.iter().find(|it| !is_known(it)) {
            let reason = format!("the attribute `{other}` may change the bridge");
            return Err(item.unknown(reason));
        }
        found.push(item);
    }
    Ok(found)
}

/// Returns true if a name has the form of a pattern.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, pattern)) => name.strip_prefix(start).is_some_and(|rest| {
            let mut ends = (0..=rest.len()).filter(|end| rest.is_char_boundary(*end));
            ends.any(|end| matches(pattern, &rest[end..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let check = |pattern: &str, name: &str, expect: bool| {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        };
        check("struct A", "struct A", true);
        check("struct A", "struct AB", false);
        check("fn A*::b", "fn A::b", true);
        check("fn A*::b", "fn A<(…)>::b", true);
        check("fn A*::b", "fn A<(…)>::bc", false);
        check("impl D* for u8", "impl D<S> for u8", true);
        check("impl D* for u8", "impl D<S> for &u8", false);
        check("impl D<*", "impl D<S> for &u8", true);
    }
}
