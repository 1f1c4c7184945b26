//! The order in which fields and variants are encoded: the invocations of `rpc_encode_decode!`, and
//! of `compound_traits!`, which hands on to it.

use crate::ProtocolError;
use crate::source::{File, Sources, check_attributes, text};
use std::collections::{BTreeMap, BTreeSet};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::{Brace, Paren};
use syn::{Generics, Ident, Item, Token, braced, parenthesized};

/// The encoding of a type.
#[derive(Debug)]
pub(crate) struct Encoding<'a> {
    pub(crate) file: &'a File,
    pub(crate) line: usize,
    /// The number of parameters that the type has.
    pub(crate) parameters: usize,
    /// Whether it is an enum.
    pub(crate) is_enum: bool,
    /// The fields in order, or the variants, and whether each has a value.
    pub(crate) parts: Vec<(String, bool)>,
}

/// The encodings.
#[derive(Debug, Default)]
pub(crate) struct Encodings<'a> {
    /// By the name of the type.
    pub(crate) compound: BTreeMap<String, Encoding<'a>>,
    /// The integers that have one.
    pub(crate) integers: BTreeSet<String>,
}

/// Collects the encodings.
pub(crate) fn read(sources: &Sources) -> Result<Encodings<'_>, ProtocolError> {
    let mut all = Encodings::default();
    for file in [&sources.bridge].into_iter().chain(&sources.parts) {
        for item in &file.syntax.items {
            let Item::Macro(item) = item else { continue };
            let path = &item.mac.path;
            if item.ident.is_none()
                && (path.is_ident("rpc_encode_decode") || path.is_ident("compound_traits"))
            {
                let invocation = item.mac.parse_body();
                let invocation = invocation.map_err(|error| file.syntax(&error))?;
                // The conditions of `usize` are read with its encoding.
                if !matches!(&invocation, Invocation::Integer(name) if name == "usize") {
                    check_attributes(&item.attrs, file, &text(&item.mac))?;
                }
                all.add(file, invocation)?;
            }
        }
    }
    Ok(all)
}

impl<'a> Encodings<'a> {
    fn add(&mut self, file: &'a File, invocation: Invocation) -> Result<(), ProtocolError> {
        let (name, is_first) = match invocation {
            Invocation::Integer(name) => {
                let is_first = self.integers.insert(name.to_string());
                (name, is_first)
            }
            Invocation::Compound {
                name,
                parameters,
                is_enum,
                parts,
            } => {
                let encoding = Encoding {
                    file,
                    line: name.span().start().line,
                    parameters,
                    is_enum,
                    parts,
                };
                let before = self.compound.insert(name.to_string(), encoding);
                (name, before.is_none())
            }
        };
        if is_first {
            return Ok(());
        }
        Err(ProtocolError::Twice {
            place: file.place(name.span()),
            item: format!("rpc_encode_decode! of {name}"),
        })
    }
}

/// The part between an invocation's parentheses.
enum Invocation {
    /// `le u32`
    Integer(Ident),
    /// `struct Name<T> { field, … }` or `enum Name<T> { Variant(x), … }`
    Compound {
        name: Ident,
        parameters: usize,
        is_enum: bool,
        parts: Vec<(String, bool)>,
    },
}

impl Parse for Invocation {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let look = input.lookahead1();
        let is_enum = look.peek(Token![enum]);
        if is_enum {
            input.parse::<Token![enum]>()?;
        } else if look.peek(Token![struct]) {
            input.parse::<Token![struct]>()?;
        } else if look.peek(Ident) {
            let le: Ident = input.parse()?;
            if le != "le" {
                return Err(syn::Error::new(
                    le.span(),
                    "neither `le`, `struct` nor `enum`",
                ));
            }
            return input.parse().map(Self::Integer);
        } else {
            return Err(look.error());
        }
        let name = input.parse()?;
        let generics: Generics = input.parse()?;
        let inner;
        let _: Brace = braced!(inner in input);
        let parts = Punctuated::<Part, Token![,]>::parse_terminated(&inner)?;
        Ok(Self::Compound {
            name,
            parameters: generics.params.len(),
            is_enum,
            parts: parts
                .into_iter()
                .map(|Part(name, has)| (name, has))
                .collect(),
        })
    }
}

/// A field or a variant, and whether it has a value in parentheses.
struct Part(String, bool);

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let has_value = input.peek(Paren);
        if has_value {
            let inner;
            parenthesized!(inner in input);
            inner.parse::<Ident>()?;
            if !inner.is_empty() {
                return Err(inner.error("more than one value"));
            }
        }
        Ok(Self(name.to_string(), has_value))
    }
}
