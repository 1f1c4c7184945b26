//! Messages of each profile, by hand: honest ones, torn ones, and those of a hostile macro.

use super::*;
use crate::visitor::MAX_DEPTH;

/// A message in the making, in one width.
#[derive(Clone)]
struct Bytes {
    bytes: Vec<u8>,
    width: Width,
}

impl Bytes {
    fn u8(mut self, value: u8) -> Self {
        self.bytes.push(value);
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn usize(mut self, value: u64) -> Self {
        match self.width {
            Width::Four => self.u32(value.try_into().unwrap()),
            Width::Eight => {
                self.bytes.extend(value.to_le_bytes());
                self
            }
        }
    }

    fn str(self, value: &str) -> Self {
        let mut with = self.usize(value.len() as u64);
        with.bytes.extend(value.as_bytes());
        with
    }

    fn spans<const N: usize>(self, spans: [u32; N]) -> Self {
        spans.into_iter().fold(self, Bytes::u32)
    }
}

/// An argument.
type Part<'a> = &'a dyn Fn(Bytes) -> Bytes;

/// A transcoder, and an expansion that holds the streams 7 to 9 and the spans 1 to 5.
struct Fixture {
    transcoder: Transcoder,
    handles: Handles,
}

const STREAMS: [u32; 3] = [7, 8, 9];
const SPANS: [u32; 5] = [1, 2, 3, 4, 5];

impl Fixture {
    fn new(profile: &'static Profile, server: Server) -> Fixture {
        let transcoder = Transcoder::new(profile, server);
        let mut handles = Handles::new();
        let input: Vec<u8> = [1u32, 2, 3, 7, 8]
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect();
        let mut out = Vec::new();
        let passed = transcoder.input(Streams::Two, &input, &mut handles, &mut out);
        assert_eq!(passed, Ok(&input[..]));
        let clone = method(profile, "ts_clone");
        for (name, handle) in [("ts_clone", 9), ("span_start", 4), ("span_end", 5)] {
            let reply = start(&[], transcoder.server).u8(0).u32(handle).bytes;
            let id = method(profile, name);
            transcoder
                .reply(id, &reply, &mut handles, &mut out)
                .unwrap();
        }
        assert_eq!(profile.method(clone).name, "ts_clone");
        Fixture {
            transcoder,
            handles,
        }
    }

