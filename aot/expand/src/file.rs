//! The whole file: what to expand, in which order, and where the output goes.

use crate::attribute::Attribute;
use crate::cfg::CfgSet;
use crate::derive::evaluate;
use crate::error::ExpandFileError;
use crate::find::{Found, Gone, Position, find};
use crate::flat::{Flat, Text, flatten, matching, span_of, splice, split_commas, unflatten};
use crate::place::{compile_error, needs_semicolon, placed};
use crate::select::Selection;
use pm_server::{Input, Span, TokenStream};
use std::ops::Range;

/// How often macros may make uses of macros: rustc's recursion limit.
const MAX_ROUNDS: usize = 128;

/// A macro applied to something.
#[derive(Clone, Debug)]
pub struct Use {
    /// The macro's number in the declarations.
    pub index: usize,
    /// Where it is called: a derive's path, an attribute, a call with its delimiters.
    pub call_site: Span,
    /// What it is given.
    pub input: Input<TokenStream>,
}

/// A use, and what came of it.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The macro's number in the declarations.
    pub index: usize,
    /// Where it is called.
    pub call_site: Span,
    /// What the macro made, or why it made nothing.
    pub output: Result<TokenStream, String>,
}

/// A file with its macros expanded.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// Each use, in the order in which they were expanded.
    pub uses: Vec<Expanded>,
    /// The file with all output in its place, and in the place of what failed a `compile_error!`.
    pub file: TokenStream,
}

/// Expands the selected macros in a file, also where other uses of them made uses.
///
/// `expand` is called for each use. The tokens of the file are those that
/// [`Standalone::add_file`](pm_server::Standalone::add_file) returned, or any others.
///
/// # Errors
///
/// If the file is not valid Rust, before or after expansion, or macros make uses without end.
pub fn expand_file(
    file: &TokenStream,
    selection: &Selection<'_>,
    cfgs: &CfgSet,
    mut expand: impl FnMut(Use) -> Result<TokenStream, String>,
) -> Result<Expansion, ExpandFileError> {
    let mut flats = flatten(file);
    let mut uses = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let text = Text::new(&flats);
        let found = find(&flats, &text, selection, cfgs)
            .map_err(|error| syntax(&error, &flats, &text, !uses.is_empty()))?;
        if found.is_empty() {
            return Ok(Expansion {
                uses,
                file: unflatten(flats),
            });
        }
        let mut round = Round {
            flats: &flats,
            cfgs,
            expand: &mut expand,
            uses: &mut uses,
        };
        let edits = found
            .into_iter()
            .flat_map(|found| round.edits(found))
            .collect();
        splice(&mut flats, edits);
    }
    Err(ExpandFileError::Recursion(MAX_ROUNDS))
}

fn syntax(error: &syn::Error, flats: &[Flat], text: &Text, expanded: bool) -> ExpandFileError {
    let token = text.token_at(error.span().byte_range().start);
    // Something is missing at the end: the last token is where to look.
    let flat = flats.get(token).or(flats.last());
    let span = flat.map(Flat::span).unwrap_or_default();
    ExpandFileError::Syntax {
        message: error.to_string(),
        span,
        expanded,
    }
}

type Edit = (Range<usize>, Vec<Flat>);

struct Round<'a, F> {
    flats: &'a [Flat],
    cfgs: &'a CfgSet,
    expand: &'a mut F,
    uses: &'a mut Vec<Expanded>,
}

