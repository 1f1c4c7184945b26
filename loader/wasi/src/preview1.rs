//! The functions of `wasi_snapshot_preview1`, all of them: a module links whatever the code in it
//! could call, long before it is known what it does call.

mod ambient;
mod descriptors;
mod paths;
mod streams;

use wasmtime::{Caller, FuncType, Linker, ValType};

use crate::context::{Exit, WasiCtx};
use crate::errno::Errno;
use crate::memory::Memory;

const MODULE: &str = "wasi_snapshot_preview1";

/// What a store's data must have for its instances to use WASI.
pub trait WasiView {
    /// The context of the instance.
    fn wasi(&mut self) -> &mut WasiCtx;

    /// The instance's memory. Without one, each call that needs it answers `EFAULT`.
    fn memory(&self) -> Option<wasmtime::Memory>;
}

/// Makes [`add_to_linker`] and [`is_known_import`] of one list, so that they cannot differ.
macro_rules! functions {
    (|$ctx:ident, $memory:ident| $($name:ident($($arg:ident: $ty:ident),*) => $body:expr;)*) => {
        /// Defines all of `wasi_snapshot_preview1` in a linker.
        pub fn add_to_linker<T: WasiView + 'static>(
            linker: &mut Linker<T>,
        ) -> wasmtime::Result<()> {
            add_wanted_to_linker(linker, |_| true)
        }

        /// Defines those functions of `wasi_snapshot_preview1` whose names are wanted: to define
        /// them all takes as long as to map a module.
        pub fn add_wanted_to_linker<T: WasiView + 'static>(
            linker: &mut Linker<T>,
            wanted: impl Fn(&str) -> bool,
        ) -> wasmtime::Result<()> {
            $(
                if wanted(stringify!($name)) { linker.func_wrap(
                    MODULE,
                    stringify!($name),
                    |mut caller: Caller<'_, T>, $($arg: $ty),*| -> u32 {
                        answer(&mut caller, |$ctx, $memory| {
                            let _ = (&$ctx, &$memory);
                            $body
                        })
                    },
                )?; }
            )*
            if wanted("proc_exit") {
                linker.func_wrap(MODULE, "proc_exit", |status: i32| -> wasmtime::Result<()> {
                    Err(Exit(status).into())
                })?;
            }
            Ok(())
        }

        /// The number types of a function's parameters and whether it has a result.
        fn signature(name: &str) -> Option<(&'static [Number], bool)> {
            match name {
                $(stringify!($name) => Some((&[$(Number::$ty),*], true)),)*
                "proc_exit" => Some((&[Number::u32], false)),
                _ => None,
            }
        }
    };
}

/// A parameter's type, by the name that it has in the list below.
#[expect(non_camel_case_types, reason = "the list names Rust's own types")]
#[derive(Clone, Copy)]
enum Number {
    u32,
    u64,
}

/// Whether a linker with [`add_to_linker`] has what an import asks for: for a clear message before
/// linking fails.
pub fn is_known_import(module: &str, name: &str, ty: &FuncType) -> bool {
    let Some((params, has_result)) = signature(name).filter(|_| module == MODULE) else {
        return false;
    };
    let fits = |number: Number, ty: ValType| match number {
        Number::u32 => ty.is_i32(),
        Number::u64 => ty.is_i64(),
    };
    params.len() == ty.params().len()
        && params
            .iter()
            .zip(ty.params())
            .all(|(&number, ty)| fits(number, ty))
        && ty.results().len() == usize::from(has_result)
        && ty.results().all(|ty| ty.is_i32())
}

fn answer<T: WasiView + 'static>(
    caller: &mut Caller<'_, T>,
    call: impl FnOnce(&mut WasiCtx, &mut Memory<'_>) -> Result<(), Errno>,
) -> u32 {
    let (bytes, data) = match caller.data().memory() {
        Some(memory) => memory.data_and_store_mut(&mut *caller),
        None => (&mut [][..], caller.data_mut()),
    };
    match call(data.wasi(), &mut Memory(bytes)) {
        Ok(()) => 0,
        Err(Errno(number)) => number.into(),
    }
}

