//! A guest that makes one call at a time.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use pm_wasi::{Grants, Output, WasiCtx, WasiView, add_to_linker};
use wasmtime::{Engine, Instance, Linker, Memory, Module, Store, Val};

/// Every function of preview 1 and its parameters: `i` is 32 bits wide and `l` 64.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// The size of the guest's memory.
pub(crate) const MEMORY: u32 = 2 << 16;

/// Where the guest puts a path, and other input.
pub(crate) const INPUT: u32 = 1024;

/// Where the guest wants a result.
pub(crate) const OUT: u32 = 16;

pub(crate) struct State {
    pub(crate) wasi: WasiCtx,
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

/// A module that imports every function and exports one of the same name that calls it.
pub(crate) fn module() -> &'static Module {
    static MODULE: LazyLock<Module> = LazyLock::new(|| {
        let (mut imports, mut exports) = (String::new(), String::new());
        for (name, params) in FUNCTIONS {
            let types = params.replace('i', " i32").replace('l', " i64");
            writeln!(
                imports,
                "(import \"wasi_snapshot_preview1\" \"{name}\"
                    (func ${name} (param{types}) (result i32)))"
            )
            .unwrap();
            let args: String = (0..params.len())
                .map(|i| format!(" (local.get {i})"))
                .collect();
            writeln!(
                exports,
                "(func (export \"{name}\") (param{types}) (result i32) (call ${name}{args}))"
            )
            .unwrap();
        }
        let text = format!(
            "(module {imports}
                (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
                (memory (export \"memory\") 2)
                {exports}
                (func (export \"proc_exit\") (param i32) (call $exit (local.get 0))))"
        );
        let wasm = wat::parse_str(text).unwrap();
        Module::new(&Engine::default(), wasm).unwrap()
    });
    &MODULE
}

pub(crate) struct Guest {
    pub(crate) store: Store<State>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    /// A guest with captured streams.
    pub(crate) fn new(grants: Grants) -> Self {
        let wasi = WasiCtx::new(Arc::new(grants))
            .with_stdout(Output::capture())
            .with_stderr(Output::capture());
        Self::with(wasi)
    }

    pub(crate) fn with(wasi: WasiCtx) -> Self {
        let mut linker = Linker::new(module().engine());
        add_to_linker(&mut linker).unwrap();
        let mut store = Store::new(module().engine(), State { wasi, memory: None });
        let instance = linker.instantiate(&mut store, module()).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        store.data_mut().memory = Some(memory);
        Self {
            store,
            instance,
            memory,
        }
    }

    /// Forgets the memory, as a host might that has none to give.
    pub(crate) fn without_memory(mut self) -> Self {
        self.store.data_mut().memory = None;
        self
    }

    /// Calls a function and gives its error number.
    #[track_caller]
    pub(crate) fn call(&mut self, name: &str, args: &[u64]) -> u32 {
        let func = self.instance.get_func(&mut self.store, name).unwrap();
        let params = func.ty(&self.store);
        assert_eq!(params.params().len(), args.len(), "{name}");
        let args: Vec<Val> = params
            .params()
            .zip(args)
            .map(|(ty, &arg)| match ty.is_i64() {
                true => Val::I64(arg.cast_signed()),
                false => Val::I32(u32::try_from(arg).unwrap().cast_signed()),
            })
            .collect();
        let mut result = [Val::I32(0)];
        func.call(&mut self.store, &args, &mut result).unwrap();
        result[0].unwrap_i32().cast_unsigned()
    }

    /// Calls `proc_exit`.
    pub(crate) fn exit(&mut self, status: i32) -> wasmtime::Error {
        let func = self
            .instance
            .get_typed_func::<i32, ()>(&mut self.store, "proc_exit")
            .unwrap();
        func.call(&mut self.store, status).unwrap_err()
    }

    pub(crate) fn put(&mut self, address: u32, bytes: &[u8]) {
        self.memory
            .write(&mut self.store, address as usize, bytes)
            .unwrap();
    }

    /// Puts a list of buffers, as addresses and lengths, at an address.
    pub(crate) fn put_buffers(&mut self, address: u32, buffers: &[(u32, u32)]) {
        let bytes: Vec<u8> = buffers
            .iter()
            .flat_map(|&(a, l)| [a.to_le_bytes(), l.to_le_bytes()].concat())
            .collect();
        self.put(address, &bytes);
    }

    pub(crate) fn bytes(&self, address: u32, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        self.memory
            .read(&self.store, address as usize, &mut bytes)
            .unwrap();
        bytes
    }

    pub(crate) fn text(&self, address: u32, length: u32) -> String {
        String::from_utf8(self.bytes(address, length)).unwrap()
    }

    pub(crate) fn u32(&self, address: u32) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().unwrap())
    }

    pub(crate) fn u64(&self, address: u32) -> u64 {
        u64::from_le_bytes(self.bytes(address, 8).try_into().unwrap())
    }

    /// The refusals so far, as they are displayed.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.store
            .data()
            .wasi
            .refusals()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// Opens a path from a directory, for reading.
    pub(crate) fn open_at(&mut self, fd: u32, path: &str) -> Result<u32, u32> {
        const READ: u64 = 1 << 1;
        let length = path.len() as u64;
        self.put(INPUT, path.as_bytes());
        let args = [
            fd.into(),
            1,
            INPUT.into(),
            length,
            0,
            READ,
            READ,
            0,
            OUT.into(),
        ];
        match self.call("path_open", &args) {
            0 => Ok(self.u32(OUT)),
            errno => Err(errno),
        }
    }

    /// Opens a path as wasi-libc does: from the root, without its slash.
    pub(crate) fn open(&mut self, path: &str) -> Result<u32, u32> {
        self.open_at(3, path.strip_prefix('/').unwrap_or(path))
    }

    /// Reads a descriptor to its end.
    pub(crate) fn read(&mut self, fd: u32) -> Result<String, u32> {
        let mut text = String::new();
        loop {
            self.put_buffers(INPUT, &[(2048, 5), (4096, 7)]);
            match self.call("fd_read", &[fd.into(), INPUT.into(), 2, OUT.into()]) {
                0 => {}
                errno => return Err(errno),
            }
            let length = self.u32(OUT);
            text += &self.text(2048, length.min(5));
            text += &self.text(4096, length.saturating_sub(5));
            if length == 0 {
                return Ok(text);
            }
        }
    }

    /// The text of the file at a path.
    pub(crate) fn read_path(&mut self, path: &str) -> Result<String, u32> {
        let fd = self.open(path)?;
        let text = self.read(fd)?;
        assert_eq!(self.call("fd_close", &[fd.into()]), 0);
        Ok(text)
    }
}
