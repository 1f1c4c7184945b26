//! The bridge of rustc 1.85 to 1.87: methods in groups, arguments in reverse, source files.

use super::build::Builder;
use super::{ArgumentOrder, DeclarationLayout, Profile, Tag, UsizeEncoding};
use crate::schema::{Access, HandleKind, Schema, TypeId};

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.85",
        releases: 85..=87,
        tag: Tag::GroupAndMethod,
        arguments: ArgumentOrder::Reverse,
        usize_encoding: UsizeEncoding::Native,
        declarations: DeclarationLayout::ProcMacros { counters: 4 },
        schema: schema(),
    }
}

fn schema() -> Schema {
    let mut b = Builder::new();
    free_functions(&mut b);
    b.next_group();
    token_stream(&mut b);
    b.next_group();
    let file = source_file(&mut b);
    b.next_group();
    span(&mut b, SpanMethods::WithSourceFile(file));
    b.next_group();
    symbol(&mut b);
    b.finish()
}

/// The group `FreeFunctions`.
pub(super) fn free_functions(b: &mut Builder) {
    let (str, unit, diagnostic) = (b.str, b.unit, b.diagnostic);
    let functions = b.handle(HandleKind::FreeFunctions, Access::Owned);
    let maybe_str = b.option(str);
    let literal_or_nothing = b.result(b.literal, unit);
    b.method("free_functions_drop", &[functions], unit);
    b.method("injected_env_var", &[str], maybe_str);
    b.method("track_env_var", &[str, maybe_str], unit);
    b.method("track_path", &[str], unit);
    b.method("literal_from_str", &[str], literal_or_nothing);
    b.method("emit_diagnostic", &[diagnostic], unit);
}

/// The group `TokenStream`.
pub(super) fn token_stream(b: &mut Builder) {
    let (str, unit, bool, tree) = (b.str, b.unit, b.bool, b.tree);
    let (stream, stream_ref) = (b.stream, b.stream_ref);
    let maybe_stream = b.option(stream);
    let (trees, streams) = (b.vec(tree), b.vec(stream));
    let stream_or_nothing = b.result(stream, unit);
    b.method("ts_drop", &[stream], unit);
    b.method("ts_clone", &[stream_ref], stream);
    b.method("ts_is_empty", &[stream_ref], bool);
    b.method("ts_expand_expr", &[stream_ref], stream_or_nothing);
    b.method("ts_from_str", &[str], stream);
    b.method("ts_to_string", &[stream_ref], str);
    b.method("ts_from_token_tree", &[tree], stream);
    b.method("ts_concat_trees", &[maybe_stream, trees], stream);
    b.method("ts_concat_streams", &[maybe_stream, streams], stream);
    b.method("ts_into_trees", &[stream], trees);
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

/// The methods by which a span names its file.
pub(super) enum SpanMethods {
    /// `source_file`, which returns this type.
    WithSourceFile(TypeId),
    /// `file` and `local_file`.
    WithFileNames,
}

/// The group `Span`.
pub(super) fn span(b: &mut Builder, methods: SpanMethods) {
    let (str, usize, span) = (b.str, b.usize, b.span);
    let (maybe_str, maybe_span) = (b.option(str), b.option(span));
    let (range, bound) = (b.range(), b.bound());
    b.method("span_debug", &[span], str);
    if let SpanMethods::WithSourceFile(file) = methods {
        b.method("span_source_file", &[span], file);
    }
    b.method("span_parent", &[span], maybe_span);
    b.method("span_source", &[span], span);
    b.method("span_byte_range", &[span], range);
    b.method("span_start", &[span], span);
    b.method("span_end", &[span], span);
    b.method("span_line", &[span], usize);
    b.method("span_column", &[span], usize);
    if let SpanMethods::WithFileNames = methods {
        b.method("span_file", &[span], str);
        b.method("span_local_file", &[span], maybe_str);
    }
    b.method("span_join", &[span, span], maybe_span);
    b.method("span_subspan", &[span, bound, bound], maybe_span);
    b.method("span_resolved_at", &[span, span], span);
    b.method("span_source_text", &[span], maybe_str);
    b.method("span_save_span", &[span], usize);
    b.method("span_recover_proc_macro_span", &[usize], span);
}

/// The group `Symbol`.
pub(super) fn symbol(b: &mut Builder) {
    let str_or_nothing = b.result(b.str, b.unit);
    let str = b.str;
    b.method(
        "symbol_normalize_and_validate_ident",
        &[str],
        str_or_nothing,
    );
}
