//! Spans.

use crate::client::Client;
use pm_server::protocol::{Request, SpanHandle, TokenTree};
use std::ops::{Bound, Range};

const TEXT: &str = "é = a;\r\n  b+ 'x'\n";

/// The span of a token of the text.
fn span(client: &mut Client, index: usize) -> SpanHandle {
    let input = client.input;
    let copy = client.clone(input);
    match &client.trees(copy)[index] {
        TokenTree::Group(group) => group.span.entire,
        TokenTree::Punct(punct) => punct.span,
        TokenTree::Ident(ident) => ident.span,
        TokenTree::Literal(literal) => literal.span,
    }
}

#[test]
fn places() {
    let mut client = Client::new(TEXT, 0);
    let mut check = |index, range: Range<usize>, line: usize, column: usize, text: &str| {
        let span = span(&mut client, index);
        assert_eq!(
            client.call(&Request::SpanByteRange { span }),
            Ok(range),
            "{text}"
        );
        assert_eq!(client.call(&Request::SpanLine { span }), Ok(line), "{text}");
        assert_eq!(
            client.call(&Request::SpanColumn { span }),
            Ok(column),
            "{text}"
        );
        let source = client.call::<Option<String>>(&Request::SpanSourceText { span });
        assert_eq!(source, Ok(Some(text.to_owned())));
    };
    check(0, 0..2, 1, 1, "é");
    check(1, 3..4, 1, 3, "=");
    check(2, 5..6, 1, 5, "a");
    // rustc reads `\r\n` as `\n`.
    check(4, 10..11, 2, 3, "b");
    check(6, 13..16, 2, 6, "'x'");
}

#[test]
fn files() {
    let mut client = Client::new(TEXT, 0);
    let span = span(&mut client, 0);
    let path = Some("src/lib.rs".to_owned());
    assert_eq!(
        client.call(&Request::SpanFile { span }),
        Ok("src/lib.rs".to_owned())
    );
    assert_eq!(client.call(&Request::SpanLocalFile { span }), Ok(path));
}

#[test]
fn equal_spans_are_one() {
    let mut client = Client::new(TEXT, 0);
    let (first, second) = (span(&mut client, 2), span(&mut client, 2));
    assert_eq!(first, second);
    assert_ne!(first, span(&mut client, 3));
}

#[test]
fn ends_and_parts() {
    let mut client = Client::new(TEXT, 0);
    let literal = span(&mut client, 6);
    let range = |client: &mut Client, span| {
        client
            .call::<Range<usize>>(&Request::SpanByteRange { span })
            .expect("no panic")
    };
    let start = client
        .call(&Request::SpanStart { span: literal })
        .expect("no panic");
    assert_eq!(range(&mut client, start), 13..13);
    let end = client
        .call(&Request::SpanEnd { span: literal })
        .expect("no panic");
    assert_eq!(range(&mut client, end), 16..16);
    let mut check = |start, end, expect: Option<Range<usize>>| {
        let request = Request::SpanSubspan {
            span: literal,
            start,
            end,
        };
        let part: Option<SpanHandle> = client.call(&request).expect("no panic");
        assert_eq!(part.map(|part| range(&mut client, part)), expect);
    };
    check(Bound::Unbounded, Bound::Unbounded, Some(13..16));
    check(Bound::Included(1), Bound::Excluded(2), Some(14..15));
    check(Bound::Excluded(0), Bound::Included(1), Some(14..15));
    check(Bound::Included(0), Bound::Excluded(4), None);
    check(Bound::Included(2), Bound::Excluded(2), None);
    check(Bound::Included(3), Bound::Unbounded, None);
    check(Bound::Included(u32::MAX as usize), Bound::Unbounded, None);
    check(
        Bound::Excluded(u32::MAX as usize),
        Bound::Included(u32::MAX as usize),
        None,
    );
}

