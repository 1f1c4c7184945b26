//! The kinds of handles, and the ways in which messages use them.

use crate::ProtocolError;
use crate::api::Form;
use crate::layout::{differs, fields};
use crate::pattern::find;
use crate::source::{File, Item, Items, text};
use crate::tokens::show;
use pm_abi::schema::{Access, HandleKind, Type};

const CLIENT: &str = "bridge/client.rs";
const SERVER: &str = "bridge/server.rs";

/// The parts of `define_client_handles`, in order.
const CLIENT_HANDLES: [&str; 9] = [
    "'owned: $($_oty:ident,)* 'interned: $($_ity:ident,)*",
    "#[repr(C)] pub(super) struct HandleCounters { \
        $(pub(super) $_oty: AtomicU32,)* $(pub(super) $_ity: AtomicU32,)* }",
    "static COUNTERS: HandleCounters = HandleCounters { \
        $($_oty: AtomicU32::new(1),)* $($_ity: AtomicU32::new(1),)* };",
    "struct $_oty { handle: handle::Handle,",
    "impl<S> Encode<S> for $_oty {",
    "impl<S> Encode<S> for &$_oty {",
    "impl<S> _Decode<'_, '_, S> for $_oty {",
    "struct $_ity { handle: handle::Handle,",
    "impl<S> Encode<S> for $_ity {",
];

/// The parts of `define_server_handles`, in order.
const SERVER_HANDLES: [&str; 7] = [
    "'owned: $($_oty:ident,)* 'interned: $($_ity:ident,)*",
    "$($_oty: handle::OwnedStore<S::$_oty>,)* $($_ity: handle::InternedStore<S::$_ity>,)* }",
    "_s.$_oty.alloc(self).encode(_w, _s);",
    "_s.$_oty.take(handle::Handle::decode(_r, &mut ()))",
    "&_s.$_oty[handle::Handle::decode(_r, &mut ())]",
    "_s.$_ity.alloc(self).encode(_w, _s);",
    "_s.$_ity.copy(handle::Handle::decode(_r, &mut ()))",
];

/// The kinds with the names that `with_api!` has for them, and whether their objects are interned.
#[derive(Debug)]
pub(crate) struct Handles(Vec<(HandleKind, String, bool)>);

impl Handles {
    /// The number of kinds.
    pub(crate) fn count(&self) -> u32 {
        self.0.len() as u32
    }

    /// The types by name: by value, and by reference where there is such.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, Type, Option<Type>)> {
        self.0.iter().map(|(kind, name, is_interned)| {
            let (value, reference) = match is_interned {
                true => (Access::Copied, None),
                false => (Access::Owned, Some(Type::Handle(*kind, Access::Borrowed))),
            };
            (name.as_str(), Type::Handle(*kind, value), reference)
        })
    }
}

/// Reads the kinds and checks that a handle is four bytes, never zero.
pub(crate) fn read(root: &File, items: &Items<'_>, form: Form) -> Result<Handles, ProtocolError> {
    let handle = items.one("bridge/handle.rs", "type Handle")?;
    if let syn::Item::Type(syntax) = handle.syntax {
        let found = text(&syntax.ty);
        if found != "NonZero<u32>" {
            return Err(differs(handle, handle.line, &found, "NonZero<u32>"));
        }
    }
    check_stream(root)?;
    match form {
        Form::Flat => flat(items),
        Form::Grouped => grouped(items),
    }
}

/// A macro's token stream is optionally one of the client's.
fn check_stream(root: &File) -> Result<(), ProtocolError> {
    let items = Items(root.items());
    let stream = items.one("lib.rs", "struct TokenStream")?;
    check_fields(stream, &[("0", "Option<bridge::client::TokenStream>")])
}

