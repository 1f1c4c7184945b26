//! The host's side of a call: the functions that a macro calls, and the memory that they share.
//!
//! Everything that comes from the macro, pointers and lengths above all, is checked; what it does to
//! its own memory is its own affair.

use crate::mail;
use crate::state::State;
use pm_abi::contract::{
    Callbacks, DISPATCH, DISPATCH_IN_PLACE, DROP, Exchange, IMPORT_MODULE, RESERVE,
};
use pm_abi::layout::buffer as layout;
use wasmtime::{AsContextMut, Caller, Linker, Memory};

/// The macro broke the rules.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Violation(pub(crate) String);

/// The macro's allocator has no more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("out of memory")]
pub(crate) struct OutOfMemory;

/// Whoever answers the macro can't any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("nobody answers the macro any more")]
pub(crate) struct Gone;

/// A `Buffer` of the bridge, by value.
#[derive(Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) data: u32,
    pub(crate) len: u32,
    pub(crate) capacity: u32,
    pub(crate) reserve: u32,
    pub(crate) drop: u32,
}

impl Buffer {
    /// Reads a buffer from a macro's memory.
    pub(crate) fn read(memory: &[u8], at: u32) -> Result<Buffer, Violation> {
        let bytes = slice(memory, at, layout::SIZE, "a buffer")?;
        let field = |offset: u32| {
            let word = bytes[offset as usize..]
                .first_chunk()
                .expect("the struct's size was read");
            u32::from_le_bytes(*word)
        };
        let buffer = Buffer {
            data: field(layout::DATA),
            len: field(layout::LEN),
            capacity: field(layout::CAPACITY),
            reserve: field(layout::RESERVE),
            drop: field(layout::DROP),
        };
        if buffer.len > buffer.capacity {
            let Buffer { len, capacity, .. } = buffer;
            return Err(Violation(format!(
                "a buffer of {capacity} bytes has {len} in use"
            )));
        }
        Ok(buffer)
    }

    /// Writes a buffer into a macro's memory.
    pub(crate) fn write(self, memory: &mut [u8], at: u32) -> Result<(), Violation> {
        let bytes = slice_mut(memory, at, layout::SIZE, "a buffer")?;
        for (offset, value) in [
            (layout::DATA, self.data),
            (layout::LEN, self.len),
            (layout::CAPACITY, self.capacity),
            (layout::RESERVE, self.reserve),
            (layout::DROP, self.drop),
        ] {
            bytes[offset as usize..][..4].copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }

    /// The bytes in use.
    pub(crate) fn bytes(self, memory: &[u8]) -> Result<&[u8], Violation> {
        slice(memory, self.data, self.len, "a message")
    }
}

fn slice<'a>(
    memory: &'a [u8],
    at: u32,
    len: u32,
    what: &'static str,
) -> Result<&'a [u8], Violation> {
    let (start, end) = (at as usize, at as usize + len as usize);
    memory.get(start..end).ok_or_else(|| outside(at, len, what))
}

/// The same, to be written.
pub(crate) fn slice_mut<'a>(
    memory: &'a mut [u8],
    at: u32,
    len: u32,
    what: &'static str,
) -> Result<&'a mut [u8], Violation> {
    let (start, end) = (at as usize, at as usize + len as usize);
    memory
        .get_mut(start..end)
        .ok_or_else(|| outside(at, len, what))
}

#[cold]
fn outside(at: u32, len: u32, what: &str) -> Violation {
    Violation(format!(
        "{what} at {at:#x} (length {len}) lies outside its memory"
    ))
}

/// Defines the host's functions in a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        IMPORT_MODULE,
        DISPATCH_IN_PLACE.name,
        |mut host: Host<'_>, sret, _env: u32, at| dispatch_in_place(&mut host, sret, at),
    )?;
    linker.func_wrap_async(
        IMPORT_MODULE,
        DISPATCH.name,
        |host, (sret, _env, at): (_, u32, _)| Box::new(dispatch(host, sret, at)),
    )?;
    linker.func_wrap_async(
        IMPORT_MODULE,
        RESERVE.name,
        |host, (sret, at, additional)| Box::new(reserve(host, sret, at, additional)),
    )?;
    linker.func_wrap_async(IMPORT_MODULE, DROP.name, |host, (at,)| {
        Box::new(drop(host, at))
    })?;
    Ok(())
}

type Host<'a> = Caller<'a, State>;

// `BridgeConfig::dispatch` is two functions of the host: the module calls the second if the first says 0
// (`snapshot/src/callbacks.rs`). The request's buffer comes back with the reply in it.

/// Answers without leaving the macro's stack, and says 1; or says 0.
fn dispatch_in_place(caller: &mut Host<'_>, sret: u32, at: u32) -> wasmtime::Result<u32> {
    let (bytes, state) = memory(caller)?.data_and_store_mut(caller);
    let buffer = Buffer::read(bytes, at)?;
    state.reply.clear();
    let request = buffer.bytes(bytes)?;
    // SAFETY: a host function is called by the macro, whose future `mail::run` polls with the answerer that
    // the state was made of.
    let is_answered = unsafe { state.in_place.answer(request, &mut state.reply) }.ok_or(Gone)?;
    state.is_kept = is_answered && state.reply.len() > buffer.capacity as usize;
    if !is_answered || state.is_kept {
        return Ok(0);
    }
    write_reply(bytes, &state.reply, buffer, sret)?;
    Ok(1)
}