#[test]
fn join() {
    let mut client = Client::new(TEXT, 3);
    let (first, last) = (span(&mut client, 0), span(&mut client, 2));
    let joined: Option<SpanHandle> = client
        .call(&Request::SpanJoin {
            span: last,
            other: first,
        })
        .expect("no panic");
    let joined = joined.expect("one file");
    assert_eq!(
        client.call(&Request::SpanByteRange { span: joined }),
        Ok(0_usize..6)
    );
    // With what a macro made, it is that.
    let call_site = client.globals.call_site;
    let mixed: Option<SpanHandle> = client
        .call(&Request::SpanJoin {
            span: first,
            other: call_site,
        })
        .expect("no panic");
    assert_eq!(mixed, Some(call_site));
}

#[test]
fn join_across_files() {
    let mut client = Client::new("a", 0);
    let first = span(&mut client, 0);
    let backend = client.server.backend_mut();
    let name = pm_server::FileName::Virtual("other".to_owned());
    let (_, tokens) = backend.add_file(name, "b").expect("a small file");
    let input = client.server.encode_input(pm_server::Input::Attr {
        args: tokens.expect("tokens"),
        item: pm_server::TokenStream::default(),
    });
    assert_eq!(input.len(), 20);
    // The handles are those of a new expansion: ask for both again.
    let _ = first;
    let other = span(&mut client, 0);
    let call_site = client.globals.call_site;
    let joined: Option<SpanHandle> = client
        .call(&Request::SpanJoin {
            span: other,
            other: call_site,
        })
        .expect("no panic");
    assert_eq!(joined, None);
    let file: String = client
        .call(&Request::SpanFile { span: other })
        .expect("no panic");
    assert_eq!(file, "other");
}

#[test]
fn sites() {
    let mut client = Client::new(TEXT, 2);
    let token = span(&mut client, 2);
    let call_site = client.globals.call_site;
    let text: Option<String> = client
        .call(&Request::SpanSourceText { span: call_site })
        .expect("no panic");
    assert_eq!(text.as_deref(), Some("é"));
    // What a macro made comes from its call; what is in the source comes from nothing.
    let parent: Option<SpanHandle> = client
        .call(&Request::SpanParent { span: call_site })
        .expect("no panic");
    let source = client
        .call(&Request::SpanSource { span: call_site })
        .expect("no panic");
    assert_eq!(parent, Some(source));
    assert_ne!(source, call_site);
    assert_eq!(
        client.call(&Request::SpanParent { span: token }),
        Ok(None::<SpanHandle>)
    );
    assert_eq!(client.call(&Request::SpanSource { span: token }), Ok(token));
    // The place of the one, made by the other.
    let resolve = Request::SpanResolvedAt {
        span: token,
        at: call_site,
    };
    let resolved: SpanHandle = client.call(&resolve).expect("no panic");
    assert_ne!(resolved, token);
    assert_eq!(
        client.call(&Request::SpanByteRange { span: resolved }),
        Ok(5_usize..6)
    );
    let parent_of = |client: &mut Client, span| {
        client
            .call::<Option<SpanHandle>>(&Request::SpanParent { span })
            .expect("no panic")
    };
    assert_eq!(parent_of(&mut client, resolved), parent);
    let back = Request::SpanResolvedAt {
        span: resolved,
        at: token,
    };
    assert_eq!(client.call(&back), Ok(token));
    let debug: String = client
        .call(&Request::SpanDebug { span: token })
        .expect("no panic");
    assert_eq!(debug, "#0 bytes(6..7)");
}

#[test]
fn saved() {
    let mut client = Client::new(TEXT, 0);
    let token = span(&mut client, 0);
    assert_eq!(
        client.call(&Request::SpanSaveSpan { span: token }),
        Ok(0_usize)
    );
    assert_eq!(
        client.call(&Request::SpanSaveSpan { span: token }),
        Ok(1_usize)
    );
    // What the macro's crate saved when it was compiled isn't here: its definition stands for it.
    let def_site = client.globals.def_site;
    assert_eq!(
        client.call(&Request::SpanRecoverProcMacroSpan { id: 5 }),
        Ok(def_site)
    );
}
