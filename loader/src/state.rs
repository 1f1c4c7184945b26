//! What the store of one expansion holds.

use crate::Dispatch;
use crate::artifact::Module;
use pm_wasi::{WasiCtx, WasiView};
use wasmtime::{Memory, ModuleExport};

/// The exports that an expansion uses, looked up once a module.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) malloc: ModuleExport,
    pub(crate) free: ModuleExport,
}

/// The data of one expansion's store.
pub(crate) struct State<D> {
    pub(crate) dispatch: D,
    pub(crate) wasi: WasiCtx,
    pub(crate) memory: Option<Memory>,
    pub(crate) exports: Exports,
    pub(crate) callbacks: [u32; 3],
    pub(crate) exchange: [u32; 2],
    /// Reused for every reply.
    pub(crate) reply: Vec<u8>,
}

impl<D: Dispatch> State<D> {
    pub(crate) fn new(dispatch: D, wasi: WasiCtx, exports: Exports, module: &Module) -> State<D> {
        State {
            dispatch,
            wasi,
            memory: None,
            exports,
            callbacks: module.callbacks,
            exchange: module.exchange,
            reply: Vec::new(),
        }
    }
}

impl<D> WasiView for State<D> {
    fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }
}
