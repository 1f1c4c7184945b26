//! The types that lie in memory that both sides see: `#[repr(C)]` structs with known fields.

use crate::ProtocolError;
use crate::api::Form;
use crate::handles::Handles;
use crate::pattern::{count, tokens};
use crate::source::{Item, Items, check_attributes, text};
use crate::tokens::{flatten, show};
use pm_abi::DeclarationLayout;
use quote::ToTokens;
use syn::Type;
use syn::spanned::Spanned;

const CLIENT: &str = "bridge/client.rs";

/// The type of an entry point.
const RUN: &str = "extern \"C\" fn(BridgeConfig<'_>) -> Buffer";

/// The fields of a struct, each with the types that it may have.
type Fields<'a> = &'a [(&'a str, &'a [&'a str])];

const BUFFER: Fields<'_> = &[
    ("data", &["*mut u8"]),
    ("len", &["usize"]),
    ("capacity", &["usize"]),
    ("reserve", &["extern \"C\" fn(Buffer, usize) -> Buffer"]),
    ("drop", &["extern \"C\" fn(Buffer)"]),
];

const CLOSURE: Fields<'_> = &[
    (
        "call",
        &[
            "extern \"C\" fn(*mut Env, Buffer) -> Buffer",
            // `BridgeConfig` has it with `Buffer` for both.
            "unsafe extern \"C\" fn(*mut Env, A) -> R",
        ],
    ),
    ("env", &["*mut Env"]),
];

const BRIDGE_CONFIG: Fields<'_> = &[
    ("input", &["Buffer"]),
    (
        "dispatch",
        &[
            "closure::Closure<'a>",
            "closure::Closure<'a, Buffer, Buffer>",
        ],
    ),
    ("force_show_panics", &["bool"]),
];

/// `Client` where an element of the declaration static is a `ProcMacro`.
const CLIENT_WITH_COUNTERS: Fields<'_> = &[
    ("handle_counters", &["&'static HandleCounters"]),
    ("run", &[RUN]),
];

/// `Client` where it is an element itself.
const CLIENT_ALONE: Fields<'_> = &[("run", &[RUN])];

/// The variants of `ProcMacro`.
const PROC_MACRO: [&str; 3] = [
    "CustomDerive { \
        trait_name: &'static str, \
        attributes: &'static [&'static str], \
        client: Client<crate::TokenStream, crate::TokenStream>, \
     }",
    "Attr { \
        name: &'static str, \
        client: Client<(crate::TokenStream, crate::TokenStream), crate::TokenStream>, \
     }",
    "Bang { \
        name: &'static str, \
        client: Client<crate::TokenStream, crate::TokenStream>, \
     }",
];

/// Checks the types that all bridges have and reads the content of the declaration static.
pub(crate) fn read(
    items: &Items<'_>,
    form: Form,
    handles: &Handles,
) -> Result<DeclarationLayout, ProtocolError> {
    check_struct(items.one("bridge/buffer.rs", "struct Buffer")?, BUFFER)?;
    check_struct(items.one("bridge/closure.rs", "struct Closure")?, CLOSURE)?;
    let config = items.one("bridge/mod.rs", "struct BridgeConfig")?;
    check_struct(config, BRIDGE_CONFIG)?;

    let client = items.one(CLIENT, "struct Client")?;
    let Some(proc_macro) = items.get("enum ProcMacro")? else {
        check_struct(client, CLIENT_ALONE)?;
        return match items.get("struct HandleCounters")? {
            None => Ok(DeclarationLayout::Clients),
            Some(counters) => Err(counters.unknown("`Client` has no `handle_counters`")),
        };
    };
    check_struct(client, CLIENT_WITH_COUNTERS)?;
    check_proc_macro(proc_macro)?;
    let counters = match form {
        Form::Grouped => handles.count(),
        Form::Flat => counters(items)?,
    };
    Ok(DeclarationLayout::ProcMacros { counters })
}

