//! rustc's files, and the items in them by name.

use crate::ProtocolError;
use crate::api::check_attributes;
use crate::error::Place;
use crate::tokens::{Token, flatten, show};
use fs_err as fs;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::path::Path;
use syn::spanned::Spanned;
use syn::{ImplItem, Item};

/// The bridge's parts besides `mod.rs`.
const PARTS: [&str; 7] = [
    "buffer", "client", "closure", "handle", "rpc", "server", "symbol",
];

/// The files that matter.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The crate's root.
    pub(crate) root: File,
    /// The modules below it that have files of their own there, which define the public types.
    pub(crate) modules: Vec<File>,
    /// `bridge/mod.rs`.
    pub(crate) bridge: File,
    /// Its parts.
    pub(crate) parts: Vec<File>,
    /// The types of std that it encodes, which are not read but known.
    pub(crate) std: File,
}

impl Sources {
    /// Reads the files in the folder `library/`.
    pub(crate) fn read(library: &Path) -> Result<Self, ProtocolError> {
        const ROOT: &str = "proc_macro/src";
        let root = File::read(library, format!("{ROOT}/lib.rs"))?;
        let mut modules = Vec::new();
        for item in &root.syntax.items {
            let Item::Mod(module) = item else { continue };
            let file = format!("{ROOT}/{}.rs", module.ident);
            if module.content.is_none() && library.join(&file).exists() {
                modules.push(File::read(library, file)?);
            }
        }
        check_module(&root, "bridge")?;
        let part = |name: &&str| File::read(library, format!("{ROOT}/bridge/{name}.rs"));
        let bridge = part(&"mod")?;
        PARTS
            .iter()
            .try_for_each(|name| check_module(&bridge, name))?;
        Ok(Self {
            root,
            modules,
            bridge,
            parts: PARTS.iter().map(part).collect::<Result<_, _>>()?,
            std: File::parse("std".to_owned(), crate::definitions::STD)?,
        })
    }

    /// A file by its name below `proc_macro/src/`.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        let mut files = [&self.root, &self.bridge].into_iter().chain(&self.parts);
        files.find(|file| file.name.strip_prefix("proc_macro/src/") == Some(name))
    }
}

/// A module is where its name says, whatever is compiled.
fn check_module(parent: &File, name: &str) -> Result<(), ProtocolError> {
    let mut found = parent.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.ident == name && module.content.is_none() => Some(module),
        _ => None,
    });
    let item = || format!("mod {name};");
    let module = found.next().ok_or_else(|| ProtocolError::Missing {
        place: parent.line(0),
        item: item(),
    })?;
    let mut attributes = module.attrs.clone();
    attributes.retain(|attribute| !attribute.path().is_ident("macro_use"));
    check_attributes(&attributes).map_err(|error| parent.syntax(&error))?;
    match found.next() {
        None => Ok(()),
        Some(second) => Err(ProtocolError::Twice {
            place: parent.place(second.ident.span()),
            item: item(),
        }),
    }
}

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its name below `library/`.
    pub(crate) name: String,
    pub(crate) syntax: syn::File,
}

impl File {
    fn read(library: &Path, name: String) -> Result<Self, ProtocolError> {
        let text = fs::read_to_string(library.join(&name))?;
        Self::parse(name, &text)
    }

    pub(crate) fn parse(name: String, text: &str) -> Result<Self, ProtocolError> {
        match syn::parse_file(text) {
            Ok(syntax) => Ok(Self { name, syntax }),
            Err(error) => Err(syntax(&name, &error)),
        }
    }

    /// The place of a token of this file.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.line(span.start().line)
    }

    pub(crate) fn line(&self, line: usize) -> Place {
        Place {
            file: self.name.clone(),
            line,
        }
    }

    /// What the parser says about a part of this file.
    pub(crate) fn syntax(&self, error: &syn::Error) -> ProtocolError {
        syntax(&self.name, error)
    }

    /// Something at this place of an item that this crate doesn't know.
    pub(crate) fn unknown(
        &self,
        span: Span,
        item: impl Into<String>,
        reason: impl Into<String>,
    ) -> ProtocolError {
        ProtocolError::Unknown {
            place: self.place(span),
            item: item.into(),
            reason: reason.into(),
        }
    }

    /// The items that can be compared.
    pub(crate) fn items(&self) -> Vec<Named> {
        self.syntax.items.iter().flat_map(named).collect()
    }
}

fn syntax(name: &str, error: &syn::Error) -> ProtocolError {
    let place = Place {
        file: name.to_owned(),
        line: error.span().start().line,
    };
    let message = error.to_string();
    ProtocolError::Syntax { place, message }
}

/// An item, with a name under which there can be only one in a file.
#[derive(Debug)]
pub(crate) struct Named {
    /// `struct Buffer`, `impl Encode<S> for u8`, `fn Client::expand1` and the like.
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) tokens: Vec<Token>,
}

impl Named {
    fn new(name: String, item: &(impl ToTokens + Spanned)) -> Self {
        Self {
            name,
            line: item.span().start().line,
            tokens: flatten(item.to_token_stream()),
        }
    }
}

/// The items of an item: each function of an inherent `impl` is one of its own, since functions
/// come and go beside those that matter.
fn named(item: &Item) -> Vec<Named> {
    let text = |tokens: &dyn ToTokens| show(&flatten(tokens.to_token_stream()));
    let name = match item {
        Item::Struct(item) => format!("struct {}", item.ident),
        Item::Enum(item) => format!("enum {}", item.ident),
        Item::Type(item) => format!("type {}", item.ident),
        Item::Trait(item) => format!("trait {}", item.ident),
        Item::Fn(item) => format!("fn {}", item.sig.ident),
        Item::Macro(item) => match &item.ident {
            Some(name) => format!("macro_rules! {name}"),
            None => invocation(&item.mac),
        },
        Item::Impl(item) => {
            let ty = text(&item.self_ty);
            match &item.trait_ {
                Some((path, _)) => format!("impl {} for {ty}", text(path)),
                None => return functions(item, &ty),
            }
        }
        _ => return Vec::new(),
    };
    vec![Named::new(name, item)]
}

/// `with_api!(define_server, …)`: by its first argument.
fn invocation(mac: &syn::Macro) -> String {
    let path = show(&flatten(mac.path.to_token_stream()));
    let first: TokenStream = mac.tokens.clone().into_iter().take(1).collect();
    format!("{path}!({}, …)", show(&flatten(first)))
}

fn functions(item: &syn::ItemImpl, ty: &str) -> Vec<Named> {
    let functions = item.items.iter().filter_map(|function| match function {
        ImplItem::Fn(function) => Some(Named::new(
            format!("fn {ty}::{}", function.sig.ident),
            function,
        )),
        _ => None,
    });
    functions.collect()
}
