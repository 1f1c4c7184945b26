//! The Rust types that messages are made of, as they are defined.

use crate::ProtocolError;
use crate::source::{File, Sources, check_attributes};
use std::collections::BTreeMap;
use syn::spanned::Spanned;
use syn::{Fields, GenericParam, Generics, Item, Type, UseTree};

/// Types of std, which are as stable as the language.
pub(crate) const STD: &str = "
    enum Option<T> { None, Some(T) }
    enum Result<T, E> { Ok(T), Err(E) }
    enum Bound<T> { Included(T), Excluded(T), Unbounded }
    struct Range<T> { start: T, end: T }
";

/// A struct or enum.
#[derive(Debug)]
pub(crate) struct Definition<'a> {
    pub(crate) file: &'a File,
    /// The names of its parameters, all of which are types.
    pub(crate) parameters: Vec<String>,
    /// Whether it is an enum.
    pub(crate) is_enum: bool,
    /// The fields of a struct, or the variants of an enum and what each has, which may be nothing.
    pub(crate) parts: Vec<(String, Option<&'a Type>)>,
}

/// The definitions by name. Those that have no encoding may be of any form.
pub(crate) struct Definitions<'a>(BTreeMap<String, Vec<(&'a File, &'a Item)>>);

/// The names of `{A, B}`.
fn names(tree: &UseTree, out: &mut Vec<String>) {
    match tree {
        UseTree::Name(name) => out.push(name.ident.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| names(tree, out)),
        _ => {}
    }
}

impl<'a> Definitions<'a> {
    /// The definitions of std and of the bridge, and those that the bridge imports from the root.
    pub(crate) fn new(sources: &'a Sources) -> Self {
        let mut known = Self(BTreeMap::new());
        let bridge = &sources.bridge;
        for file in [&sources.std, bridge] {
            for item in &file.syntax.items {
                known.add(file, item, |_| true);
            }
        }
        let mut imported = Vec::new();
        for item in &bridge.syntax.items {
            if let Item::Use(item) = item
                && let UseTree::Path(path) = &item.tree
                && path.ident == "crate"
            {
                names(&path.tree, &mut imported);
            }
        }
        for file in [&sources.root].into_iter().chain(&sources.modules) {
            for item in &file.syntax.items {
                known.add(file, item, |name| {
                    imported.iter().any(|known| known == name)
                });
            }
        }
        known
    }

    fn add(&mut self, file: &'a File, item: &'a Item, is_wanted: impl Fn(&str) -> bool) {
        let name = match item {
            Item::Struct(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            // An alias hides what it is called.
            Item::Type(item) => item.ident.to_string(),
            _ => return,
        };
        if is_wanted(&name) {
            self.0.entry(name).or_default().push((file, item));
        }
    }

    /// Whether anything is defined under that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The one definition of that name, if there is any.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Definition<'a>>, ProtocolError> {
        let Some(found) = self.0.get(name) else {
            return Ok(None);
        };
        let &[(file, item)] = found.as_slice() else {
            let (file, item) = found[found.len() - 1];
            let span = match item {
                Item::Struct(item) => item.ident.span(),
                Item::Enum(item) => item.ident.span(),
                Item::Type(item) => item.ident.span(),
                _ => proc_macro2::Span::call_site(),
            };
            let place = file.place(span);
            let item = name.to_owned();
            return Err(ProtocolError::Twice { place, item });
        };
        Ok(Some(match item {
            Item::Struct(item) => {
                let name = format!("struct {name}");
                Definition {
                    file,
                    parameters: parameters(file, &name, &item.generics)?,
                    is_enum: false,
                    parts: fields(file, &name, item)?,
                }
            }
            Item::Enum(item) => {
                let name = format!("enum {name}");
                Definition {
                    file,
                    parameters: parameters(file, &name, &item.generics)?,
                    is_enum: true,
                    parts: variants(file, &name, item)?,
                }
            }
            _ => return Ok(None),
        }))
    }
}

/// The names of fields or variants, and their types.
type Parts<'a> = Vec<(String, Option<&'a Type>)>;

fn parameters(file: &File, name: &str, generics: &Generics) -> Result<Vec<String>, ProtocolError> {
    let names = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Type(parameter) => Ok(parameter.ident.to_string()),
        _ => Err(file.unknown(parameter.span(), name, "a parameter is not a type")),
    });
    names.collect()
}

fn fields<'a>(
    file: &File,
    name: &str,
    item: &'a syn::ItemStruct,
) -> Result<Parts<'a>, ProtocolError> {
    check_attributes(&item.attrs, file, name)?;
    let mut fields = Vec::new();
    for field in &item.fields {
        check_attributes(&field.attrs, file, name)?;
        let Some(ident) = &field.ident else {
            return Err(file.unknown(field.span(), name, "a field has no name"));
        };
        fields.push((ident.to_string(), Some(&field.ty)));
    }
    Ok(fields)
}

fn variants<'a>(
    file: &File,
    name: &str,
    item: &'a syn::ItemEnum,
) -> Result<Parts<'a>, ProtocolError> {
    check_attributes(&item.attrs, file, name)?;
    let mut variants = Vec::new();
    for variant in &item.variants {
        check_attributes(&variant.attrs, file, name)?;
        let payload = match &variant.fields {
            Fields::Unit => None,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let field = &fields.unnamed[0];
                check_attributes(&field.attrs, file, name)?;
                Some(&field.ty)
            }
            _ => {
                let reason = format!("`{}` has more than one value", variant.ident);
                return Err(file.unknown(variant.span(), name, reason));
            }
        };
        variants.push((variant.ident.to_string(), payload));
    }
    Ok(variants)
}
