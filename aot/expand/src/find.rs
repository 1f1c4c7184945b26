//! Where the macros apply, found by `syn`.
//!
//! Only the outermost uses: what is inside one is the macro's.

use crate::attribute::{Attribute, Meta, is_std, last_segment};
use crate::cfg::CfgSet;
use crate::flat::{Flat, Text, split_commas};
use crate::select::{Selection, is_builtin_derive};
use pm_abi::MacroKind;
use proc_macro2::Span;
use std::collections::BTreeSet;
use std::ops::Range;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// Something to do, in ranges of flat tokens.
#[derive(Debug)]
pub(crate) enum Found {
    /// An item whose conditional attributes are to be replaced by what they stand for.
    Conditional { attributes: Vec<Attribute> },
    Derive {
        item: Range<usize>,
        attribute: Attribute,
        /// Conditions on it, which hold, and the `derive`s before this attribute: both are gone
        /// when the macro sees the item.
        gone: Gone,
        /// The number of each macro, and its path.
        macros: Vec<(usize, Range<usize>)>,
    },
    Attr {
        item: Range<usize>,
        attribute: Attribute,
        /// Conditions on it, which hold, and the `derive`s before this attribute: both are gone
        /// when the macro sees the item.
        gone: Gone,
        index: usize,
    },
    Bang {
        /// From the path to the closing delimiter.
        call: Range<usize>,
        /// A semicolon that belongs to the call.
        semicolon: Option<usize>,
        position: Position,
        index: usize,
    },
}

/// Attributes of an item that are carried out before the one in question.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) conditions: Vec<Range<usize>>,
    pub(crate) derives: Vec<Range<usize>>,
}

/// Where a function-like macro is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Item,
    Statement,
    Expression,
    Type,
    Pattern,
}

pub(crate) fn find(
    flats: &[Flat],
    text: &Text,
    selection: &Selection<'_>,
    cfgs: &CfgSet,
) -> syn::Result<Vec<Found>> {
    let file: syn::File = syn::parse_str(&text.text)?;
    let mut imports = Imports::default();
    imports.visit_file(&file);
    let imported = imports.names;
    let mut finder = Finder {
        flats,
        text,
        selection,
        cfgs,
        imported,
        found: Vec::new(),
    };
    finder.visit_file(&file);
    Ok(finder.found)
}

/// All names that the file imports, wherever.
#[derive(Default)]
struct Imports {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_use_name(&mut self, name: &'ast syn::UseName) {
        self.names.insert(name.ident.to_string());
    }

    fn visit_use_rename(&mut self, name: &'ast syn::UseRename) {
        self.names.insert(name.rename.to_string());
    }
}

/// The attributes of an item.
pub(crate) fn item_attributes(item: &syn::Item) -> &[syn::Attribute] {
    macro_rules! of {
        ($($kind:ident)*) => {
            match item {
                $(syn::Item::$kind(item) => &item.attrs,)*
                _ => &[],
            }
        };
    }
    of!(Const Enum ExternCrate Fn ForeignMod Impl Macro Mod Static Struct Trait TraitAlias Type
        Union Use)
}

struct Finder<'a> {
    flats: &'a [Flat],
    text: &'a Text,
    selection: &'a Selection<'a>,
    cfgs: &'a CfgSet,
    imported: BTreeSet<String>,
    found: Vec<Found>,
}

