//! The bridge of rustc 1.85 to 1.87: methods in groups, arguments in reverse, source files.

use super::build::Builder;
use super::methods::{SpanMethods, TextErrors, free_functions, span, symbol, token_stream};
use super::{ArgumentOrder, DeclarationLayout, LexErrors, Profile, Tag, UsizeEncoding};
use crate::schema::{Access, HandleKind, Schema, TypeId};

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.85",
        releases: 85..=87,
        tag: Tag::GroupAndMethod,
        arguments: ArgumentOrder::Reverse,
        usize_encoding: UsizeEncoding::Native,
        declarations: DeclarationLayout::ProcMacros { counters: 4 },
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
    let file = source_file(&mut b);
    b.next_group();
    span(&mut b, SpanMethods::WithSourceFile(file));
    b.next_group();
    symbol(&mut b);
    b.finish()
}

/// The first method, which no macro calls: it drops the object that the free functions belong to.
pub(super) fn drop_free_functions(b: &mut Builder) {
    let functions = b.handle(HandleKind::FreeFunctions, Access::Owned);
    b.method("free_functions_drop", &[functions], b.unit);
}

/// The group `SourceFile`; returns the type of an owned one.
fn source_file(b: &mut Builder) -> TypeId {
    let (str, unit, bool) = (b.str, b.unit, b.bool);
    let file = b.handle(HandleKind::SourceFile, Access::Owned);
    let file_ref = b.handle(HandleKind::SourceFile, Access::Borrowed);
    b.method("source_file_drop", &[file], unit);
    b.method("source_file_clone", &[file_ref], file);
    b.method("source_file_eq", &[file_ref, file_ref], bool);
    b.method("source_file_path", &[file_ref], str);
    b.method("source_file_is_real", &[file_ref], bool);
    file
}
