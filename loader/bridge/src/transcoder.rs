//! The messages of an expansion, each by its kind.

use crate::MessageError;
use crate::handles::Handles;
use crate::plan::{Plan, plans};
use crate::visitor::{Direction, Nowhere, Sink, Visitor};
use pm_abi::schema::{MethodId, TypeId};
use pm_abi::{ArgumentOrder, Profile, UsizeEncoding, Width, encode_panic};

/// The number of token streams that an entry point takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// A derive or a function-like macro: one.
    One,
    /// An attribute: its own and the item's.
    Two,
}

/// The machine that the compiler runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// wasm32: the WASI rustc.
    Wasm32,
    /// A machine with 64-bit addresses.
    Host64,
}

/// Checks the messages between a macro in wasm32 and a compiler, and re-encodes them where the two
/// encode `usize` in different widths.
///
/// Each function returns the bytes for the receiver: the message itself where both sides encode it the
/// same, else the re-encoded one, which replaces the content of `out`. It takes time and memory in
/// proportion to the message: at most twice its size is written.
///
/// **Numbers.** A macro's `usize` has 32 bits whatever its encoding. From the macro to the compiler a
/// number keeps its value, so a macro's `usize::MAX` arrives as 4294967295. The only numbers that
/// macros make are the bounds of `Literal::subspan`, of which rustc's server refuses all from there on,
/// as it does with a native macro's `usize::MAX`. From the compiler to the macro a value that doesn't
/// fit is an error: rustc's positions are below it, since its source map ends at 4 GiB.
#[derive(Debug)]
pub struct Transcoder {
    profile: &'static Profile,
    plans: Vec<Plan>,
    client: Width,
    server: Width,
    /// The method that recovers a saved span.
    recover: Option<MethodId>,
}

impl Transcoder {
    /// A transcoder between a macro of this profile and its compiler.
    pub fn new(profile: &'static Profile, server: Server) -> Self {
        let server = match (profile.usize_encoding, server) {
            (UsizeEncoding::Native, Server::Wasm32) => Width::Four,
            (UsizeEncoding::Native, Server::Host64) | (UsizeEncoding::Eight, _) => Width::Eight,
        };
        Self {
            profile,
            plans: plans(&profile.schema),
            client: profile.width_in_wasm32(),
            server,
            recover: method_named(profile, RECOVER),
        }
    }