/// Answers what [`dispatch_in_place`] doesn't, and delivers what it can't.
async fn dispatch(mut caller: Host<'_>, sret: u32, at: u32) -> wasmtime::Result<()> {
    let (bytes, state) = memory(&caller)?.data_and_store_mut(&mut caller);
    let buffer = Buffer::read(bytes, at)?;
    if std::mem::take(&mut state.is_kept) {
        let reply = std::mem::take(&mut state.reply);
        deliver(&mut caller, sret, buffer, &reply).await?;
        caller.data_mut().reply = reply;
        return Ok(());
    }
    state.mail.ask(buffer.bytes(bytes)?);
    mail::answered().await;
    let reply = caller.data().mail.take_reply().ok_or(Gone)?;
    deliver(&mut caller, sret, buffer, &reply).await?;
    caller.data().mail.keep(reply);
    Ok(())
}

/// Gives the macro a reply, in the request's buffer or in one that is large enough. The reply isn't in the
/// state, since the macro's allocator runs here, which may ask again.
async fn deliver(
    caller: &mut Host<'_>,
    sret: u32,
    mut buffer: Buffer,
    reply: &[u8],
) -> wasmtime::Result<()> {
    let len = u32::try_from(reply.len()).map_err(|_| OutOfMemory)?;
    if len > buffer.capacity {
        // The request was read: nothing of the old block is needed. One that isn't the host's own
        // stays with the macro's allocator until the instance ends.
        if buffer.drop == caller.data().callbacks.drop {
            release(caller, buffer.data).await?;
        }
        buffer = allocate(caller, len).await?;
    }
    let memory = memory(caller)?;
    write_reply(memory.data_mut(&mut *caller), reply, buffer, sret)?;
    Ok(())
}

/// Writes a reply into a buffer that it fits into, and the buffer where the macro wants it.
fn write_reply(
    memory: &mut [u8],
    reply: &[u8],
    mut buffer: Buffer,
    sret: u32,
) -> Result<(), Violation> {
    buffer.len = u32::try_from(reply.len()).expect("it fits into a buffer");
    slice_mut(memory, buffer.data, buffer.len, "a message")?.copy_from_slice(reply);
    buffer.write(memory, sret)
}

/// `Buffer::reserve` of the host's buffers: the same bytes with room for `additional` more.
async fn reserve(
    mut caller: Host<'_>,
    sret: u32,
    at: u32,
    additional: u32,
) -> wasmtime::Result<()> {
    let memory = memory(&caller)?;
    let old = Buffer::read(memory.data(&caller), at)?;
    let needed = old.len.checked_add(additional).ok_or(OutOfMemory)?;
    let mut new = old;
    if needed > old.capacity {
        new = allocate(&mut caller, needed.max(old.capacity.saturating_mul(2))).await?;
        let bytes = memory.data_mut(&mut caller);
        old.bytes(bytes)?;
        let range = old.data as usize..old.data as usize + old.len as usize;
        bytes.copy_within(range, new.data as usize);
        new.len = old.len;
        release(&mut caller, old.data).await?;
    }
    new.write(memory.data_mut(&mut caller), sret)?;
    Ok(())
}

/// `Buffer::drop` of the host's buffers.
async fn drop(mut caller: Host<'_>, at: u32) -> wasmtime::Result<()> {
    let buffer = Buffer::read(memory(&caller)?.data(&caller), at)?;
    release(&mut caller, buffer.data).await
}

fn memory(caller: &Host<'_>) -> Result<Memory, Violation> {
    caller
        .data()
        .memory
        .ok_or_else(|| Violation("it calls the host while it starts".into()))
}

/// A block from the macro's own allocator, as an empty buffer of the host's.
async fn allocate(caller: &mut Host<'_>, size: u32) -> wasmtime::Result<Buffer> {
    let export = caller.data().exports.malloc;
    let malloc = caller
        .get_module_export(&export)
        .and_then(wasmtime::Extern::into_func)
        .ok_or_else(|| Violation("`malloc` isn't a function".into()))?;
    let malloc = malloc.typed::<u32, u32>(&*caller)?;
    let data = malloc.call_async(caller.as_context_mut(), size).await?;
    if data == 0 {
        return Err(OutOfMemory.into());
    }
    let memory = memory(caller)?;
    slice(memory.data(&*caller), data, size, "an allocated block")?;
    let Callbacks { reserve, drop, .. } = caller.data().callbacks;
    Ok(Buffer {
        data,
        len: 0,
        capacity: size,
        reserve,
        drop,
    })
}

/// Gives a block back, unless it is the exchange block, which isn't the allocator's to reuse.
async fn release(caller: &mut Host<'_>, data: u32) -> wasmtime::Result<()> {
    let Exchange { address, size } = caller.data().exchange;
    if data == 0 || (address..address + size).contains(&data) {
        return Ok(());
    }
    let export = caller.data().exports.free;
    let free = caller
        .get_module_export(&export)
        .and_then(wasmtime::Extern::into_func)
        .ok_or_else(|| Violation("`free` isn't a function".into()))?;
    free.typed::<u32, ()>(&*caller)?
        .call_async(caller.as_context_mut(), data)
        .await
}
