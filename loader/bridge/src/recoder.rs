//! The messages, each by its kind.

use crate::code::Program;
use crate::schema::{Method, MethodId, Schema, TypeId};
use crate::walk::{Walk, Width};
use crate::{RecodeError, SchemaError};

/// How many token streams an entry point is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// A derive or a function-like macro: one.
    One,
    /// An attribute: its own and the item's.
    Two,
}

/// Passes messages between a client (the macro) and a server (the compiler).
///
/// Each function appends what the receiver is to read to `out`, and leaves `out` as it was if the
/// message is refused. It needs time and memory in proportion to the message: at most twice its
/// size is written.
///
/// **Numbers.** From four bytes to eight a `usize` keeps its value, so a macro's `usize::MAX`
/// arrives as 4294967295. The only numbers that macros make are the bounds of
/// `Literal::subspan`, of which rustc's server refuses all from there on, as it does with a native
/// macro's `usize::MAX`. From eight bytes to four a value that doesn't fit is an error: rustc's
/// positions are below it, since its source map ends at 4 GiB, and to tell the macro any other
/// number would be to lie.
#[derive(Clone, Debug)]
pub struct Recoder {
    schema: Schema,
    program: Program,
    client: Width,
    server: Width,
}

impl Recoder {
    /// For a macro in wasm32 and a compiler on a 64-bit machine.
    pub fn new(schema: Schema) -> Result<Self, SchemaError> {
        Self::with_widths(schema, Width::Four, Width::Eight)
    }

    /// For sides of these widths. With equal ones it only checks.
    pub fn with_widths(schema: Schema, client: Width, server: Width) -> Result<Self, SchemaError> {
        let program = Program::new(&schema)?;
        Ok(Self {
            schema,
            program,
            client,
            server,
        })
    }

    /// What it was made of.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The method of a request.
    pub fn method(&self, id: MethodId) -> Option<&Method> {
        self.schema.methods.get(usize::from(id.0))
    }