    /// The profile that it was made for.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The compiler's input of an entry point, for the macro.
    ///
    /// # Errors
    ///
    /// [`MessageError`], here and below, for a message that is not well-formed.
    pub fn input<'m>(
        &self,
        streams: Streams,
        bytes: &'m [u8],
        handles: &mut Handles,
        out: &'m mut Vec<u8>,
    ) -> Result<&'m [u8], MessageError> {
        let schema = &self.profile.schema;
        let input = match streams {
            Streams::One => schema.one_stream,
            Streams::Two => schema.two_streams,
        };
        self.pass(
            Direction::ToClient,
            &Message::Value(input),
            bytes,
            handles,
            out,
        )
    }

    /// A macro's request, for the compiler.
    ///
    /// # Errors
    ///
    /// Also [`MessageError::Handle`], for a handle that the macro doesn't hold, and
    /// [`MessageError::QuotedSpan`], for a saved span that its crate doesn't have, if the number of
    /// those is known ([`Handles::with_quoted_spans`]).
    pub fn request<'m>(
        &self,
        bytes: &'m [u8],
        handles: &mut Handles,
        out: &'m mut Vec<u8>,
    ) -> Result<(MethodId, &'m [u8]), MessageError> {
        let method = self.profile.method_of(bytes).ok_or_else(|| {
            let tag = &bytes[..bytes.len().min(self.profile.tag_size())];
            MessageError::Method(tag.to_vec())
        })?;
        let request = Message::Request(method);
        let passed = self.pass(Direction::ToServer, &request, bytes, handles, out)?;
        if self.recover == Some(method) {
            let number = &bytes[self.profile.tag_size()..];
            handles.recover(little_endian(number))?;
        }
        Ok((method, passed))
    }

    /// The compiler's reply to a request of that method, for the macro.
    ///
    /// # Errors
    ///
    /// See [`Self::input`].
    ///
    /// # Panics
    ///
    /// If the method is another profile's.
    pub fn reply<'m>(
        &self,
        method: MethodId,
        bytes: &'m [u8],
        handles: &mut Handles,
        out: &'m mut Vec<u8>,
    ) -> Result<&'m [u8], MessageError> {
        let reply = Message::Value(self.profile.method(method).reply);
        self.pass(Direction::ToClient, &reply, bytes, handles, out)
    }

    /// A macro's output, for the compiler.
    ///
    /// # Errors
    ///
    /// See [`Self::request`].
    pub fn output<'m>(
        &self,
        bytes: &'m [u8],
        handles: &mut Handles,
        out: &'m mut Vec<u8>,
    ) -> Result<&'m [u8], MessageError> {
        let output = Message::Value(self.profile.schema.output);
        self.pass(Direction::ToServer, &output, bytes, handles, out)
    }

    /// Appends the output of an entry point that panicked, for the compiler.
    pub fn panic_output(&self, message: &str, out: &mut Vec<u8>) {
        encode_panic(Some(message), self.server, out);
    }

    /// Appends the reply to a request in which the server panicked, for the macro.
    pub fn panic_reply(&self, message: &str, out: &mut Vec<u8>) {
        encode_panic(Some(message), self.client, out);
    }

    /// Passes a whole message on.
    fn pass<'m>(
        &self,
        direction: Direction,
        message: &Message,
        bytes: &'m [u8],
        handles: &mut Handles,
        out: &'m mut Vec<u8>,
    ) -> Result<&'m [u8], MessageError> {
        if self.client == self.server {
            self.visit(direction, message, bytes, handles, &mut Nowhere)?;
            return Ok(bytes);
        }
        out.clear();
        self.visit(direction, message, bytes, handles, out)?;
        Ok(out)
    }

    fn visit<S: Sink>(
        &self,
        direction: Direction,
        message: &Message,
        bytes: &[u8],
        handles: &mut Handles,
        out: &mut S,
    ) -> Result<(), MessageError> {
        let (from, to) = match direction {
            Direction::ToClient => (self.server, self.client),
            Direction::ToServer => (self.client, self.server),
        };
        let mut visitor = Visitor {
            schema: &self.profile.schema,
            plans: &self.plans,
            direction,
            bytes,
            from,
            to,
            handles,
            out,
        };
        match *message {
            Message::Value(ty) => visitor.value(ty, 0)?,
            Message::Request(method) => {
                visitor.copy(self.profile.tag_size())?;
                let arguments = &self.profile.method(method).arguments;
                let mut visit = |ty: &TypeId| visitor.value(*ty, 0);
                match self.profile.arguments {
                    ArgumentOrder::Forward => arguments.iter().try_for_each(&mut visit)?,
                    ArgumentOrder::Reverse => arguments.iter().rev().try_for_each(&mut visit)?,
                }
            }
        }
        visitor.finish()
    }
}

/// The method whose one argument is the number of a saved span.
const RECOVER: &str = "span_recover_proc_macro_span";

fn method_named(profile: &Profile, name: &str) -> Option<MethodId> {
    let mut methods = profile.schema.methods.iter();
    let place = methods.position(|method| method.name == name)?;
    u8::try_from(place).ok().map(MethodId)
}

/// The number that a whole message has left, in either width.
fn little_endian(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().rev();
    digits.fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// A kind of message.
enum Message {
    /// One value of this type.
    Value(TypeId),
    /// A request of this method.
    Request(MethodId),
}

#[cfg(test)]
mod tests;