functions! { |ctx, memory|
    args_get(_argv: u32, _text: u32) => Ok(());
    args_sizes_get(count: u32, size: u32) => ctx.args_sizes_get(memory, count, size);
    environ_get(list: u32, text: u32) => ctx.environ_get(memory, list, text);
    environ_sizes_get(count: u32, size: u32) => ctx.environ_sizes_get(memory, count, size);
    clock_res_get(clock: u32, out: u32) => ctx.clock_res_get(memory, clock, out);
    clock_time_get(clock: u32, _precision: u64, out: u32) => ctx.clock_time_get(memory, clock, out);
    random_get(address: u32, length: u32) => ctx.random_get(memory, address, length);
    poll_oneoff(subscriptions: u32, events: u32, count: u32, out: u32) =>
        ctx.poll_oneoff(memory, subscriptions, events, count, out);
    sched_yield() => Ok(());
    proc_raise(_signal: u32) => Err(Errno::NOSYS);

    fd_write(fd: u32, list: u32, count: u32, out: u32) => ctx.fd_write(memory, fd, list, count, out);
    fd_pwrite(fd: u32, _list: u32, _count: u32, _offset: u64, _out: u32) => ctx.fd_pwrite(fd);
    fd_read(fd: u32, list: u32, count: u32, out: u32) => ctx.fd_read(memory, fd, list, count, out);
    fd_pread(fd: u32, list: u32, count: u32, offset: u64, out: u32) =>
        ctx.fd_pread(memory, fd, list, count, offset, out);
    fd_seek(fd: u32, offset: u64, whence: u32, out: u32) =>
        ctx.fd_seek(memory, fd, offset, whence, out);
    fd_tell(fd: u32, out: u32) => ctx.fd_tell(memory, fd, out);

    fd_advise(fd: u32, _offset: u64, _length: u64, _advice: u32) => ctx.files.file(fd).map(drop);
    fd_allocate(fd: u32, _offset: u64, _length: u64) => ctx.refuse_fd("fd_allocate", fd);
    fd_close(fd: u32) => ctx.files.close(fd);
    fd_datasync(fd: u32) => ctx.files.get(fd).map(drop);
    fd_sync(fd: u32) => ctx.files.get(fd).map(drop);
    fd_fdstat_get(fd: u32, out: u32) => ctx.fd_fdstat_get(memory, fd, out);
    fd_fdstat_set_flags(fd: u32, _flags: u32) => ctx.files.get(fd).map(drop);
    fd_fdstat_set_rights(fd: u32, _base: u64, _inheriting: u64) => ctx.files.get(fd).map(drop);
    fd_filestat_get(fd: u32, out: u32) => ctx.fd_filestat_get(memory, fd, out);
    fd_filestat_set_size(fd: u32, _size: u64) => ctx.refuse_fd("fd_filestat_set_size", fd);
    fd_filestat_set_times(fd: u32, _accessed: u64, _modified: u64, _flags: u32) =>
        ctx.refuse_fd("fd_filestat_set_times", fd);
    fd_prestat_get(fd: u32, out: u32) => ctx.fd_prestat_get(memory, fd, out);
    fd_prestat_dir_name(fd: u32, path: u32, length: u32) =>
        ctx.fd_prestat_dir_name(memory, fd, path, length);
    fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, out: u32) =>
        ctx.fd_readdir(memory, fd, (buffer, length), cookie, out);
    fd_renumber(_from: u32, _to: u32) => Err(Errno::NOTSUP);

    path_open(
        fd: u32, lookup: u32, path: u32, length: u32, open: u32, rights: u64, _inheriting: u64,
        _flags: u32, out: u32
    ) => ctx.path_open(memory, fd, lookup, (path, length), open, rights, out);
    path_filestat_get(fd: u32, lookup: u32, path: u32, length: u32, out: u32) =>
        ctx.path_filestat_get(memory, fd, lookup, (path, length), out);
    path_readlink(fd: u32, path: u32, length: u32, buffer: u32, size: u32, out: u32) =>
        ctx.path_readlink(memory, fd, (path, length), (buffer, size), out);
    path_create_directory(fd: u32, path: u32, length: u32) =>
        ctx.refuse_path(memory, "path_create_directory", fd, (path, length));
    path_filestat_set_times(
        fd: u32, _lookup: u32, path: u32, length: u32, _accessed: u64, _modified: u64, _flags: u32
    ) => ctx.refuse_path(memory, "path_filestat_set_times", fd, (path, length));
    path_link(
        _old_fd: u32, _lookup: u32, _old_path: u32, _old_length: u32, fd: u32, path: u32, length: u32
    ) => ctx.refuse_path(memory, "path_link", fd, (path, length));
    path_remove_directory(fd: u32, path: u32, length: u32) =>
        ctx.refuse_path(memory, "path_remove_directory", fd, (path, length));
    path_rename(fd: u32, path: u32, length: u32, _new_fd: u32, _new_path: u32, _new_length: u32) =>
        ctx.refuse_path(memory, "path_rename", fd, (path, length));
    path_symlink(_target: u32, _target_length: u32, fd: u32, path: u32, length: u32) =>
        ctx.refuse_path(memory, "path_symlink", fd, (path, length));
    path_unlink_file(fd: u32, path: u32, length: u32) =>
        ctx.refuse_path(memory, "path_unlink_file", fd, (path, length));

    sock_accept(_fd: u32, _flags: u32, _out: u32) => ctx.refuse_network("sock_accept");
    sock_recv(_fd: u32, _list: u32, _count: u32, _flags: u32, _out: u32, _out_flags: u32) =>
        ctx.refuse_network("sock_recv");
    sock_send(_fd: u32, _list: u32, _count: u32, _flags: u32, _out: u32) =>
        ctx.refuse_network("sock_send");
    sock_shutdown(_fd: u32, _how: u32) => ctx.refuse_network("sock_shutdown");
}
