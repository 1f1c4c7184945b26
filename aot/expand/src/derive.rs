//! What a derive macro gets: the item with all conditions in it evaluated, as rustc's "cfg-eval"
//! does before it.

use crate::attribute::Attribute;
use crate::cfg::CfgSet;
use crate::find::item_attributes;
use crate::flat::{Flat, Text, splice};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Evaluates the conditions in an item, but not those on it.
pub(crate) fn evaluate(mut flats: Vec<Flat>, cfgs: &CfgSet) -> Vec<Flat> {
    let text = Text::new(&flats);
    // It was parsed once already, in the file; what is parsed here is only less.
    let Ok(item) = syn::parse_str::<syn::Item>(&text.text) else {
        return flats;
    };
    let mut evaluator = Evaluator {
        flats: &flats,
        text: &text,
        cfgs,
        edits: Vec::new(),
    };
    visit::visit_item(&mut evaluator, &item);
    let edits = evaluator.edits;
    splice(&mut flats, edits);
    flats
}

struct Evaluator<'a> {
    flats: &'a [Flat],
    text: &'a Text,
    cfgs: &'a CfgSet,
    edits: Vec<(Range<usize>, Vec<Flat>)>,
}

impl Evaluator<'_> {
    /// Returns whether the node stays.
    fn keep(&mut self, attributes: &[syn::Attribute], node: &impl Spanned) -> bool {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|attribute| self.text.tokens(self.flats, attribute.span().byte_range()))
            .filter_map(|range| Attribute::new(self.flats, range))
            .collect();
        if attributes
            .iter()
            .any(|attribute| attribute.excludes(self.flats, self.cfgs))
        {
            let mut range = self.text.tokens(self.flats, node.span().byte_range());
            // The comma goes with what it follows.
            if self
                .flats
                .get(range.end)
                .is_some_and(|flat| flat.is_op(","))
            {
                range.end += 1;
            }
            self.edits.push((range, Vec::new()));
            return false;
        }
        for attribute in attributes {
            if let Some(new) = attribute.conditional(self.flats, self.cfgs) {
                self.edits.push((attribute.range, new));
            }
        }
        true
    }
}

macro_rules! nodes {
    ($($method:ident: $node:ident,)*) => {
        $(
            fn $method(&mut self, node: &'ast syn::$node) {
                if self.keep(&node.attrs, node) {
                    visit::$method(self, node);
                }
            }
        )*
    };
}

impl<'ast> Visit<'ast> for Evaluator<'_> {
    nodes! {
        visit_arm: Arm,
        visit_field: Field,
        visit_field_pat: FieldPat,
        visit_field_value: FieldValue,
        visit_local: Local,
        visit_stmt_macro: StmtMacro,
        visit_variant: Variant,
    }

    fn visit_generic_param(&mut self, node: &'ast syn::GenericParam) {
        let attributes = match node {
            syn::GenericParam::Const(node) => &node.attrs,
            syn::GenericParam::Lifetime(node) => &node.attrs,
            syn::GenericParam::Type(node) => &node.attrs,
        };
        if self.keep(attributes, node) {
            visit::visit_generic_param(self, node);
        }
    }

    fn visit_item(&mut self, node: &'ast syn::Item) {
        if self.keep(item_attributes(node), node) {
            visit::visit_item(self, node);
        }
    }
}
