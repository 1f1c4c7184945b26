//! The methods that several epochs have, by the object that they belong to.

use super::build::Builder;
use crate::schema::TypeId;

/// The answer to a text that is no literal, and no tokens.
#[derive(Clone, Copy)]
pub(super) enum TextErrors {
    /// No reason, for a literal; for tokens the compiler panics.
    WithoutReason,
    /// The reason.
    WithReason,
}

/// The functions that belong to no object.
pub(super) fn free_functions(b: &mut Builder, errors: TextErrors) {
    let (str, unit, diagnostic) = (b.str, b.unit, b.diagnostic);
    let maybe_str = b.option(str);
    let literal = match errors {
        TextErrors::WithoutReason => b.result(b.literal, unit),
        TextErrors::WithReason => b.result(b.literal, str),
    };
    b.method("injected_env_var", &[str], maybe_str);
    b.method("track_env_var", &[str, maybe_str], unit);
    b.method("track_path", &[str], unit);
    b.method("literal_from_str", &[str], literal);
    b.method("emit_diagnostic", &[diagnostic], unit);
}

/// The methods of a token stream.
pub(super) fn token_stream(b: &mut Builder, errors: TextErrors) {
    let (str, unit, bool, tree) = (b.str, b.unit, b.bool, b.tree);
    let (stream, stream_ref) = (b.stream, b.stream_ref);
    let maybe_stream = b.option(stream);
    let (trees, streams) = (b.vec(tree), b.vec(stream));
    let stream_or_nothing = b.result(stream, unit);
    let parsed = match errors {
        TextErrors::WithoutReason => stream,
        TextErrors::WithReason => b.result(stream, str),
    };
    b.method("ts_drop", &[stream], unit);
    b.method("ts_clone", &[stream_ref], stream);
    b.method("ts_is_empty", &[stream_ref], bool);
    b.method("ts_expand_expr", &[stream_ref], stream_or_nothing);
    b.method("ts_from_str", &[str], parsed);
    b.method("ts_to_string", &[stream_ref], str);
    b.method("ts_from_token_tree", &[tree], stream);
    b.method("ts_concat_trees", &[maybe_stream, trees], stream);
    b.method("ts_concat_streams", &[maybe_stream, streams], stream);
    b.method("ts_into_trees", &[stream], trees);
}

/// The methods by which a span names its file.
pub(super) enum SpanMethods {
    /// `source_file`, which returns this type.
    WithSourceFile(TypeId),
    /// `file` and `local_file`.
    WithFileNames,
}

/// The methods of a span.
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

/// The methods of an identifier's text.
pub(super) fn symbol(b: &mut Builder) {
    let str_or_nothing = b.result(b.str, b.unit);
    let str = b.str;
    b.method(
        "symbol_normalize_and_validate_ident",
        &[str],
        str_or_nothing,
    );
}