/// The number of `HandleCounters`, which begin with 1.
fn counters(items: &Items<'_>) -> Result<u32, ProtocolError> {
    let counters = items.one(CLIENT, "struct HandleCounters")?;
    let fields = fields(counters)?;
    check_repr(counters)?;
    for (line, name, ty) in &fields {
        if ty != "AtomicU32" {
            let found = format!("{name}: {ty}");
            return Err(differs(
                counters,
                *line,
                &found,
                &format!("{name}: AtomicU32"),
            ));
        }
    }
    let values = items.one(CLIENT, "static COUNTERS")?;
    let ones = values.tokens.windows(3).filter(|window| {
        let window = window.iter().map(|token| token.text.as_str());
        window.eq(["(", "1", ")"])
    });
    if ones.count() != fields.len() || count(&values.tokens, "new") != fields.len() {
        return Err(values.unknown("not all counters begin with 1"));
    }
    Ok(fields.len() as u32)
}

/// Checks the fields of a struct but those of type `PhantomData`, which have no size.
fn check_struct(item: &Item<'_>, expected: Fields<'_>) -> Result<(), ProtocolError> {
    check_repr(item)?;
    let found = fields(item)?;
    for index in 0..found.len().max(expected.len()) {
        let line = found.get(index).map_or(item.line, |(line, ..)| *line);
        let field = |name: &str, ty: &str| format!("{name}: {ty}");
        let is = found.get(index).map(|(_, name, ty)| field(name, ty));
        let wanted = expected.get(index);
        let wanted: Vec<String> = wanted.map_or_else(Vec::new, |(name, types)| {
            types
                .iter()
                .map(|ty| field(name, &show(&tokens(ty))))
                .collect()
        });
        if !is.as_ref().is_some_and(|is| wanted.contains(is)) {
            let first = wanted.first().map_or("", String::as_str);
            return Err(differs(item, line, &is.unwrap_or_default(), first));
        }
    }
    Ok(())
}

fn check_repr(item: &Item<'_>) -> Result<(), ProtocolError> {
    match item.attributes.as_slice() {
        [repr] if repr == "#[repr(C)]" => Ok(()),
        other => Err(differs(item, item.line, &other.join(" "), "#[repr(C)]")),
    }
}

/// The lines, names and types of a struct's fields but those of type `PhantomData`.
pub(crate) fn fields(item: &Item<'_>) -> Result<Vec<(usize, String, String)>, ProtocolError> {
    let syn::Item::Struct(syntax) = item.syntax else {
        return Err(item.unknown("it is not a struct"));
    };
    let mut fields = Vec::new();
    for (index, field) in syntax.fields.iter().enumerate() {
        check_attributes(&field.attrs, item.file, &item.name)?;
        if is_phantom(&field.ty) {
            continue;
        }
        let name = match &field.ident {
            Some(name) => name.to_string(),
            None => index.to_string(),
        };
        fields.push((field.ty.span().start().line, name, text(&field.ty)));
    }
    Ok(fields)
}

fn is_phantom(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident == "PhantomData")
}

fn check_proc_macro(item: &Item<'_>) -> Result<(), ProtocolError> {
    check_repr(item)?;
    let syn::Item::Enum(syntax) = item.syntax else {
        return Err(item.unknown("it is not an enum"));
    };
    let variants: Vec<_> = syntax.variants.iter().collect();
    for index in 0..variants.len().max(PROC_MACRO.len()) {
        let found = variants.get(index);
        let line = found.map_or(item.line, |variant| variant.span().start().line);
        let found = found.map_or_else(Vec::new, |variant| flatten(variant.to_token_stream()));
        let expected = PROC_MACRO
            .get(index)
            .map_or_else(Vec::new, |text| tokens(text));
        let (found, expected) = (show(&found), show(&expected));
        if found != expected {
            return Err(differs(item, line, &found, &expected));
        }
    }
    Ok(())
}

/// A part of an item that isn't the expected one; either may be empty.
pub(crate) fn differs(item: &Item<'_>, line: usize, found: &str, expected: &str) -> ProtocolError {
    let quoted = |text: &str| match text {
        "" => "nothing".to_owned(),
        text => format!("`{text}`"),
    };
    ProtocolError::Differs {
        place: item.file.line(line),
        item: item.name.clone(),
        found: quoted(found),
        expected: quoted(expected),
    }
}
