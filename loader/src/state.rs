//! The data of one expansion's store.

use crate::mail::{InPlace, Mail};
use pm_abi::contract::{Callbacks, Exchange};
use pm_artifact::Module;
use pm_wasi::{WasiCtx, WasiView};
use std::sync::Arc;
use wasmtime::{Memory, ModuleExport};

/// The exports that an expansion uses, looked up once a module.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) malloc: ModuleExport,
    pub(crate) free: ModuleExport,
}

/// The data of one expansion's store.
pub(crate) struct State {
    pub(crate) mail: Arc<Mail>,
    pub(crate) in_place: InPlace,
    /// The reply to a request that was answered in place.
    pub(crate) reply: Vec<u8>,
    /// Whether it is yet to be delivered.
    pub(crate) is_kept: bool,
    pub(crate) wasi: WasiCtx,
    pub(crate) memory: Option<Memory>,
    pub(crate) exports: Exports,
    pub(crate) callbacks: Callbacks,
    pub(crate) exchange: Exchange,
}

impl State {
    pub(crate) fn new(
        wasi: WasiCtx,
        exports: Exports,
        module: &Module,
        in_place: InPlace,
    ) -> State {
        State {
            mail: Arc::default(),
            in_place,
            reply: Vec::new(),
            is_kept: false,
            wasi,
            memory: None,
            exports,
            callbacks: module.callbacks,
            exchange: module.exchange,
        }
    }
}

impl WasiView for State {
    fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }
}
