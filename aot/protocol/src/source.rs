//! rustc's files, and the items in them by name.

use crate::ProtocolError;
use crate::error::Place;
use crate::tokens::{Token, flatten, show};
use fs_err as fs;
use proc_macro2::Span;
use quote::ToTokens;
use std::path::Path;
use syn::Attribute;
use syn::ImplItem;
use syn::spanned::Spanned;

/// The folder of the crate, below `library/`.
const ROOT: &str = "proc_macro/src";

/// The bridge's parts besides `mod.rs`.
const PARTS: [&str; 7] = [
    "buffer", "client", "closure", "handle", "rpc", "server", "symbol",
];

/// The parts that not every release has.
const NEWER_PARTS: [&str; 1] = ["panic_message"];

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
        let root = File::read(library, format!("{ROOT}/lib.rs"))?;
        let mut modules = Vec::new();
        for item in &root.syntax.items {
            let syn::Item::Mod(module) = item else {
                continue;
            };
            let file = format!("{ROOT}/{}.rs", module.ident);
            if module.content.is_none() && library.join(&file).exists() {
                modules.push(File::read(library, file)?);
            }
        }
        check_module(&root, "bridge")?;
        let part = |name: &&str| File::read(library, format!("{ROOT}/bridge/{name}.rs"));
        let bridge = part(&"mod")?;
        let newer = NEWER_PARTS.iter().filter(|name| has_module(&bridge, name));
        let names: Vec<&str> = PARTS.iter().chain(newer).copied().collect();
        names
            .iter()
            .try_for_each(|name| check_module(&bridge, name))?;
        Ok(Self {
            root,
            modules,
            bridge,
            parts: names.iter().map(part).collect::<Result<_, _>>()?,
            std: File::parse("std".to_owned(), crate::definitions::STD)?,
        })
    }

    /// The items of the bridge.
    pub(crate) fn items(&self) -> Items<'_> {
        let files = [&self.bridge].into_iter().chain(&self.parts);
        Items(files.flat_map(File::items).collect())
    }
}

fn has_module(parent: &File, name: &str) -> bool {
    let mut items = parent.syntax.items.iter();
    items.any(|item| matches!(item, syn::Item::Mod(module) if module.ident == name))
}

/// A module is where its name says, whatever is compiled.
fn check_module(parent: &File, name: &str) -> Result<(), ProtocolError> {
    let mut found = parent.syntax.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.ident == name && module.content.is_none() => Some(module),
        _ => None,
    });
    let item = || format!("mod {name};");
    let module = found.next().ok_or_else(|| ProtocolError::Missing {
        place: parent.line(0),
        item: item(),
    })?;
    let mut attributes = module.attrs.clone();
    attributes.retain(|attribute| !attribute.path().is_ident("macro_use"));
    check_attributes(&attributes, parent, &item())?;
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

    /// Its name below `library/proc_macro/src/`.
    pub(crate) fn short(&self) -> &str {
        let name = self.name.strip_prefix(ROOT);
        name.map_or(&self.name, |name| &name[1..])
    }

    /// The items that can be compared, also those in modules that have no file of their own.
    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        let mut out = Vec::new();
        add_all(self, &self.syntax.items, &[], &mut out);
        out
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

/// An item, with a name under which there should be only one.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) file: &'a File,
    /// `struct Buffer`, `impl Encode<S> for u8`, `fn Client::expand1` and the like.
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The attributes that can't be ignored, also those of what it is in.
    pub(crate) attributes: Vec<String>,
    pub(crate) tokens: Vec<Token>,
    /// The item, or the `impl` that it is in.
    pub(crate) syntax: &'a syn::Item,
}

impl Item<'_> {
    pub(crate) fn place(&self) -> Place {
        self.file.line(self.line)
    }

    /// A form of this item that is not understood.
    pub(crate) fn unknown(&self, reason: impl Into<String>) -> ProtocolError {
        ProtocolError::Unknown {
            place: self.place(),
            item: self.name.clone(),
            reason: reason.into(),
        }
    }
}

/// The items of several files.
#[derive(Debug)]
pub(crate) struct Items<'a>(pub(crate) Vec<Item<'a>>);

