//! A call between two modules: rustc's server below, the macro's instance above.

use crate::memory::Exports;
use crate::run::{Host, Loaded};
use pm_abi::layout::{bridge_config, buffer};
use pm_bridge::{Handles, MessageError, Streams, Transcoder};
use pm_loader::{Dispatch, ExpandError, MacroKind};
use std::time::Instant;
use wasmtime::{Caller, TypedFunc};

/// What the host needs of rustc's stack in a call: two `Buffer`s.
const FRAME: u32 = 2 * buffer::SIZE;

/// Runs macro number `index` of a crate for rustc: `run` of a `Client`, so
/// `extern "C" fn(BridgeConfig) -> Buffer`.
pub(crate) fn run(
    mut caller: Caller<'_, Host>,
    Loaded { macros, transcoder }: &Loaded,
    index: usize,
    sret: u32,
    config: u32,
) -> wasmtime::Result<()> {
    let exports = caller.data().exports()?;
    exports.with_stack(&mut caller, FRAME, |caller, frame| {
        let config = exports.read(caller, config, bridge_config::SIZE)?;
        let word = |at: u32| u32_at(config, at);
        let message = Message {
            words: std::array::from_fn(|word_| word(bridge_config::INPUT + 4 * word_ as u32)),
        };
        let (call, env) = (
            word(bridge_config::DISPATCH_CALL),
            word(bridge_config::DISPATCH_ENV),
        );
        let streams = match macros.declarations()[index].kind {
            MacroKind::Attr => Streams::Two,
            MacroKind::Derive | MacroKind::Bang => Streams::One,
        };
        let mut handles = Handles::with_quoted_spans(macros.quoted_spans());
        // Both sides encode alike, so nothing is ever written to this.
        let mut unused = Vec::new();
        let input = message.bytes(&exports, caller)?;
        let input = transcoder.input(streams, input, &mut handles, &mut unused);
        let input = input.map_err(rustc_failed)?.to_vec();
        let call = exports.function(&mut *caller, call)?.typed(&mut *caller)?;
        let wasi = caller.data().macro_wasi();
        let start = caller.data().statistics.map(|_| Instant::now());
        let mut bridge = Bridge {
            caller: &mut *caller,
            exports,
            call,
            env,
            frame,
            message,
            transcoder,
            handles,
            failure: None,
        };
        let outcome = macros.expand(index, &input, &mut bridge, wasi);
        let Bridge {
            mut message,
            mut handles,
            failure,
            ..
        } = bridge;
        if let (Some(start), Some(all)) = (start, &mut caller.data_mut().statistics) {
            all.expansions += 1;
            all.expanding += start.elapsed();
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let mut refused = Vec::new();
        let output = match &outcome.result {
            Ok(expanded) => match transcoder.output(&expanded.output, &mut handles, &mut unused) {
                Ok(output) => output,
                Err(error) => {
                    transcoder.panic_output(&violation(&error), &mut refused);
                    &refused
                }
            },
            Err(error) => {
                transcoder.panic_output(&error.to_string(), &mut refused);
                &refused
            }
        };
        // A macro that failed may have failed for that; one that went on did without.
        if output.first() != Some(&0) {
            for refusal in outcome.wasi.refusals() {
                eprintln!("note: {}: {refusal}", macros.declarations()[index]);
            }
        }
        message.replace(&exports, caller, frame, output)?;
        exports.write(caller, sret, &message.encode())
    })
}

/// Answers a macro by asking rustc.
struct Bridge<'a, 'b> {
    caller: &'a mut Caller<'b, Host>,
    exports: Exports,
    /// `BridgeConfig::dispatch`.
    call: TypedFunc<(u32, u32, u32), ()>,
    env: u32,
    /// Room for two `Buffer`s on rustc's stack.
    frame: u32,
    /// The one buffer that goes back and forth, as in a native macro.
    message: Message,
    transcoder: &'a Transcoder,
    /// The handles that the macro holds.
    handles: Handles,
    /// What ended rustc while it answered.
    failure: Option<wasmtime::Error>,
}

impl Dispatch for Bridge<'_, '_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        if self.failure.is_some() {
            return;
        }
        let start = self.caller.data().statistics.map(|_| Instant::now());
        if let Err(failure) = self.send_request(request, reply) {
            self.failure = Some(failure);
        }
        if let (Some(start), Some(all)) = (start, &mut self.caller.data_mut().statistics) {
            all.dispatches += 1;
            all.dispatching += start.elapsed();
        }
    }

    fn is_gone(&self) -> bool {
        self.failure.is_some()
    }
}

