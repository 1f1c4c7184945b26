//! One expansion: a fresh instance, one call, its answer.

use crate::artifact::Module;
use crate::call::{Buffer, Gone, OutOfMemory, Violation, slice_mut};
use crate::state::State;
use crate::{Dispatch, ExpandError, ProcMacro, panic_message};
use pm_abi::layout::{bridge_config, buffer};
use pm_engine::MAX_WASM_STACK;
use pm_wasi::{Exit, Output, WasiCtx};
use std::io::Write;
use wasmtime::{Instance, Store, Trap};

/// What the host's code needs of a stack beside the macro's own, in bytes.
const HOST_STACK: usize = 1 << 20;

/// Where the answer's `Buffer` goes in the exchange block, and where messages begin.
const ANSWER: u32 = bridge_config::SIZE;
const MESSAGES: u32 = 64;
const _: () = assert!(ANSWER + buffer::SIZE <= MESSAGES);

/// What an expansion leaves.
pub struct Outcome<D> {
    /// The macro's answer, or why there is none.
    pub result: Result<Expanded, ExpandError>,
    /// Who answered the macro's requests, given back.
    pub dispatch: D,
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

impl<D: Dispatch + 'static> ProcMacro<D> {
    /// Expands with macro number `index` of [`ProcMacro::declarations`], in a fresh instance.
    ///
    /// `input` is what the bridge gives an entry point: the encoded `ExpnGlobals` and token stream
    /// handles. A panic of the macro is an answer, in `output`; an error means that it gave none.
    pub fn expand(&self, index: usize, input: &[u8], dispatch: D, wasi: WasiCtx) -> Outcome<D> {
        // A native macro runs on the compiler's stack; here the depth is fixed, so that what
        // overflows doesn't depend on who calls.
        let needed = MAX_WASM_STACK + HOST_STACK;
        stacker::maybe_grow(needed, needed + HOST_STACK, || {
            self.expand_here(index, input, dispatch, wasi)
        })
    }

    /// Makes an instance and drops it: for measuring.
    ///
    /// # Errors
    ///
    /// [`ExpandError::Trap`] if there's no room for one.
    pub fn instantiate_only(&self, dispatch: D, wasi: WasiCtx) -> Result<(), ExpandError> {
        let state = State::new(dispatch, wasi, self.exports, &self.manifest_module);
        let mut store = Store::new(self.instance_pre.module().engine(), state);
        match self.instance_pre.instantiate(&mut store) {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(&error)),
        }
    }

    fn expand_here(&self, index: usize, input: &[u8], dispatch: D, wasi: WasiCtx) -> Outcome<D> {
        let module = &self.manifest_module;
        // An aborting macro's message is only on its standard error.
        let wasi = if module.unwinds {
            wasi
        } else {
            wasi.with_stderr(Output::capture())
        };
        let state = State::new(dispatch, wasi, self.exports, module);
        let mut store = Store::new(self.instance_pre.module().engine(), state);
        let result = match self.runs.get(index) {
            None => Err(ExpandError::NoSuchMacro(index)),
            Some(run) => self
                .call(&mut store, run, input)
                .map_err(|error| explain(&error)),
        };
        let State { dispatch, wasi, .. } = store.into_data();
        let result = if module.unwinds {
            result
        } else {
            aborted(result, &wasi)
        };
        Outcome {
            result: result.map(|output| Expanded { output }),
            dispatch,
            wasi,
        }
    }

    fn call(
        &self,
        store: &mut Store<State<D>>,
        run: &wasmtime::ModuleExport,
        input: &[u8],
    ) -> wasmtime::Result<Vec<u8>> {
        let instance = self.instance_pre.instantiate(&mut *store)?;
        let missing = |what| Violation(format!("its {what} is missing"));
        let memory = instance
            .get_module_export(&mut *store, &self.exports.memory)
            .and_then(wasmtime::Extern::into_memory)
            .ok_or_else(|| missing("memory"))?;
        store.data_mut().memory = Some(memory);
        let module = &self.manifest_module;
        let [exchange, size] = module.exchange;
        let room = size
            .checked_sub(MESSAGES)
            .ok_or_else(|| missing("exchange block"))?;
        let block = input_block(
            store,
            &instance,
            self,
            input.len(),
            exchange + MESSAGES,
            room,
        )?;
        let bytes = memory.data_mut(&mut *store);
        slice_mut(bytes, block.data, block.len, "the input")?.copy_from_slice(input);
        write_config(bytes, exchange, block, module)?;
        let run = instance
            .get_module_export(&mut *store, run)
            .and_then(wasmtime::Extern::into_func)
            .ok_or_else(|| missing("entry point"))?;
        let answer = exchange + ANSWER;
        run.typed::<(u32, u32), ()>(&*store)?
            .call(&mut *store, (answer, exchange))?;
        let bytes = memory.data(&*store);
        Ok(Buffer::read(bytes, answer)?.bytes(bytes)?.to_vec())
    }
}

/// The block that the macro gets its input in and sends its requests with.
fn input_block<D: Dispatch + 'static>(
    store: &mut Store<State<D>>,
    instance: &Instance,
    macros: &ProcMacro<D>,
    len: usize,
    exchange: u32,
    room: u32,
) -> wasmtime::Result<Buffer> {
    let len = u32::try_from(len).map_err(|_| OutOfMemory)?;
    let [_, reserve, drop] = macros.manifest_module.callbacks;
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
        .get_module_export(&mut *store, &macros.exports.malloc)
        .and_then(wasmtime::Extern::into_func)
        .ok_or_else(|| Violation("its malloc is missing".into()))?;
    let data = malloc.typed::<u32, u32>(&*store)?.call(&mut *store, len)?;
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
    config[call..call + 4].copy_from_slice(&module.callbacks[0].to_le_bytes());
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
fn aborted(result: Result<Vec<u8>, ExpandError>, wasi: &WasiCtx) -> Result<Vec<u8>, ExpandError> {
    let stderr = wasi.stderr().map_or(&[][..], |captured| captured.bytes());
    let message = match &result {
        Err(ExpandError::Trap(_)) => panic_message::find(stderr),
        _ => None,
    };
    if let Some(message) = message {
        return Ok(panic_message::encode(Some(&message)));
    }
    // Nothing can be done where standard error is gone.
    let _ = std::io::stderr().write_all(stderr);
    result
}
