//! One expansion: a fresh instance, one call, its answer.

use crate::call::{Buffer, Gone, OutOfMemory, Violation, slice_mut};
use crate::code::Linked;
use crate::mail::{Answerer, Mail};
use crate::state::State;
use crate::{Dispatch, ExpandError, ProcMacro, mail, panic_message};
use pm_abi::contract::{Callbacks, Exchange};
use pm_abi::layout::{bridge_config, buffer};
use pm_abi::{Width, encode_panic};
use pm_artifact::Module;
use pm_wasi::{Exit, Output, WasiCtx};
use std::io::Write;
use std::sync::Arc;
use wasmtime::{Instance, Store, Trap};

/// Where the answer's `Buffer` goes in the exchange block, and where messages begin.
const ANSWER: u32 = bridge_config::SIZE;
const MESSAGES: u32 = 64;
const _: () = assert!(ANSWER + buffer::SIZE <= MESSAGES);

/// What an expansion leaves.
pub struct Outcome {
    /// The macro's answer, or why there is none.
    pub result: Result<Expanded, ExpandError>,
    /// What it saw of the machine: captured output, refusals.
    pub wasi: WasiCtx,
}

/// A macro's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The bridge's `Result<Option<TokenStream>, PanicMessage>`, encoded, handles being the
    /// dispatch's own.
    pub output: Vec<u8>,
}

impl ProcMacro {
    /// Expands with macro number `index` of [`ProcMacro::declarations`], in a fresh instance.
    ///
    /// `input` is what the bridge gives an entry point: the encoded `ExpnGlobals` and token stream
    /// handles. A panic of the macro is an answer, in `output`; an error means that it gave none.
    ///
    /// The macro runs on a stack of its own, of [`pm_artifact::MAX_WASM_STACK`] bytes, so that what
    /// overflows doesn't depend on who calls; `dispatch` is called on the caller's stack, except for
    /// [`Dispatch::dispatch_in_place`].
    pub fn expand(
        &self,
        index: usize,
        input: &[u8],
        dispatch: &mut dyn Dispatch,
        wasi: WasiCtx,
    ) -> Outcome {
        let loaded = match self.ready() {
            Ok(loaded) => loaded,
            Err(error) => {
                let result = Err(error);
                return Outcome { result, wasi };
            }
        };
        let module = &loaded.module;
        // An aborting macro's message is only on its standard error.
        let wasi = if module.unwinds {
            wasi
        } else {
            wasi.with_stderr(Output::capture())
        };
        let (code, _place) = match loaded.code.enter() {
            Ok(entered) => entered,
            Err(error) => {
                let result = Err(ExpandError::Load(error));
                return Outcome { result, wasi };
            }
        };
        let mut answerer = Answerer::new(dispatch);
        let state = State::new(wasi, code.exports, module, answerer.in_place());
        let mail = Arc::clone(&state.mail);
        let mut store = Store::new(code.instance_pre.module().engine(), state);
        let result = match code.runs.get(index) {
            None => Err(ExpandError::NoSuchMacro(index)),
            Some(run) => {
                let call = call(&mut store, code, module, run, input);
                mail::run(call, &mail, &mut answerer).map_err(|error| explain(&error))
            }
        };
        let State { wasi, .. } = store.into_data();
        let result = if module.unwinds {
            result
        } else {
            aborted(result, &wasi, self.profile().width_in_wasm32())
        };
        Outcome {
            result: result.map(|output| Expanded { output }),
            wasi,
        }
    }

    /// Makes an instance and drops it: for measuring.
    ///
    /// # Errors
    ///
    /// [`ExpandError::Trap`] if there's no room for one.
    pub fn instantiate_only(&self, wasi: WasiCtx) -> Result<(), ExpandError> {
        let loaded = self.ready()?;
        let (code, _place) = loaded.code.enter().map_err(ExpandError::Load)?;
        let mut nobody = Nobody;
        let mut answerer = Answerer::new(&mut nobody);
        let state = State::new(wasi, code.exports, &loaded.module, answerer.in_place());
        let mut store = Store::new(code.instance_pre.module().engine(), state);
        let instance = code.instance_pre.instantiate_async(&mut store);
        match mail::run(instance, &Mail::default(), &mut answerer) {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(&error)),
        }
    }
}

