//! The bridge of rustc 1.88 to 1.94: as that of 1.85, without source files.
//!
//! Made from the pull requests and one copy of `bridge/mod.rs`, not from a release's sources, and not
//! run. No digest of these releases is known, so each compiler has to pass the conformance check.

use super::build::Builder;
use super::methods::{SpanMethods, TextErrors, free_functions, span, symbol, token_stream};
use super::v1_85::drop_free_functions;
use super::{ArgumentOrder, DeclarationLayout, LexErrors, Profile, Tag, UsizeEncoding};
use crate::schema::Schema;

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.88",
        releases: 88..=94,
        tag: Tag::GroupAndMethod,
        arguments: ArgumentOrder::Reverse,
        usize_encoding: UsizeEncoding::Native,
        declarations: DeclarationLayout::ProcMacros { counters: 3 },
        lex_errors: LexErrors::Diagnostics,
        schema: schema(),
    }
}

fn schema() -> Schema {
    let mut b = Builder::new();
    drop_free_functions(&mut b);
    free_functions(&mut b, TextErrors::WithoutReason);
    b.next_group();
    token_stream(&mut b, TextErrors::WithoutReason);
    b.next_group();
    span(&mut b, SpanMethods::WithFileNames);
    b.next_group();
    symbol(&mut b);
    b.finish()
}
