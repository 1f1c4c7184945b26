//! What the handles of an expansion stand for.

use crate::protocol::{PanicMessage, SpanHandle, StreamHandle};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::hash::Hash;
use std::num::NonZeroU32;

/// The handle is not, or no longer, the macro's.
fn unknown() -> PanicMessage {
    PanicMessage::from("use-after-free in `proc_macro` handle")
}

fn handle(index: usize) -> NonZeroU32 {
    let handle = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
    handle.expect("`proc_macro` handle counter overflowed")
}

fn index(handle: NonZeroU32) -> usize {
    handle.get() as usize - 1
}

/// Streams, each with the one handle of the one macro value that owns it.
pub(crate) struct StreamStore<T> {
    streams: Slab<T>,
}

impl<T> StreamStore<T> {
    pub(crate) fn new() -> Self {
        StreamStore {
            streams: Slab::new(),
        }
    }

    pub(crate) fn alloc(&mut self, stream: T) -> StreamHandle {
        StreamHandle(handle(self.streams.insert(stream)))
    }

    pub(crate) fn take(&mut self, handle: StreamHandle) -> Result<T, PanicMessage> {
        self.streams.try_remove(index(handle.0)).ok_or_else(unknown)
    }

    pub(crate) fn get(&self, handle: StreamHandle) -> Result<&T, PanicMessage> {
        self.streams.get(index(handle.0)).ok_or_else(unknown)
    }

    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }
}

/// Spans, each once.
pub(crate) struct SpanStore<S> {
    spans: Vec<S>,
    handles: FxHashMap<S, SpanHandle>,
}

impl<S: Copy + Eq + Hash> SpanStore<S> {
    pub(crate) fn new() -> Self {
        SpanStore {
            spans: Vec::new(),
            handles: FxHashMap::default(),
        }
    }

    pub(crate) fn alloc(&mut self, span: S) -> SpanHandle {
        *self.handles.entry(span).or_insert_with(|| {
            self.spans.push(span);
            SpanHandle(handle(self.spans.len() - 1))
        })
    }

    pub(crate) fn get(&self, handle: SpanHandle) -> Result<S, PanicMessage> {
        self.spans.get(index(handle.0)).copied().ok_or_else(unknown)
    }
}