/// Makes an instance and calls an entry point.
async fn call(
    store: &mut Store<State>,
    code: &Linked,
    module: &Module,
    run: &wasmtime::ModuleExport,
    input: &[u8],
) -> wasmtime::Result<Vec<u8>> {
    let instance = code.instance_pre.instantiate_async(&mut *store).await?;
    let missing = |what| Violation(format!("its {what} is missing"));
    let memory = instance
        .get_module_export(&mut *store, &code.exports.memory)
        .and_then(wasmtime::Extern::into_memory)
        .ok_or_else(|| missing("memory"))?;
    store.data_mut().memory = Some(memory);
    let Exchange {
        address: exchange,
        size,
    } = module.exchange;
    let room = size
        .checked_sub(MESSAGES)
        .ok_or_else(|| missing("exchange block"))?;
    let block = input_block(
        store,
        &instance,
        (code, module),
        input.len(),
        exchange + MESSAGES,
        room,
    )
    .await?;
    let bytes = memory.data_mut(&mut *store);
    slice_mut(bytes, block.data, block.len, "the input")?.copy_from_slice(input);
    write_config(bytes, exchange, block, module)?;
    let run = instance
        .get_module_export(&mut *store, run)
        .and_then(wasmtime::Extern::into_func)
        .ok_or_else(|| missing("entry point"))?;
    let answer = exchange + ANSWER;
    run.typed::<(u32, u32), ()>(&*store)?
        .call_async(&mut *store, (answer, exchange))
        .await?;
    let bytes = memory.data(&*store);
    Ok(Buffer::read(bytes, answer)?.bytes(bytes)?.to_vec())
}

/// Answers nothing.
struct Nobody;

impl Dispatch for Nobody {
    fn dispatch(&mut self, _request: &[u8], _reply: &mut Vec<u8>) {}
}

/// The block that the macro gets its input in and sends its requests with.
async fn input_block(
    store: &mut Store<State>,
    instance: &Instance,
    (code, module): (&Linked, &Module),
    len: usize,
    exchange: u32,
    room: u32,
) -> wasmtime::Result<Buffer> {
    let len = u32::try_from(len).map_err(|_| OutOfMemory)?;
    let Callbacks { reserve, drop, .. } = module.callbacks;
    if len <= room {
        return Ok(Buffer {
            data: exchange,
            len,
            capacity: room,
            reserve,
            drop,
        });
    }
    let malloc = instance
        .get_module_export(&mut *store, &code.exports.malloc)
        .and_then(wasmtime::Extern::into_func)
        .ok_or_else(|| Violation("its malloc is missing".into()))?;
    let malloc = malloc.typed::<u32, u32>(&*store)?;
    let data = malloc.call_async(&mut *store, len).await?;
    if data == 0 {
        return Err(OutOfMemory.into());
    }
    Ok(Buffer {
        data,
        len,
        capacity: len,
        reserve,
        drop,
    })
}

fn write_config(
    memory: &mut [u8],
    at: u32,
    input: Buffer,
    module: &Module,
) -> Result<(), Violation> {
    let config = slice_mut(memory, at, bridge_config::SIZE, "the bridge configuration")?;
    config.fill(0);
    let call = bridge_config::DISPATCH_CALL as usize;
    config[call..call + 4].copy_from_slice(&module.callbacks.dispatch.to_le_bytes());
    config[bridge_config::FORCE_SHOW_PANICS as usize] = u8::from(!module.unwinds);
    input.write(memory, at + bridge_config::INPUT)
}

/// Turns what ended a call into an error of ours. Backtraces through wasm tell a user nothing.
fn explain(error: &wasmtime::Error) -> ExpandError {
    if let Some(Exit(status)) = error.downcast_ref::<Exit>() {
        return ExpandError::Exit(*status);
    }
    if let Some(Violation(text)) = error.downcast_ref::<Violation>() {
        return ExpandError::Protocol(text.clone());
    }
    if error.downcast_ref::<OutOfMemory>().is_some() {
        return ExpandError::OutOfMemory;
    }
    if error.downcast_ref::<Gone>().is_some() {
        return ExpandError::Gone;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => ExpandError::StackOverflow,
        Some(trap) => ExpandError::Trap(trap.to_string()),
        None => ExpandError::Trap(error.root_cause().to_string()),
    }
}

/// What a module that aborts meant: its panic is an answer. What else it printed is passed on.
fn aborted(
    result: Result<Vec<u8>, ExpandError>,
    wasi: &WasiCtx,
    width: Width,
) -> Result<Vec<u8>, ExpandError> {
    let stderr = wasi.stderr().map_or(&[][..], |captured| captured.bytes());
    let message = match &result {
        Err(ExpandError::Trap(_)) => panic_message::find(stderr),
        _ => None,
    };
    if let Some(message) = message {
        let mut output = Vec::new();
        encode_panic(Some(&message), width, &mut output);
        return Ok(output);
    }
    // Nothing can be done where standard error is gone.
    let _ = std::io::stderr().write_all(stderr);
    result
}