    /// A request in the encoding of a side.
    fn encode(&self, name: &str, arguments: &[Part<'_>], width: Width) -> Vec<u8> {
        let profile = self.transcoder.profile;
        let tag = profile.tag_of(method(profile, name));
        let message = start(&tag, width);
        let message = match profile.arguments {
            ArgumentOrder::Forward => arguments.iter().fold(message, |it, part| part(it)),
            ArgumentOrder::Reverse => arguments.iter().rev().fold(message, |it, part| part(it)),
        };
        message.bytes
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Vec<u8>, MessageError> {
        let mut out = Vec::new();
        let passed = self.transcoder.request(bytes, &mut self.handles, &mut out);
        passed.map(|(_, bytes)| bytes.to_vec())
    }
}

fn start(bytes: &[u8], width: Width) -> Bytes {
    Bytes {
        bytes: bytes.to_vec(),
        width,
    }
}

fn method(profile: &Profile, name: &str) -> MethodId {
    let mut methods = profile.schema.methods.iter();
    let place = methods.position(|method| method.name == name);
    MethodId(place.unwrap_or_else(|| panic!("{profile} has no {name}")) as u8)
}

fn all() -> impl Iterator<Item = (&'static Profile, Server)> {
    let servers = [Server::Host64, Server::Wasm32];
    Profile::all()
        .iter()
        .flat_map(move |profile| servers.map(|server| (profile, server)))
}

/// Passes a request in each profile: the compiler's side gets the same in its own width, and no part of
/// it is taken for a whole.
#[track_caller]
fn request(name: &str, arguments: &[Part<'_>]) {
    for (profile, server) in all() {
        let fresh = || Fixture::new(profile, server);
        let (client, server) = (fresh().transcoder.client, fresh().transcoder.server);
        let sent = fresh().encode(name, arguments, client);
        let expect = fresh().encode(name, arguments, server);
        assert_eq!(fresh().send(&sent), Ok(expect), "{profile}");
        for len in profile.tag_size()..sent.len() {
            let cut = fresh().send(&sent[..len]);
            assert_eq!(cut, Err(MessageError::Truncated), "{profile}, cut at {len}");
        }
        let longer = fresh().send(&[sent.as_slice(), &[0]].concat());
        assert_eq!(longer, Err(MessageError::Trailing(1)), "{profile}");
    }
}

#[track_caller]
fn refused(name: &str, arguments: &[Part<'_>], expect: &str) {
    for (profile, server) in all() {
        let mut fixture = Fixture::new(profile, server);
        let sent = fixture.encode(name, arguments, fixture.transcoder.client);
        let error = fixture.send(&sent).unwrap_err();
        assert_eq!(error.to_string(), expect, "{profile}");
    }
}

fn diagnostic(depth: usize) -> impl Fn(Bytes) -> Bytes {
    move |mut m| {
        for _ in 0..depth {
            m = m.u8(1).str("m").usize(2).spans([1, 2]).usize(1);
        }
        m.u8(0).str("").usize(0).usize(0)
    }
}

#[test]
fn requests() {
    request("track_env_var", &[&|m| m.str("naïve"), &|m| m.u8(1)]);
    request("track_env_var", &[&|m| m.str(""), &|m| m.u8(0).str("x")]);
    let trees: Part<'_> = &|m| {
        let m = m.usize(4);
        let m = m.u8(0).u8(3).u8(1).spans([1, 2, 3]);
        let m = m.u8(0).u8(0).u8(0).u32(9).spans([1, 2, 3]);
        let m = m.u8(1).u8(b'+').u8(1).u32(4);
        m.u8(2).str("r").u8(0).u32(5)
    };
    request("ts_concat_trees", &[&|m| m.u8(0).u32(7), trees]);
    request("ts_concat_trees", &[&|m| m.u8(1), &|m| m.usize(0)]);
    request(
        "ts_from_token_tree",
        &[&|m| m.u8(3).u8(5).u8(2).str("text").u8(0).str("u8").u32(1)],
    );
    request("emit_diagnostic", &[&diagnostic(0)]);
    request("emit_diagnostic", &[&diagnostic(20)]);
    request("span_byte_range", &[&|m| m.u32(5)]);
    request(
        "span_subspan",
        &[&|m| m.u32(1), &|m| m.u8(0).usize(3), &|m| m.u8(1).usize(9)],
    );
    let far: Part<'_> = &|m| m.u8(1).usize(u32::MAX.into());
    request("span_subspan", &[&|m| m.u32(4), &|m| m.u8(2), far]);
    request("span_recover_proc_macro_span", &[&|m| m.usize(3)]);
}

#[test]
fn malformed_requests() {
    refused("span_start", &[&|m| m.u32(0)], "a handle is zero");
    let base: Part<'_> = &|m| m.u8(1);
    refused(
        "ts_from_token_tree",
        &[&|m| m.u8(1).u8(b'+').u8(2).u32(1)],
        "2 is neither false nor true",
    );
    refused(
        "ts_from_token_tree",
        &[&|m| m.u8(1).u8(b'a').u8(1).u32(1)],
        "'a' is not punctuation",
    );
    refused(
        "ts_from_token_tree",
        &[&|m| m.u8(0).u8(4).u8(1).spans([1, 1, 1])],
        "invalid tag 4 for Delimiter",
    );
    refused(
        "ts_concat_trees",
        &[&|m| m.u8(2), &|m| m.usize(0)],
        "invalid tag 2 for Option",
    );
    refused(
        "ts_concat_trees",
        &[base, &|m| m.usize(1).u8(4).u32(0).u32(0)],
        "invalid tag 4 for TokenTree",
    );
    refused(
        "track_path",
        &[&|m| m.usize(1).u8(0xff)],
        "a string is not UTF-8",
    );
    for length in [u32::MAX, 1 << 31] {
        refused(
            "track_path",
            &[&move |m| m.usize(length.into()).u8(1)],
            "the message is truncated",
        );
        refused(
            "ts_concat_trees",
            &[base, &move |m| m.usize(length.into()).u8(1)],
            "the message is truncated",
        );
    }
    refused(
        "emit_diagnostic",
        &[&|m| m.u8(0).str("").usize(2).u32(1).u32(0).usize(0)],
        "a handle is zero",
    );
    for depth in [MAX_DEPTH + 1, 100_000] {
        refused(
            "emit_diagnostic",
            &[&diagnostic(depth)],
            "a value is nested more than 64 deep",
        );
    }
}

#[test]
fn unknown_methods() {
    for (profile, server) in all() {
        let mut fixture = Fixture::new(profile, server);
        for request in [&[][..], &[0xff], &[0xff, 0xff], &[0xff, 0, 0, 0, 0]] {
            let error = fixture.send(request).unwrap_err();
            assert!(matches!(error, MessageError::Method(_)), "{error:?}");
        }
    }
}

/// Handles that a hostile macro may send: stale, foreign, doubled, or of another
/// kind, in every place where a message can have one.
#[test]
fn handles_that_the_macro_does_not_hold() {
    let stream = |handle: u32| format!("{handle} is not one of its token stream handles");
    let span = |handle: u32| format!("{handle} is not one of its span handles");
    for foreign in [6, 10, 1000, u32::MAX] {
        let one: Part<'_> = &move |m| m.u32(foreign);
        for name in [
            "ts_drop",
            "ts_clone",
            "ts_is_empty",
            "ts_expand_expr",
            "ts_to_string",
        ] {
            refused(name, &[one], &stream(foreign));
        }
        refused("ts_into_trees", &[one], &stream(foreign));
        for name in [
            "span_debug",
            "span_parent",
            "span_save_span",
            "span_source_text",
        ] {
            refused(name, &[one], &span(foreign));
        }
        for name in ["span_join", "span_resolved_at"] {
            refused(name, &[one, &|m| m.u32(1)], &span(foreign));
            refused(name, &[&|m| m.u32(1), one], &span(foreign));
        }
        let none: Part<'_> = &|m| m.u8(1);
        let base: Part<'_> = &move |m| m.u8(0).u32(foreign);
        let empty: Part<'_> = &|m| m.usize(0);
        refused("ts_concat_trees", &[base, empty], &stream(foreign));
        refused("ts_concat_streams", &[base, empty], &stream(foreign));
        let among: Part<'_> = &move |m| m.usize(2).u32(7).u32(foreign);
        refused("ts_concat_streams", &[none, among], &stream(foreign));
        let group: Part<'_> = &move |m| m.u8(0).u8(0).u8(0).u32(foreign).spans([1, 1, 1]);
        refused("ts_from_token_tree", &[group], &stream(foreign));
        for place in 0..3 {
            let mut spans = [1; 3];
            spans[place] = foreign;
            let group: Part<'_> = &move |m| m.u8(0).u8(0).u8(1).spans(spans);
            refused("ts_from_token_tree", &[group], &span(foreign));
        }
        let ident: Part<'_> = &move |m| m.u8(2).str("a").u8(0).u32(foreign);
        refused("ts_from_token_tree", &[ident], &span(foreign));
        let emitted: Part<'_> = &move |m| m.u8(0).str("").usize(1).u32(foreign).usize(0);
        refused("emit_diagnostic", &[emitted], &span(foreign));
    }
    // A span's number as a stream's, and the reverse.
    refused("ts_clone", &[&|m| m.u32(1)], &stream(1));
    refused("span_start", &[&|m| m.u32(7)], &span(7));
    // Doubled in one message.
    let twice: Part<'_> = &|m| m.usize(2).u32(8).u32(8);
    refused("ts_concat_streams", &[&|m| m.u8(1), twice], &stream(8));
    let base: Part<'_> = &|m| m.u8(0).u32(8);
    let again: Part<'_> = &|m| m.usize(1).u32(8);
    refused("ts_concat_streams", &[base, again], &stream(8));
}

#[test]
fn handles_are_given_back_once() {
    for (profile, server) in all() {
        let mut fixture = Fixture::new(profile, server);
        let width = fixture.transcoder.client;
        let drop = fixture.encode("ts_drop", &[&|m| m.u32(9)], width);
        let clone = fixture.encode("ts_clone", &[&|m| m.u32(9)], width);
        fixture.send(&clone).unwrap();
        fixture.send(&drop).unwrap();
        let kind = pm_abi::schema::HandleKind::TokenStream;
        let stale = Err(MessageError::Handle { kind, handle: 9 });
        assert_eq!(fixture.send(&drop), stale);
        assert_eq!(fixture.send(&clone), stale);
        // The output takes a stream too.
        let mut out = Vec::new();
        let mut output = |handle: u32| {
            let bytes = start(&[0, 0], width).u32(handle).bytes;
            let Fixture {
                transcoder,
                handles,
            } = &mut fixture;
            transcoder.output(&bytes, handles, &mut out).map(drop_bytes)
        };
        assert_eq!(output(9), Err(MessageError::Handle { kind, handle: 9 }));
        assert_eq!(output(7), Ok(()));
        assert_eq!(output(7), Err(MessageError::Handle { kind, handle: 7 }));
    }
}

fn drop_bytes(_: &[u8]) {}

#[test]
fn every_handle_of_the_fixture_can_be_used() {
    for (profile, server) in all() {
        for stream in STREAMS {
            let mut fixture = Fixture::new(profile, server);
            let width = fixture.transcoder.client;
            let sent = fixture.encode("ts_drop", &[&|m| m.u32(stream)], width);
            fixture.send(&sent).unwrap();
        }
        for span in SPANS {
            let mut fixture = Fixture::new(profile, server);
            let width = fixture.transcoder.client;
            let sent = fixture.encode("span_debug", &[&|m| m.u32(span)], width);
            fixture.send(&sent).unwrap();
        }
    }
}

#[test]
fn numbers_of_more_than_32_bits() {
    let new = Profile::by_name("1.98").unwrap();
    for server in [Server::Host64, Server::Wasm32] {
        for far in [1 << 32, u64::MAX] {
            let mut fixture = Fixture::new(new, server);
            let bound: Part<'_> = &|m| m.u8(0).usize(far);
            let sent = fixture.encode(
                "span_subspan",
                &[&|m| m.u32(1), bound, &|m| m.u8(2)],
                Width::Eight,
            );
            assert_eq!(fixture.send(&sent), Err(MessageError::TooLarge(far)));
            let length: Part<'_> = &|m| m.usize(far).u8(1);
            let sent = fixture.encode("track_path", &[length], Width::Eight);
            assert_eq!(fixture.send(&sent), Err(MessageError::TooLarge(far)));
        }
    }
}

#[test]
fn replies() {
    for profile in Profile::all() {
        let Fixture {
            transcoder,
            mut handles,
        } = Fixture::new(profile, Server::Host64);
        let mut reply = |name: &str, bytes: &[u8]| {
            let mut out = Vec::new();
            let id = method(profile, name);
            let passed = transcoder.reply(id, bytes, &mut handles, &mut out);
            passed.map(<[u8]>::to_vec)
        };
        let range = |width| start(&[0], width).usize(3).usize(u32::MAX.into()).bytes;
        let (client, server) = (transcoder.client, transcoder.server);
        assert_eq!(reply("span_byte_range", &range(server)), Ok(range(client)));
        let panic = |width| start(&[1, 0], width).str("boo").bytes;
        assert_eq!(reply("span_byte_range", &panic(server)), Ok(panic(client)));
        assert_eq!(reply("span_byte_range", &[1, 1]), Ok(vec![1, 1]));
        let far = start(&[0], server).usize(3).usize(1 << 32).bytes;
        let error = MessageError::TooLarge(1 << 32);
        assert_eq!(reply("span_byte_range", &far), Err(error.clone()));
        assert_eq!(
            error.to_string(),
            "the number 4294967296 does not fit into a 32-bit `usize`"
        );
    }
}

/// A source file, which only the oldest bridge has.
#[test]
fn source_files() {
    let mut fixture = Fixture::new(Profile::by_name("1.85").unwrap(), Server::Host64);
    let path = fixture.encode("source_file_path", &[&|m| m.u32(3)], Width::Four);
    let kind = pm_abi::schema::HandleKind::SourceFile;
    let unknown = Err(MessageError::Handle { kind, handle: 3 });
    assert_eq!(fixture.send(&path), unknown);
    let id = method(fixture.transcoder.profile, "span_source_file");
    let reply = [0, 3, 0, 0, 0];
    let Fixture {
        transcoder,
        handles,
    } = &mut fixture;
    transcoder
        .reply(id, &reply, handles, &mut Vec::new())
        .unwrap();
    fixture.send(&path).unwrap();
    let drop = fixture.encode("source_file_drop", &[&|m| m.u32(3)], Width::Four);
    fixture.send(&drop).unwrap();
    assert_eq!(fixture.send(&path), unknown);
}

#[test]
fn input_and_output() {
    for (profile, server) in all() {
        let transcoder = Transcoder::new(profile, server);
        let numbers = |count: u32| -> Vec<u8> { (1..=count).flat_map(u32::to_le_bytes).collect() };
        for (streams, count) in [(Streams::One, 4), (Streams::Two, 5)] {
            let mut out = Vec::new();
            let mut input = |count| {
                let (bytes, mut handles) = (numbers(count), Handles::new());
                let passed = transcoder.input(streams, &bytes, &mut handles, &mut out);
                passed.map(<[u8]>::to_vec)
            };
            assert_eq!(input(count), Ok(numbers(count)));
            assert_eq!(input(count - 1), Err(MessageError::Truncated));
            assert_eq!(input(count + 1), Err(MessageError::Trailing(4)));
        }
        let Fixture {
            transcoder,
            mut handles,
        } = Fixture::new(profile, server);
        let mut output = |bytes: Bytes| {
            let mut out = Vec::new();
            let passed = transcoder.output(&bytes.bytes, &mut handles, &mut out);
            passed.map(<[u8]>::to_vec)
        };
        assert_eq!(output(start(&[0, 1], transcoder.client)), Ok(vec![0, 1]));
        let panic = |width| start(&[1, 0], width).str("x");
        assert_eq!(
            output(panic(transcoder.client)),
            Ok(panic(transcoder.server).bytes)
        );
    }
}

#[test]
fn panics() {
    for (profile, server) in all() {
        let transcoder = Transcoder::new(profile, server);
        let panic = |width| start(&[1, 0], width).str("bø").bytes;
        let mut out = Vec::new();
        transcoder.panic_output("bø", &mut out);
        assert_eq!(out, panic(transcoder.server));
        out.clear();
        transcoder.panic_reply("bø", &mut out);
        assert_eq!(out, panic(transcoder.client));
    }
}

/// No bytes make it panic, or write more than twice what it read.
#[test]
fn any_bytes() {
    let mut state = 1_u64;
    let mut random = || {
        // Knuth's; its high bits are the random ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    let fixtures: Vec<_> = all().collect();
    for (profile, server) in fixtures {
        let mut fixture = Fixture::new(profile, server);
        let methods = profile.schema.methods.len() as u8;
        for round in 0..5_000 {
            if round % 64 == 0 {
                fixture = Fixture::new(profile, server);
            }
            let len = usize::from(random() % 48);
            // Small values are tags, lengths and handles more often.
            let mask = if random() < 128 { 0xff } else { 7 };
            let bytes: Vec<u8> = (0..len).map(|_| random() & mask).collect();
            if let Ok(passed) = fixture.send(&bytes) {
                assert!(passed.len() <= 2 * bytes.len());
            }
            let Fixture {
                transcoder,
                handles,
            } = &mut fixture;
            let mut out = Vec::new();
            let id = MethodId(random() % methods);
            let _ = transcoder.output(&bytes, handles, &mut out);
            // A compiler's handles are close together: the table has a bit for each number between.
            let bytes: Vec<u8> = bytes.iter().map(|byte| byte & 7).collect();
            let _ = transcoder.reply(id, &bytes, handles, &mut out);
            let _ = transcoder.input(Streams::One, &bytes, handles, &mut out);
        }
    }
}

#[test]
fn saved_spans_are_the_crate_s() {
    for (profile, server) in all() {
        let check = |quoted_spans: Option<u32>, number: u64, expect: Option<MessageError>| {
            let mut fixture = Fixture::new(profile, server);
            fixture.handles = Handles::with_quoted_spans(quoted_spans);
            let message = |width| fixture.encode(RECOVER, &[&|m| m.usize(number)], width);
            let client = message(fixture.transcoder.client);
            let expect = match expect {
                None => Ok(message(fixture.transcoder.server)),
                Some(error) => Err(error),
            };
            let sent = fixture.send(&client);
            assert_eq!(sent, expect, "{profile}, {number} of {quoted_spans:?}");
        };
        let most = u64::from(u32::MAX);
        for known in [0, 16] {
            check(Some(17), known, None);
        }
        for unknown in [17, 18, 17 << 8, 77777, most] {
            check(Some(17), unknown, Some(MessageError::QuotedSpan(unknown)));
        }
        check(Some(0), 0, Some(MessageError::QuotedSpan(0)));
        check(Some(u32::MAX), most - 1, None);
        check(Some(u32::MAX), most, Some(MessageError::QuotedSpan(most)));
        // The tables of this rustc are unknown.
        for number in [0, 77777, most] {
            check(None, number, None);
        }
        if profile.width_in_wasm32() == Width::Eight {
            for count in [None, Some(17)] {
                check(count, most + 1, Some(MessageError::TooLarge(most + 1)));
            }
        }
        assert!(Transcoder::new(profile, server).recover.is_some());
    }
    assert_eq!(
        MessageError::QuotedSpan(77777).to_string(),
        "77777 is not one of the crate's quoted spans"
    );
}
