//! Brings an instrumented module to the point where a snapshot is taken.

use crate::SnapshotError;
use crate::check::Exports;
use pm_abi::contract::{EXCHANGE_SIZE, Exchange};
use pm_abi::layout::ABI;
use pm_cranelift::Purpose;
use pm_wasi::{Output, WasiCtx, WasiView};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasmtime::{ExternType, Instance, Linker, Memory, Module, Store, Val};
use wasmtime_wizer::{InstanceState, ModuleContext, SnapshotVal, ValType, Wizer};

struct State {
    wasi: WasiCtx,
    memory: Option<Memory>,
}

impl WasiView for State {
    fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }
}

/// An instance after its start-up.
pub(crate) struct Started {
    store: Store<State>,
    instance: Instance,
    memory: Memory,
    exchange: Exchange,
}

/// Instantiates the instrumented module, runs `_initialize` and starts the allocator.
pub(crate) fn start(instrumented: &[u8], exports: &Exports) -> Result<Started, SnapshotError> {
    let compile = |error: wasmtime::Error| SnapshotError::Compile(format!("{error:#}"));
    let engine = pm_cranelift::engine(Purpose::Once, ABI).map_err(compile)?;
    let module = Module::new(&engine, instrumented).map_err(compile)?;
    check_imports(&module)?;
    let mut linker = Linker::new(&engine);
    pm_wasi::add_to_linker(&mut linker).map_err(compile)?;
    // Nothing is granted, and what the module prints while it starts is nobody's to read.
    let wasi = WasiCtx::new(Arc::default())
        .with_stdout(Output::capture())
        .with_stderr(Output::capture());
    let mut store = Store::new(&engine, State { wasi, memory: None });
    // The memory is known to WASI only after instantiation: a `start` function that calls WASI gets
    // an error, and wasm-ld makes none but for threads.
    let instance =
        linker
            .instantiate(&mut store, &module)
            .map_err(|error| SnapshotError::Start {
                function: "start",
                cause: cause(&error),
            })?;
    let memory = instance
        .get_memory(&mut store, &exports.memory)
        .ok_or(SnapshotError::Export("memory"))?;
    store.data_mut().memory = Some(memory);
    if exports.initialize {
        call(&mut store, &instance, "_initialize", &[])?;
    }
    // The allocator of a 2022 wasi-libc takes, at its first `malloc`, everything up to the current
    // memory size as its heap. So it must have started before anybody else grows the memory; and
    // this block of it is the host's for good.
    let address = call(
        &mut store,
        &instance,
        "malloc",
        &[Val::I32(EXCHANGE_SIZE as i32)],
    )?;
    let exchange = Exchange {
        address,
        size: EXCHANGE_SIZE,
    };
    let end = u64::from(address) + u64::from(EXCHANGE_SIZE);
    if address == 0 || address % 8 != 0 || end > memory.data_size(&store) as u64 {
        let cause = format!("it returned {address:#x} for {EXCHANGE_SIZE} bytes");
        return Err(SnapshotError::Start {
            function: "malloc",
            cause,
        });
    }
    Ok(Started {
        store,
        instance,
        memory,
        exchange,
    })
}

/// A macro may import what any host gives, and nothing else.
fn check_imports(module: &Module) -> Result<(), SnapshotError> {
    let unknown = module.imports().find(|import| {
        !matches!(import.ty(), ExternType::Func(ty)
            if pm_wasi::is_known_import(import.module(), import.name(), &ty))
    });
    match unknown {
        None => Ok(()),
        Some(import) => Err(SnapshotError::Import {
            module: import.module().into(),
            name: import.name().into(),
        }),
    }
}

/// Calls an export that returns an i32 or nothing (0).
fn call(
    store: &mut Store<State>,
    instance: &Instance,
    function: &'static str,
    args: &[Val],
) -> Result<u32, SnapshotError> {
    let export = instance
        .get_func(&mut *store, function)
        .ok_or(SnapshotError::Export(function))?;
    let mut results = vec![Val::I32(0); export.ty(&*store).results().len()];
    export
        .call(&mut *store, args, &mut results)
        .map_err(|error| SnapshotError::Start {
            function,
            cause: cause(&error),
        })?;
    Ok(results
        .first()
        .and_then(Val::i32)
        .unwrap_or(0)
        .cast_unsigned())
}

/// The reason without the wasm backtrace, which tells a user nothing.
fn cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// Lets Wizer write the instance's state into a module.
pub(crate) fn write(
    wizer: &Wizer,
    context: &ModuleContext<'_>,
    started: &mut Started,
) -> Result<Vec<u8>, SnapshotError> {
    // Wizer's interface is asynchronous for hosts that are; this one is ready at once.
    let mut written = pin!(wizer.snapshot(context, started));
    match written
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(written) => written.map_err(SnapshotError::wizer),
        Poll::Pending => Err(SnapshotError::Wizer(
            "it waits for the instance's state".into(),
        )),
    }
}

impl Started {
    pub(crate) fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    pub(crate) fn exchange(&self) -> Exchange {
        self.exchange
    }
}

impl InstanceState for Started {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.expect("Wizer exported it").get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            other => unreachable!("Wizer refuses mutable globals of type {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.expect("Wizer exported it").data(&self.store));
    }
}
