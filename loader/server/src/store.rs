//! The objects that an expansion's handles stand for.

use crate::protocol::{PanicMessage, SpanHandle};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::NonZeroU32;

/// The handle is not, or no longer, the macro's.
pub(crate) fn unknown() -> PanicMessage {
    PanicMessage::from("use-after-free in `proc_macro` handle")
}

fn handle(index: usize) -> NonZeroU32 {
    let handle = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
    handle.expect("`proc_macro` handle counter overflowed")
}

fn index(handle: NonZeroU32) -> usize {
    handle.get() as usize - 1
}

/// Streams or source files, each with the one handle of the one macro value that owns it.
pub(crate) struct OwnedStore<H, T> {
    objects: Slab<T>,
    handles: PhantomData<H>,
}

impl<H: From<NonZeroU32> + Into<NonZeroU32>, T> OwnedStore<H, T> {
    pub(crate) fn new() -> Self {
        OwnedStore {
            objects: Slab::new(),
            handles: PhantomData,
        }
    }

    pub(crate) fn alloc(&mut self, object: T) -> H {
        handle(self.objects.insert(object)).into()
    }

    pub(crate) fn take(&mut self, handle: H) -> Result<T, PanicMessage> {
        let object = self.objects.try_remove(index(handle.into()));
        object.ok_or_else(unknown)
    }

    pub(crate) fn get(&self, handle: H) -> Result<&T, PanicMessage> {
        self.objects.get(index(handle.into())).ok_or_else(unknown)
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
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
