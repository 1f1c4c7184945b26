//! What no macro sends, but a broken or hostile one may: an error is the answer, never a panic.

use crate::client::Client;
use pm_abi::Dispatch;
use pm_server::protocol::{
    Encode, Method, PanicMessage, Punct, Request, SpanHandle, StreamHandle, TokenTree, Writer,
};
use std::num::NonZeroU32;

fn refused<T: std::fmt::Debug>(result: Result<T, PanicMessage>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn unknown_handles() {
    let mut client = Client::new("a b", 0);
    let unknown = StreamHandle(NonZeroU32::MAX);
    let used = "use-after-free in `proc_macro` handle";
    let input = client.input;
    assert_eq!(
        refused(client.call::<()>(&Request::TsDrop { stream: unknown })),
        used
    );
    assert_eq!(
        refused(client.call::<String>(&Request::TsToString { stream: unknown })),
        used
    );
    let span = SpanHandle(NonZeroU32::MAX);
    assert_eq!(
        refused(client.call::<usize>(&Request::SpanLine { span })),
        used
    );
    let tree = TokenTree::Punct(Punct {
        ch: b'+',
        joint: false,
        span,
    });
    assert_eq!(
        refused(client.call::<u8>(&Request::TsFromTokenTree { tree })),
        used
    );
    client
        .call::<()>(&Request::TsDrop { stream: input })
        .expect("the first time");
    assert_eq!(
        refused(client.call::<()>(&Request::TsDrop { stream: input })),
        used
    );
}

#[test]
fn no_punctuation() {
    let mut client = Client::new("", 0);
    let span = client.globals.call_site;
    let tree = TokenTree::Punct(Punct {
        ch: b'a',
        joint: false,
        span,
    });
    let message = refused(client.call::<u8>(&Request::TsFromTokenTree { tree }));
    assert_eq!(message, "'a' is not punctuation");
}

#[test]
fn malformed() {
    let mut client = Client::new("", 0);
    assert_eq!(
        refused(client.send::<()>(&[])),
        "malformed request: the message is truncated"
    );
    assert_eq!(
        refused(client.send::<()>(&[99])),
        "malformed request: 99 is no tag of Method"
    );
}

/// A reply to whatever bytes: the tag of every method, and then noise.
#[test]
fn noise() {
    let mut client = Client::new("struct A<'a>(&'a str);", 6);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut reply = Vec::new();
    for round in 0..20_000 {
        let mut request = vec![(round % Method::ALL.len()) as u8];
        for _ in 0..random() % 40 {
            // Mostly small numbers, as handles, tags and lengths are.
            let byte = if random() % 4 == 0 {
                random() as u8
            } else {
                (random() % 4) as u8
            };
            request.push(byte);
        }
        reply.clear();
        client.server.dispatch(&request, &mut reply);
        assert!(matches!(reply.first(), Some(0 | 1)), "{request:?}");
    }
}

/// Neither printing nor dropping uses the stack.
#[test]
fn deep() {
    let depth = 200_000;
    let mut client = Client::new("", 0);
    let text = format!("{}{}", "(".repeat(depth), ")".repeat(depth));
    let stream = client.parse(&text);
    assert_eq!(client.print(stream), text);
    client
        .call::<()>(&Request::TsDrop { stream })
        .expect("no panic");
}

/// The reply of a request that fails half-way is an error and nothing else.
#[test]
fn half_done() {
    let mut client = Client::new("a b c", 0);
    let mut bytes = Vec::new();
    let streams = vec![client.input, StreamHandle(NonZeroU32::MAX)];
    Request::TsConcatStreams {
        base: None,
        streams,
    }
    .encode(&mut Writer::new(&mut bytes));
    assert_eq!(
        refused(client.send::<u8>(&bytes)),
        "use-after-free in `proc_macro` handle"
    );
}