    /// The compiler's input of an entry point, for the macro.
    pub fn input(
        &self,
        streams: Streams,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RecodeError> {
        let input = match streams {
            Streams::One => self.schema.one_stream,
            Streams::Two => self.schema.two_streams,
        };
        self.to_client(input, bytes, out)
    }

    /// A macro's request, for the compiler.
    pub fn request(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<MethodId, RecodeError> {
        self.pass(bytes, self.client, self.server, out, |walk| {
            let id = MethodId(walk.byte()?);
            let method = self.method(id).ok_or(RecodeError::Method(id.0))?;
            for &argument in &method.arguments {
                walk.value(argument, 0)?;
            }
            Ok(id)
        })
    }

    /// The compiler's reply to a request of that method, for the macro.
    pub fn reply(
        &self,
        method: MethodId,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RecodeError> {
        let method = self.method(method).ok_or(RecodeError::Method(method.0))?;
        self.to_client(method.reply, bytes, out)
    }

    /// A macro's output, for the compiler.
    pub fn output(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RecodeError> {
        let (from, to) = (self.client, self.server);
        self.pass(bytes, from, to, out, |walk| {
            walk.value(self.schema.output, 0)
        })
    }

    /// The output of an entry point that panicked, for the compiler.
    pub fn panic_output(&self, message: &str, out: &mut Vec<u8>) {
        self.panic(message, self.server, out);
    }

    /// The reply to a request of any method in which the server panicked, for the macro.
    pub fn panic_reply(&self, message: &str, out: &mut Vec<u8>) {
        self.panic(message, self.client, out);
    }

    /// `Err(PanicMessage::String(message))`.
    fn panic(&self, message: &str, to: Width, out: &mut Vec<u8>) {
        // Beyond 4 GiB only its start can be told in 32 bits.
        let message = match to {
            Width::Four => &message[..message.floor_char_boundary(u32::MAX as usize)],
            Width::Eight => message,
        };
        out.extend_from_slice(&self.program.panic_prefix);
        let fits = to.write(message.len() as u64, out);
        debug_assert_eq!(fits, Ok(()), "it was cut");
        out.extend_from_slice(message.as_bytes());
    }

    fn to_client(&self, ty: TypeId, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RecodeError> {
        self.pass(bytes, self.server, self.client, out, |walk| {
            walk.value(ty, 0)
        })
    }

    /// Passes a whole message on.
    fn pass<T>(
        &self,
        bytes: &[u8],
        from: Width,
        to: Width,
        out: &mut Vec<u8>,
        values: impl FnOnce(&mut Walk<'_>) -> Result<T, RecodeError>,
    ) -> Result<T, RecodeError> {
        let start = out.len();
        let mut walk = Walk {
            schema: &self.schema,
            program: &self.program,
            bytes,
            from,
            to,
            out: &mut *out,
        };
        let passed = values(&mut walk).and_then(|value| walk.finish().map(|()| value));
        if passed.is_err() {
            out.truncate(start);
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Message, schema, tag};
    use crate::walk::MAX_DEPTH;

    fn native() -> Recoder {
        Recoder::new(schema()).unwrap()
    }

    /// The same with the sides exchanged.
    fn reverse() -> Recoder {
        Recoder::with_widths(schema(), Width::Eight, Width::Four).unwrap()
    }

    fn build(wide: bool, message: &dyn Fn(Message) -> Message) -> Vec<u8> {
        let bytes = Vec::new();
        message(Message { bytes, wide }).bytes
    }

    /// Passes a request on, and gets the other width's encoding of the same; in both directions,
    /// and cut off anywhere it is refused.
    #[track_caller]
    fn request(message: impl Fn(Message) -> Message) {
        let (narrow, wide) = (build(false, &message), build(true, &message));
        for (recoder, from, to) in [(native(), &narrow, &wide), (reverse(), &wide, &narrow)] {
            let mut out = b"before".to_vec();
            let id = recoder.request(from, &mut out).unwrap();
            assert_eq!(id.0, from[0]);
            assert_eq!(out, [b"before".as_slice(), to].concat());
            for len in 0..from.len() {
                let cut = recoder.request(&from[..len], &mut out);
                assert_eq!(cut, Err(RecodeError::Truncated), "cut at {len}");
            }
            let longer = recoder.request(&[from.as_slice(), &[0]].concat(), &mut out);
            assert_eq!(longer, Err(RecodeError::Trailing(1)));
            assert_eq!(out.len(), 6 + to.len(), "a refused message leaves nothing");
        }
        let same = Recoder::with_widths(schema(), Width::Four, Width::Four).unwrap();
        let mut out = Vec::new();
        same.request(&narrow, &mut out).unwrap();
        assert_eq!(out, narrow);
    }

    #[track_caller]
    fn refused(message: impl Fn(Message) -> Message, expect: &str) {
        let bytes = build(false, &message);
        let mut out = Vec::new();
        let error = native().request(&bytes, &mut out).unwrap_err();
        assert_eq!(error.to_string(), expect);
        assert!(out.is_empty());
    }

    fn diagnostic(depth: usize) -> impl Fn(Message) -> Message {
        move |mut m| {
            m = m.u8(tag::EMIT);
            for _ in 0..depth {
                m = m.u8(1).str("m").usize(2).u32(1).u32(2).usize(1);
            }
            m.u8(0).str("").usize(0).usize(0)
        }
    }

    #[test]
    fn requests() {
        request(|m| m.u8(tag::TRACK).str("naïve").u8(1));
        request(|m| m.u8(tag::TRACK).str("").u8(0).str("x"));
        request(|m| {
            let m = m.u8(tag::CONCAT).u8(0).u32(7).usize(4);
            let m = m.u8(0).u8(3).u8(1).u32(1).u32(2).u32(3);
            let m = m.u8(0).u8(0).u8(0).u32(9).u32(1).u32(2).u32(3);
            m.u8(1).u8(b'+').u8(1).u32(4).u8(2).str("r").u8(0).u32(5)
        });
        request(|m| m.u8(tag::CONCAT).u8(1).usize(0));
        request(diagnostic(0));
        request(diagnostic(20));
        request(|m| m.u8(tag::RANGE).u32(u32::MAX));
        request(|m| m.u8(tag::SUBSPAN).u32(1).u8(0).usize(3).u8(1).usize(9));
        request(|m| {
            let m = m.u8(tag::SUBSPAN).u32(1 << 24);
            m.u8(2).u8(1).usize(u32::MAX.into())
        });
        request(|m| m.u8(tag::FIXED).u8(1).u32(0).u8(3));
    }

    #[test]
    fn malformed_requests() {
        refused(|m| m, "the message is truncated");
        refused(|m| m.u8(6), "6 is no tag of a method");
        refused(|m| m.u8(tag::RANGE).u32(0), "a handle is zero");
        refused(
            |m| m.u8(tag::FIXED).u8(2).u32(0).u8(0),
            "2 is neither false nor true",
        );
        refused(
            |m| m.u8(tag::FIXED).u8(0).u32(0).u8(4),
            "4 is no tag of Delimiter",
        );
        refused(|m| m.u8(tag::CONCAT).u8(2), "2 is no tag of Option");
        refused(
            |m| m.u8(tag::CONCAT).u8(1).usize(1).u8(3).u32(0).u32(0),
            "3 is no tag of TokenTree",
        );
        refused(
            |m| m.u8(tag::TRACK).usize(1).u8(0xff).u8(1),
            "a string is not UTF-8",
        );
        refused(
            |m| m.u8(tag::TRACK).usize(u32::MAX.into()).u8(1),
            "the message is truncated",
        );
        refused(
            |m| m.u8(tag::CONCAT).u8(1).usize(u32::MAX.into()).u8(1),
            "the message is truncated",
        );
        refused(
            |m| {
                m.u8(tag::EMIT)
                    .u8(0)
                    .str("")
                    .usize(2)
                    .u32(1)
                    .u32(0)
                    .usize(0)
            },
            "a handle is zero",
        );
        refused(
            diagnostic(MAX_DEPTH + 1),
            "a value is nested more than 64 deep",
        );
        refused(diagnostic(100_000), "a value is nested more than 64 deep");
        refused(
            |m| m.u8(tag::RANGE).u32(1).u8(0),
            "the message has 1 bytes too many",
        );
    }

    #[test]
    fn lengths_of_the_wide_side() {
        let recoder = reverse();
        for length in [u64::MAX, 1 << 32, 1 << 63] {
            let bytes = build(true, &|m| m.u8(tag::TRACK).usize(length).u8(1));
            let result = recoder.request(&bytes, &mut Vec::new());
            assert_eq!(result, Err(RecodeError::Truncated));
        }
    }

    #[test]
    fn replies() {
        let recoder = native();
        let reply = |bytes: &[u8]| {
            let mut out = Vec::new();
            let result = recoder.reply(MethodId(tag::RANGE), bytes, &mut out);
            result.map(|()| out)
        };
        let range = |wide| build(wide, &|m| m.u8(0).usize(3).usize(u32::MAX.into()));
        assert_eq!(reply(&range(true)), Ok(range(false)));
        let panic = |wide| build(wide, &|m| m.u8(1).u8(0).str("boo"));
        assert_eq!(reply(&panic(true)), Ok(panic(false)));
        assert_eq!(reply(&[1, 1]), Ok(vec![1, 1]));
        let far = build(true, &|m| m.u8(0).usize(3).usize(1 << 32));
        assert_eq!(reply(&far), Err(RecodeError::TooLarge(1 << 32)));
        let error = RecodeError::TooLarge(1 << 32).to_string();
        let expect = "the number 4294967296 does not fit into the receiver's `usize`";
        assert_eq!(error, expect);
        let unknown = recoder.reply(MethodId(6), &[], &mut Vec::new());
        assert_eq!(unknown, Err(RecodeError::Method(6)));
    }

    #[test]
    fn input_and_output() {
        let recoder = native();
        let handles = |count: u32| -> Vec<u8> { (1..=count).flat_map(u32::to_le_bytes).collect() };
        for (streams, count) in [(Streams::One, 4), (Streams::Two, 5)] {
            let mut out = Vec::new();
            recoder.input(streams, &handles(count), &mut out).unwrap();
            assert_eq!(out, handles(count));
            let short = recoder.input(streams, &handles(count - 1), &mut out);
            assert_eq!(short, Err(RecodeError::Truncated));
            let long = recoder.input(streams, &handles(count + 1), &mut out);
            assert_eq!(long, Err(RecodeError::Trailing(4)));
        }
        let mut out = Vec::new();
        recoder.output(&[0, 1], &mut out).unwrap();
        recoder.output(&[0, 0, 9, 0, 0, 0], &mut out).unwrap();
        recoder.output(&[1, 0, 1, 0, 0, 0, b'x'], &mut out).unwrap();
        let expect = b"\0\x01\0\0\x09\0\0\0\x01\0\x01\0\0\0\0\0\0\0x";
        assert_eq!(out, expect);
    }

    #[test]
    fn panics() {
        let recoder = native();
        let mut out = Vec::new();
        recoder.panic_output("bø", &mut out);
        assert_eq!(out, build(true, &|m| m.u8(1).u8(0).str("bø")));
        out.clear();
        recoder.panic_reply("bø", &mut out);
        assert_eq!(out, build(false, &|m| m.u8(1).u8(0).str("bø")));
    }

    /// No bytes make it panic, or write more than twice what it read.
    #[test]
    fn any_bytes() {
        let recoders = [native(), reverse()];
        let mut state = 1_u64;
        let mut random = || {
            // Knuth's; its high bits are the random ones.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        for _ in 0..100_000 {
            let len = usize::from(random() % 48);
            // Small values are tags and lengths more often.
            let mask = if random() < 128 { 0xff } else { 3 };
            let bytes: Vec<u8> = (0..len).map(|_| random() & mask).collect();
            for recoder in &recoders {
                let mut out = Vec::new();
                let request = recoder.request(&bytes, &mut out);
                assert!(out.len() <= 2 * bytes.len());
                assert!(request.is_ok() || out.is_empty());
                if request.is_ok() {
                    let back = match recoder.client {
                        Width::Four => &recoders[1],
                        Width::Eight => &recoders[0],
                    };
                    let mut again = Vec::new();
                    back.request(&out, &mut again).unwrap();
                    assert_eq!(again, bytes);
                }
                let _ = recoder.reply(MethodId(random() % 8), &bytes, &mut out);
                let _ = recoder.output(&bytes, &mut out);
            }
        }
    }
}