impl Finder<'_> {
    fn range(&self, span: Span) -> Range<usize> {
        self.text.tokens(self.flats, span.byte_range())
    }

    fn attributes(&self, attributes: &[syn::Attribute]) -> Vec<Attribute> {
        attributes
            .iter()
            .filter_map(|attribute| Attribute::new(self.flats, self.range(attribute.span())))
            .collect()
    }

    /// Looks at an item's attributes; returns whether to look inside the item too.
    fn enter(&mut self, attributes: &[syn::Attribute], item: Span, derives: bool) -> bool {
        let attributes = self.attributes(attributes);
        if attributes
            .iter()
            .any(|attribute| attribute.excludes(self.flats, self.cfgs))
        {
            return false;
        }
        let first = attributes.iter().find(|attribute| {
            let metas = attribute.metas(self.flats, self.cfgs);
            metas.iter().any(|meta| self.applies(meta, derives))
        });
        let Some(attribute) = first.cloned() else {
            return true;
        };
        let named = |name| {
            let has = |a: &&Attribute| a.meta.name(self.flats) == Some(name);
            attributes.iter().filter(has).cloned().collect::<Vec<_>>()
        };
        let conditional = named("cfg_attr");
        if !conditional.is_empty() {
            self.found.push(Found::Conditional {
                attributes: conditional,
            });
            return false;
        }
        let ranges = |attributes: Vec<Attribute>| attributes.into_iter().map(|a| a.range);
        let gone = Gone {
            conditions: ranges(named("cfg")).collect(),
            derives: ranges(named("derive"))
                .filter(|range| range.start < attribute.range.start)
                .collect(),
        };
        let item = self.range(item);
        let found = match self.attribute_macro(&attribute.meta) {
            Some(index) => Found::Attr {
                item,
                attribute,
                gone,
                index,
            },
            None => {
                let macros = self.derives(&attribute.meta);
                Found::Derive {
                    item,
                    attribute,
                    gone,
                    macros,
                }
            }
        };
        self.found.push(found);
        false
    }

    fn applies(&self, meta: &Meta, derives: bool) -> bool {
        self.attribute_macro(meta).is_some() || derives && !self.derives(meta).is_empty()
    }

    fn attribute_macro(&self, meta: &Meta) -> Option<usize> {
        let (name, _) = meta.last(self.flats)?;
        self.selection.find(MacroKind::Attr, name)
    }

    fn derives(&self, meta: &Meta) -> Vec<(usize, Range<usize>)> {
        let Some(list) = meta
            .list()
            .filter(|_| meta.name(self.flats) == Some("derive"))
        else {
            return Vec::new();
        };
        let known = |path: Range<usize>| {
            let (name, single) = last_segment(self.flats, path.clone())?;
            if single && is_builtin_derive(name) && !self.imported.contains(name) {
                return None;
            }
            Some((self.selection.find(MacroKind::Derive, name)?, path))
        };
        split_commas(self.flats, list)
            .into_iter()
            .filter_map(known)
            .collect()
    }

    /// A function-like macro's call, if it is one of ours.
    fn call(&mut self, mac: &syn::Macro, semicolon: Option<Span>, position: Position) -> bool {
        let segments = &mac.path.segments;
        let of_std = segments.len() > 1 && is_std(&segments[0].ident.to_string());
        let last = segments.last().filter(|_| !of_std);
        let name = last.map(|segment| segment.ident.to_string());
        let index = name.and_then(|name| self.selection.find(MacroKind::Bang, &name));
        if let Some(index) = index {
            let start = self.range(mac.path.span()).start;
            let end = self.range(mac.delimiter.span().close()).end;
            let semicolon = semicolon.map(|span| self.range(span).start);
            self.found.push(Found::Bang {
                call: start..end,
                semicolon,
                position,
                index,
            });
        }
        index.is_some()
    }
}

/// What the items of a trait, an implementation or an `extern` block have in common: their attributes, and that they can be a macro's call.
macro_rules! enter {
    ($self:ident, $node:ident, $visit:path, $kind:ident { $($variant:ident)* }) => {{
        let attributes = match $node {
            $(syn::$kind::$variant(node) => &node.attrs,)*
            syn::$kind::Macro(node) => &node.attrs,
            _ => return $visit($self, $node),
        };
        if !$self.enter(attributes, $node.span(), false) {
            return;
        }
        if let syn::$kind::Macro(node) = $node {
            let semicolon = node.semi_token.map(|token| token.span());
            $self.call(&node.mac, semicolon, Position::Item);
            return;
        }
        $visit($self, $node);
    }};
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !self.enter(item_attributes(item), item.span(), true) {
            return;
        }
        match item {
            syn::Item::Macro(node) => {
                let semicolon = node.semi_token.map(|token| token.span());
                self.call(&node.mac, semicolon, Position::Item);
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        enter!(self, item, visit::visit_impl_item, ImplItem { Const Fn Type });
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        enter!(self, item, visit::visit_trait_item, TraitItem { Const Fn Type });
    }

    fn visit_foreign_item(&mut self, item: &'ast syn::ForeignItem) {
        enter!(self, item, visit::visit_foreign_item, ForeignItem { Fn Static Type });
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        match statement {
            syn::Stmt::Local(local) if !self.enter(&local.attrs, local.span(), false) => {}
            syn::Stmt::Macro(node) => {
                if self.enter(&node.attrs, node.span(), false) {
                    let semicolon = node.semi_token.map(|token| token.span());
                    self.call(&node.mac, semicolon, Position::Statement);
                }
            }
            syn::Stmt::Expr(syn::Expr::Macro(node), semicolon) => {
                let semicolon = semicolon.map(|token| token.span());
                self.call(&node.mac, semicolon, Position::Statement);
            }
            _ => visit::visit_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        match expression {
            syn::Expr::Macro(node) => {
                self.call(&node.mac, None, Position::Expression);
            }
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_type(&mut self, ty: &'ast syn::Type) {
        match ty {
            syn::Type::Macro(node) => {
                self.call(&node.mac, None, Position::Type);
            }
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        match pattern {
            syn::Pat::Macro(node) => {
                self.call(&node.mac, None, Position::Pattern);
            }
            _ => visit::visit_pat(self, pattern),
        }
    }
}
