//! Messages of a broken or hostile macro: the answer is an error, never a panic.

use crate::client::{Client, serve};
use pm_abi::schema::MethodId;
use pm_abi::{Dispatch, Profile};
use pm_bridge::{Handles, Transcoder};
use pm_server::protocol::{PanicMessage, Punct, Request, SpanHandle, StreamHandle, TokenTree};
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
        "malformed request: unknown method [99]"
    );
}

/// A reply to whatever bytes: the tag of every method of each profile, and then noise.
#[test]
fn noise() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for profile in Profile::all() {
        let (mut server, _) = serve(
            profile,
            profile.width_in_wasm32(),
            "struct A<'a>(&'a str);",
            6,
        );
        let transcoder = Transcoder::new(profile, pm_bridge::Server::Wasm32);
        let methods = profile.schema.methods.len();
        let mut reply = Vec::new();
        for round in 0..10_000 {
            // Now and then a tag that is no method's.
            let id = round % (methods + 1);
            let mut request = match id == methods {
                true => vec![random() as u8, random() as u8],
                false => profile.tag_of(MethodId(id as u8)),
            };
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
            server.dispatch(&request, &mut reply);
            let Some(method) = profile.method_of(&request) else {
                assert_eq!(reply.first(), Some(&1), "{profile}: {request:?}");
                continue;
            };
            let mut out = Vec::new();
            let passed = transcoder.reply(method, &reply, &mut Handles::new(), &mut out);
            assert_eq!(passed, Ok(&reply[..]), "{profile}: {request:?}");
        }
        // Whatever was done to it, the server goes on.
        let stream = pm_server::TokenStream::default();
        assert!(
            !server
                .encode_input(pm_server::Input::Bang(stream))
                .is_empty()
        );
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
    let request = Request::TsConcatStreams {
        base: None,
        streams,
    };
    client.codec.write_request(&request, &mut bytes);
    assert_eq!(
        refused(client.send::<u8>(&bytes)),
        "use-after-free in `proc_macro` handle"
    );
}
