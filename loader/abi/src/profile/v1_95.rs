//! The bridge of rustc 1.95 to 1.97: one list of methods, two handle counters.

use super::build::Builder;
use super::methods::{SpanMethods, TextErrors, free_functions, span, symbol, token_stream};
use super::{ArgumentOrder, DeclarationLayout, LexErrors, Profile, Tag, UsizeEncoding};
use crate::schema::Schema;

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.95",
        releases: 95..=97,
        tag: Tag::Method,
        arguments: ArgumentOrder::Forward,
        usize_encoding: UsizeEncoding::Native,
        declarations: DeclarationLayout::ProcMacros { counters: 2 },
        lex_errors: LexErrors::Texts,
        schema: schema(),
    }
}

/// The messages, the same as those of 1.98 but for the encoding of `usize`.
pub(super) fn schema() -> Schema {
    let mut b = Builder::new();
    free_functions(&mut b, TextErrors::WithReason);
    token_stream(&mut b, TextErrors::WithReason);
    span(&mut b, SpanMethods::WithFileNames);
    symbol(&mut b);
    b.finish()
}
