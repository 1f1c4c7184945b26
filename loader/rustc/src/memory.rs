//! rustc's memory, table and allocator, as the host uses them.

use crate::run::Host;
use wasmtime::{AsContext, AsContextMut, Caller, Func, Global, Memory, Ref, Table, TypedFunc, Val};

/// The exports of the running rustc, looked up once.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    pub(crate) memory: Memory,
    pub(crate) table: Table,
    pub(crate) stack_pointer: Global,
    malloc: Func,
}

impl Exports {
    pub(crate) fn of(
        instance: &wasmtime::Instance,
        mut store: impl AsContextMut,
    ) -> wasmtime::Result<Exports> {
        let missing = |name: &str| {
            wasmtime::Error::msg(format!("the WASI rustc has no `{name}`: build it anew"))
        };
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| missing("memory"))?;
        let table = instance
            .get_table(&mut store, "__indirect_function_table")
            .ok_or_else(|| missing("__indirect_function_table"))?;
        let stack_pointer = instance
            .get_global(&mut store, "__stack_pointer")
            .ok_or_else(|| missing("__stack_pointer"))?;
        let malloc = instance
            .get_func(&mut store, "malloc")
            .ok_or_else(|| missing("malloc"))?;
        Ok(Exports {
            memory,
            table,
            stack_pointer,
            malloc,
        })
    }

    /// Bytes of rustc's memory.
    pub(crate) fn read<'a>(
        &self,
        store: &'a impl AsContext,
        at: u32,
        len: u32,
    ) -> wasmtime::Result<&'a [u8]> {
        let range = at as usize..at as usize + len as usize;
        self.memory
            .data(store.as_context())
            .get(range)
            .ok_or_else(|| outside(at, len))
    }

    /// Overwrites bytes of rustc's memory.
    pub(crate) fn write(
        &self,
        mut store: impl AsContextMut,
        at: u32,
        bytes: &[u8],
    ) -> wasmtime::Result<()> {
        let range = at as usize..at as usize + bytes.len();
        let data = self.memory.data_mut(&mut store);
        let place = data
            .get_mut(range)
            .ok_or_else(|| outside(at, bytes.len() as u32))?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    /// A block from rustc's own allocator.
    pub(crate) fn allocate(
        &self,
        mut store: impl AsContextMut,
        size: u32,
    ) -> wasmtime::Result<u32> {
        let malloc: TypedFunc<u32, u32> = self.malloc.typed(&store)?;
        match malloc.call(&mut store, size.max(1))? {
            0 => Err(wasmtime::Error::msg("the WASI rustc is out of memory")),
            at => Ok(at),
        }
    }

    /// The function in a slot of rustc's table.
    pub(crate) fn function(
        &self,
        mut store: impl AsContextMut,
        slot: u32,
    ) -> wasmtime::Result<Func> {
        match self.table.get(&mut store, slot.into()) {
            Some(Ref::Func(Some(function))) => Ok(function),
            _ => Err(wasmtime::Error::msg(format!(
                "slot {slot} of rustc's table has no function"
            ))),
        }
    }

    /// Puts functions into new slots of rustc's table and returns the first's number.
    pub(crate) fn add_functions(
        &self,
        mut store: impl AsContextMut,
        functions: &[Func],
    ) -> wasmtime::Result<u32> {
        let first = self
            .table
            .grow(&mut store, functions.len() as u64, Ref::Func(None))?;
        for (slot, function) in (first..).zip(functions) {
            self.table
                .set(&mut store, slot, Ref::Func(Some(*function)))?;
        }
        u32::try_from(first).map_err(Into::into)
    }

    /// Runs `work` with `size` bytes of rustc's own stack, whose address it gets.
    pub(crate) fn with_stack<R>(
        &self,
        caller: &mut Caller<'_, Host>,
        size: u32,
        work: impl FnOnce(&mut Caller<'_, Host>, u32) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        let before = self.stack_pointer.get(&mut *caller);
        let top = before.unwrap_i32() as u32;
        let at = top
            .checked_sub(size)
            .ok_or_else(|| wasmtime::Error::from(wasmtime::Trap::StackOverflow))?
            & !15;
        self.stack_pointer.set(&mut *caller, Val::I32(at as i32))?;
        let result = work(caller, at);
        self.stack_pointer.set(&mut *caller, before)?;
        result
    }
}

#[cold]
fn outside(at: u32, len: u32) -> wasmtime::Error {
    wasmtime::Error::msg(format!("{len} bytes at {at:#x} lie outside rustc's memory"))
}