impl<F: FnMut(Use) -> Result<TokenStream, String>> Round<'_, F> {
    fn edits(&mut self, found: Found) -> Vec<Edit> {
        match found {
            Found::Conditional { attributes } => attributes
                .into_iter()
                .filter_map(|attribute| {
                    let new = attribute.conditional(self.flats, self.cfgs)?;
                    Some((attribute.range, new))
                })
                .collect(),
            Found::Attr {
                item,
                attribute,
                gone,
                index,
            } => {
                vec![self.attr(item, &attribute, gone, index)]
            }
            Found::Derive {
                item,
                attribute,
                gone,
                macros,
            } => self.derive(item, &attribute, gone, &macros),
            Found::Bang {
                call,
                semicolon,
                position,
                index,
            } => {
                vec![self.bang(call, semicolon, position, index)]
            }
        }
    }

    fn attr(
        &mut self,
        item: Range<usize>,
        attribute: &Attribute,
        gone: Gone,
        index: usize,
    ) -> Edit {
        let call_site = span_of(self.flats, attribute.range.clone());
        let rest = self.without(item.clone(), attribute, &gone);
        let args = unflatten(self.flats[attribute.meta.args()].iter().cloned());
        let input = Input::Attr {
            args,
            item: unflatten(rest.clone()),
        };
        // Other derives that came first stay: they are not ours to expand.
        let derives = gone
            .derives
            .iter()
            .flat_map(|range| self.flats[range.clone()].to_vec());
        let mut new: Vec<_> = derives.collect();
        match self.expand(index, call_site, input) {
            Ok(output) => new.extend(flatten(&output)),
            // An item that is followed by an error is of more use than the error alone.
            Err(message) => {
                new.extend(rest);
                new.extend(flatten(&compile_error(&message, call_site, Position::Item)));
            }
        }
        (item, new)
    }

    fn derive(
        &mut self,
        item: Range<usize>,
        attribute: &Attribute,
        gone: Gone,
        macros: &[(usize, Range<usize>)],
    ) -> Vec<Edit> {
        let input = evaluate(self.without(item.clone(), attribute, &gone), self.cfgs);
        let input = unflatten(input);
        let mut made = Vec::new();
        for (index, path) in macros {
            let call_site = span_of(self.flats, path.clone());
            let output = self.expand(*index, call_site, Input::Derive(input.clone()));
            let output =
                output.unwrap_or_else(|message| compile_error(&message, call_site, Position::Item));
            made.extend(flatten(&output));
        }
        vec![
            self.underived(attribute, macros),
            (item.end..item.end, made),
        ]
    }

    /// The `derive` without the macros that were expanded.
    fn underived(&self, attribute: &Attribute, macros: &[(usize, Range<usize>)]) -> Edit {
        let Some(list) = attribute.meta.list() else {
            return (attribute.range.clone(), Vec::new());
        };
        let others: Vec<_> = split_commas(self.flats, list.clone())
            .into_iter()
            .filter(|path| macros.iter().all(|(_, expanded)| expanded != path))
            .collect();
        match (others.first(), others.last()) {
            (None, _) | (_, None) => (attribute.range.clone(), Vec::new()),
            (Some(first), Some(_)) => {
                let comma = self.flats[list.clone()].iter().find(|flat| flat.is_op(","));
                let mut new = self.flats[first.clone()].to_vec();
                for path in &others[1..] {
                    new.extend(comma.cloned());
                    new.extend_from_slice(&self.flats[path.clone()]);
                }
                (list, new)
            }
        }
    }

    fn bang(
        &mut self,
        call: Range<usize>,
        semicolon: Option<usize>,
        position: Position,
        index: usize,
    ) -> Edit {
        let call_site = span_of(self.flats, call.clone());
        let bang = self.flats[call.clone()]
            .iter()
            .position(|flat| flat.is_op("!"));
        let open = call.start + bang.unwrap_or_default() + 1;
        let Some(close) = matching(self.flats, open) else {
            return (call, Vec::new());
        };
        let body = open + 1..close;
        let input = Input::Bang(unflatten(self.flats[body].iter().cloned()));
        let output = self.expand(index, call_site, input);
        let output = output.unwrap_or_else(|message| compile_error(&message, call_site, position));
        let mut new = placed(&output, position, call_site);
        let Some(semicolon) = semicolon else {
            return (call, new);
        };
        if position == Position::Statement && needs_semicolon(&new) {
            new.push(self.flats[semicolon].clone());
        }
        (call.start..semicolon + 1, new)
    }

    fn expand(
        &mut self,
        index: usize,
        call_site: Span,
        input: Input<TokenStream>,
    ) -> Result<TokenStream, String> {
        let output = (self.expand)(Use {
            index,
            call_site,
            input,
        });
        self.uses.push(Expanded {
            index,
            call_site,
            output: output.clone(),
        });
        output
    }

    /// An item without an attribute, and without its gone, which hold.
    fn without(&self, item: Range<usize>, attribute: &Attribute, gone: &Gone) -> Vec<Flat> {
        let mut rest = self.flats[item.clone()].to_vec();
        let gone = gone
            .conditions
            .iter()
            .chain(&gone.derives)
            .cloned()
            .chain([attribute.range.clone()]);
        let relative = |range: Range<usize>| range.start - item.start..range.end - item.start;
        splice(
            &mut rest,
            gone.map(|range| (relative(range), Vec::new())).collect(),
        );
        rest
    }
}