impl Bridge<'_, '_> {
    fn send_request(&mut self, request: &[u8], reply: &mut Vec<u8>) -> wasmtime::Result<()> {
        let (exports, frame) = (self.exports, self.frame);
        let caller = &mut *self.caller;
        let mut unused = Vec::new();
        let checked = self
            .transcoder
            .request(request, &mut self.handles, &mut unused);
        let (method, request) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                self.transcoder.panic_reply(&violation(&error), reply);
                return Ok(());
            }
        };
        self.message.replace(&exports, caller, frame, request)?;
        let sret = frame + buffer::SIZE;
        exports.write(&mut *caller, frame, &self.message.encode())?;
        let start = caller.data().statistics.map(|_| Instant::now());
        self.call.call(&mut *caller, (sret, self.env, frame))?;
        if let (Some(start), Some(all)) = (start, &mut caller.data_mut().statistics) {
            all.answering += start.elapsed();
        }
        self.message = Message::read(&exports, caller, sret)?;
        let answer = self.message.bytes(&exports, caller)?;
        let mut unused = Vec::new();
        let checked = self
            .transcoder
            .reply(method, answer, &mut self.handles, &mut unused);
        reply.extend_from_slice(checked.map_err(rustc_failed)?);
        Ok(())
    }
}

/// The text for a macro whose request is not passed on, and for rustc if its output isn't.
fn violation(error: &MessageError) -> String {
    ExpandError::Protocol(error.to_string()).to_string()
}

/// The error for a message of rustc's that is not well-formed.
fn rustc_failed(error: MessageError) -> wasmtime::Error {
    wasmtime::Error::msg(format!(
        "the WASI rustc sent a message that its bridge doesn't have: {error}"
    ))
}

/// A `Buffer` of rustc's, by value.
#[derive(Clone, Copy)]
struct Message {
    words: [u32; 5],
}

impl Message {
    fn read(exports: &Exports, caller: &Caller<'_, Host>, at: u32) -> wasmtime::Result<Message> {
        let bytes = exports.read(caller, at, buffer::SIZE)?;
        Ok(Message {
            words: std::array::from_fn(|word| u32_at(bytes, 4 * word as u32)),
        })
    }

    fn word(&self, offset: u32) -> u32 {
        self.words[offset as usize / 4]
    }

    fn encode(&self) -> [u8; buffer::SIZE as usize] {
        let mut bytes = [0; buffer::SIZE as usize];
        for (place, word) in bytes.chunks_exact_mut(4).zip(self.words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn bytes<'a>(
        &self,
        exports: &Exports,
        caller: &'a Caller<'_, Host>,
    ) -> wasmtime::Result<&'a [u8]> {
        exports.read(caller, self.word(buffer::DATA), self.word(buffer::LEN))
    }

    /// Makes `bytes` the content, in a larger block of rustc's if there is no room.
    fn replace(
        &mut self,
        exports: &Exports,
        caller: &mut Caller<'_, Host>,
        frame: u32,
        bytes: &[u8],
    ) -> wasmtime::Result<()> {
        let len = u32::try_from(bytes.len())?;
        self.words[buffer::LEN as usize / 4] = 0;
        if len > self.word(buffer::CAPACITY) {
            let reserve: TypedFunc<(u32, u32, u32), ()> = exports
                .function(&mut *caller, self.word(buffer::RESERVE))?
                .typed(&mut *caller)?;
            let sret = frame + buffer::SIZE;
            exports.write(&mut *caller, frame, &self.encode())?;
            reserve.call(&mut *caller, (sret, frame, len))?;
            *self = Message::read(exports, caller, sret)?;
        }
        exports.write(&mut *caller, self.word(buffer::DATA), bytes)?;
        self.words[buffer::LEN as usize / 4] = len;
        Ok(())
    }
}

fn u32_at(bytes: &[u8], at: u32) -> u32 {
    let word = bytes[at as usize..].first_chunk();
    u32::from_le_bytes(*word.expect("the struct's size was read"))
}