fn check_fields(item: &Item<'_>, expected: &[(&str, &str)]) -> Result<(), ProtocolError> {
    let found = fields(item)?;
    for index in 0..found.len().max(expected.len()) {
        let (found, expected) = (found.get(index), expected.get(index));
        let line = found.map_or(item.line, |(line, ..)| *line);
        let found = found.map_or_else(String::new, |(_, name, ty)| format!("{name}: {ty}"));
        let expected = expected.map_or_else(String::new, |(name, ty)| format!("{name}: {ty}"));
        if found != expected {
            return Err(differs(item, line, &found, &expected));
        }
    }
    Ok(())
}

/// The kinds are the fields of the server's store.
fn flat(items: &Items<'_>) -> Result<Handles, ProtocolError> {
    for name in ["struct TokenStream", "struct Span"] {
        let item = items.one(CLIENT, name)?;
        check_fields(item, &[("handle", "handle::Handle")])?;
    }
    let store = items.one(SERVER, "struct HandleStore")?;
    let known = [
        ("token_stream", "handle::OwnedStore<MarkedTokenStream<S>>"),
        ("span", "handle::InternedStore<MarkedSpan<S>>"),
    ];
    check_fields(store, &known)?;
    Ok(Handles(vec![
        (HandleKind::TokenStream, "TokenStream".to_owned(), false),
        (HandleKind::Span, "Span".to_owned(), true),
    ]))
}

/// The kinds are listed in `with_api_handle_types!`.
fn grouped(items: &Items<'_>) -> Result<Handles, ProtocolError> {
    for (file, name, parts) in [
        (
            CLIENT,
            "macro_rules! define_client_handles",
            &CLIENT_HANDLES[..],
        ),
        (
            SERVER,
            "macro_rules! define_server_handles",
            &SERVER_HANDLES[..],
        ),
    ] {
        let item = items.one(file, name)?;
        find(&item.tokens, parts)
            .map_err(|part| item.unknown(format!("`{}` is not where it is expected", part.text)))?;
    }
    let list = items.one("bridge/mod.rs", "macro_rules! with_api_handle_types")?;
    let known = find(&list.tokens, &["($_m:ident) => { $_m! {"]);
    let words: Vec<&str> = list
        .tokens
        .iter()
        .map(|token| token.text.as_str())
        .collect();
    let start = words.windows(3).position(|it| it == ["'", "owned", ":"]);
    let (Ok(_), Some(start)) = (known, start) else {
        return Err(list.unknown("its form is not known"));
    };
    let mut kinds = Vec::new();
    let mut is_interned = false;
    let mut rest = &words[start + 3..];
    loop {
        rest = match rest {
            [name, ",", rest @ ..] => {
                let kind = HandleKind::ALL
                    .into_iter()
                    .find(|kind| kind_name(*kind) == *name);
                let kind = kind.ok_or_else(|| list.unknown(format!("`{name}` is not known")))?;
                if is_interned != (kind == HandleKind::Span) {
                    let text = |is_interned| match is_interned {
                        true => format!("`{name}` among the interned ones"),
                        false => format!("`{name}` among the owned ones"),
                    };
                    return Err(ProtocolError::Differs {
                        place: list.place(),
                        item: list.name.clone(),
                        found: text(is_interned),
                        expected: text(!is_interned),
                    });
                }
                kinds.push((kind, (*name).to_owned(), is_interned));
                rest
            }
            ["'", "interned", ":", rest @ ..] if !is_interned => {
                is_interned = true;
                rest
            }
            ["}", "}", rest @ ..] if !rest.contains(&"owned") => return Ok(Handles(kinds)),
            _ => {
                let found = show(list.tokens[list.tokens.len() - rest.len()..].iter().take(3));
                return Err(list.unknown(format!("`{found}` is not known there")));
            }
        };
    }
}

/// The name of a kind in `with_api!`.
fn kind_name(kind: HandleKind) -> &'static str {
    match kind {
        HandleKind::FreeFunctions => "FreeFunctions",
        HandleKind::TokenStream => "TokenStream",
        HandleKind::SourceFile => "SourceFile",
        HandleKind::Span => "Span",
    }
}