impl<'a> Items<'a> {
    /// The item of that name, if there is any.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&Item<'a>>, ProtocolError> {
        let mut found = self.0.iter().filter(|item| item.name == name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(second) => Err(ProtocolError::Twice {
                place: second.place(),
                item: name.to_owned(),
            }),
        }
    }

    /// The item of that name; `file` is the one that has it in known releases.
    pub(crate) fn one(&self, file: &str, name: &str) -> Result<&Item<'a>, ProtocolError> {
        self.get(name)?.ok_or_else(|| missing(file, name))
    }
}

/// An item of that file is missing.
pub(crate) fn missing(file: &str, name: &str) -> ProtocolError {
    ProtocolError::Missing {
        place: Place {
            file: format!("{ROOT}/{file}"),
            line: 0,
        },
        item: name.to_owned(),
    }
}

/// The attributes that can't be ignored, besides those around them.
fn counting(attributes: &[Attribute], around: &[String]) -> Vec<String> {
    let texts = attributes.iter().map(|it| text(it));
    let counting = texts.filter(|text| !text.is_empty());
    around.iter().cloned().chain(counting).collect()
}

/// Tokens as a text, without what doesn't matter.
pub(crate) fn text(tokens: &dyn ToTokens) -> String {
    show(&flatten(tokens.to_token_stream()))
}

/// None of an item's attributes may change what is encoded.
pub(crate) fn check_attributes(
    attributes: &[Attribute],
    file: &File,
    item: &str,
) -> Result<(), ProtocolError> {
    match attributes
        .iter()
        .find(|attribute| !text(attribute).is_empty())
    {
        None => Ok(()),
        Some(attribute) => {
            let reason = format!("the attribute `{}` may change the bridge", text(attribute));
            Err(file.unknown(attribute.span(), item, reason))
        }
    }
}

fn add_all<'a>(file: &'a File, items: &'a [syn::Item], around: &[String], out: &mut Vec<Item<'a>>) {
    for item in items {
        add(file, item, around, out);
    }
}

/// Adds the items of an item: each function of an inherent `impl` is one of its own, since
/// functions come and go beside those that matter.
fn add<'a>(file: &'a File, item: &'a syn::Item, around: &[String], out: &mut Vec<Item<'a>>) {
    let (name, attributes, span) = match item {
        syn::Item::Struct(it) => (format!("struct {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Enum(it) => (format!("enum {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Type(it) => (format!("type {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Trait(it) => (format!("trait {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Static(it) => (format!("static {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Const(it) => (format!("const {}", it.ident), &it.attrs, it.ident.span()),
        syn::Item::Fn(it) => (
            format!("fn {}", it.sig.ident),
            &it.attrs,
            it.sig.ident.span(),
        ),
        syn::Item::Macro(it) => {
            let name = match &it.ident {
                Some(name) => format!("macro_rules! {name}"),
                None => format!("{}!({})", text(&it.mac.path), text(&it.mac.tokens)),
            };
            (name, &it.attrs, it.mac.path.span())
        }
        syn::Item::Impl(it) => {
            let ty = text(&it.self_ty);
            let Some((path, _)) = &it.trait_ else {
                return add_functions(file, item, it, &counting(&it.attrs, around), out);
            };
            let name = format!("impl {} for {ty}", text(path));
            (name, &it.attrs, it.impl_token.span())
        }
        syn::Item::Mod(it) => {
            if let Some((_, items)) = &it.content {
                add_all(file, items, &counting(&it.attrs, around), out);
            }
            return;
        }
        _ => return,
    };
    out.push(Item {
        file,
        name,
        line: span.start().line,
        attributes: counting(attributes, around),
        tokens: flatten(item.to_token_stream()),
        syntax: item,
    });
}

fn add_functions<'a>(
    file: &'a File,
    syntax: &'a syn::Item,
    item: &syn::ItemImpl,
    around: &[String],
    out: &mut Vec<Item<'a>>,
) {
    let ty = text(&item.self_ty);
    for function in &item.items {
        let ImplItem::Fn(function) = function else {
            continue;
        };
        out.push(Item {
            file,
            name: format!("fn {ty}::{}", function.sig.ident),
            line: function.sig.ident.span().start().line,
            attributes: counting(&function.attrs, around),
            tokens: flatten(function.to_token_stream()),
            syntax,
        });
    }
}
