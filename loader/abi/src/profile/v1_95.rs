//! The bridge of rustc 1.95 to 1.97: one list of methods, two handle counters.

use super::build::Builder;
use super::{ArgumentOrder, DeclarationLayout, Profile, Tag, UsizeEncoding};
use crate::schema::Schema;

pub(super) fn profile() -> Profile {
    Profile {
        name: "1.95",
        releases: 95..=97,
        tag: Tag::Method,
        arguments: ArgumentOrder::Forward,
        usize_encoding: UsizeEncoding::Native,
        declarations: DeclarationLayout::ProcMacros { counters: 2 },
        schema: schema(),
    }
}

/// The messages, the same as those of 1.98 but for the encoding of `usize`.
pub(super) fn schema() -> Schema {
    let mut b = Builder::new();
    let (str, unit, span, stream) = (b.str, b.unit, b.span, b.stream);
    let (usize, bool, tree, diagnostic) = (b.usize, b.bool, b.tree, b.diagnostic);
    let stream_ref = b.stream_ref;
    let (maybe_str, maybe_span, maybe_stream) = (b.option(str), b.option(span), b.option(stream));
    let (trees, streams) = (b.vec(tree), b.vec(stream));
    let (range, bound) = (b.range(), b.bound());
    let literal_or_message = b.result(b.literal, str);
    let stream_or_message = b.result(stream, str);
    let stream_or_nothing = b.result(stream, unit);
    let str_or_nothing = b.result(str, unit);

    b.method("injected_env_var", &[str], maybe_str);
    b.method("track_env_var", &[str, maybe_str], unit);
    b.method("track_path", &[str], unit);
    b.method("literal_from_str", &[str], literal_or_message);
    b.method("emit_diagnostic", &[diagnostic], unit);

    b.method("ts_drop", &[stream], unit);
    b.method("ts_clone", &[stream_ref], stream);
    b.method("ts_is_empty", &[stream_ref], bool);
    b.method("ts_expand_expr", &[stream_ref], stream_or_nothing);
    b.method("ts_from_str", &[str], stream_or_message);
    b.method("ts_to_string", &[stream_ref], str);
    b.method("ts_from_token_tree", &[tree], stream);
    b.method("ts_concat_trees", &[maybe_stream, trees], stream);
    b.method("ts_concat_streams", &[maybe_stream, streams], stream);
    b.method("ts_into_trees", &[stream], trees);

    b.method("span_debug", &[span], str);
    b.method("span_parent", &[span], maybe_span);
    b.method("span_source", &[span], span);
    b.method("span_byte_range", &[span], range);
    b.method("span_start", &[span], span);
    b.method("span_end", &[span], span);
    b.method("span_line", &[span], usize);
    b.method("span_column", &[span], usize);
    b.method("span_file", &[span], str);
    b.method("span_local_file", &[span], maybe_str);
    b.method("span_join", &[span, span], maybe_span);
    b.method("span_subspan", &[span, bound, bound], maybe_span);
    b.method("span_resolved_at", &[span, span], span);
    b.method("span_source_text", &[span], maybe_str);
    b.method("span_save_span", &[span], usize);
    b.method("span_recover_proc_macro_span", &[usize], span);

    b.method(
        "symbol_normalize_and_validate_ident",
        &[str],
        str_or_nothing,
    );
    b.finish()
}
