//! The bridge of rustc 1.98: `usize` in eight bytes everywhere, names of macros in the metadata only.

use super::{ArgumentOrder, DeclarationLayout, LexErrors, Profile, Tag, UsizeEncoding, v1_95};

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.98",
        releases: 98..=98,
        tag: Tag::Method,
        arguments: ArgumentOrder::Forward,
        usize_encoding: UsizeEncoding::Eight,
        declarations: DeclarationLayout::Clients,
        lex_errors: LexErrors::AllTexts,
        schema: v1_95::schema(),
    }
}
