//! The compiler's buffer, in our hands.

use pm_shim::Buffer;
use std::mem::ManuallyDrop;

/// A [`Buffer`] that is ours: it's given on, or dropped by its owner's function.
pub(crate) struct Owned(ManuallyDrop<Buffer>);

impl Owned {
    /// Takes a buffer over.
    ///
    /// # Safety
    ///
    /// It is one of rustc's (`library/proc_macro/src/bridge/buffer.rs`), and nobody else has it.
    pub(crate) unsafe fn new(buffer: Buffer) -> Owned {
        Owned(ManuallyDrop::new(buffer))
    }

    /// The bytes in use.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.0.len == 0 {
            return &[];
        }
        // SAFETY: of `new`: that many bytes of it are initialised, and they change through `self` only.
        unsafe { std::slice::from_raw_parts(self.0.data, self.0.len) }
    }

    /// Makes `bytes` the content.
    pub(crate) fn replace(&mut self, bytes: &[u8]) {
        self.0.len = 0;
        if bytes.len() > self.0.capacity {
            self.with(|buffer| {
                let reserve = buffer.reserve;
                // SAFETY: of `new`: the buffer is the function's own, and is given away here.
                unsafe { reserve(buffer, bytes.len()) }
            });
            assert!(bytes.len() <= self.0.capacity, "a buffer that doesn't grow");
        }
        // SAFETY: the capacity was checked, and nothing that was borrowed of the buffer is alive.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.data, bytes.len()) };
        self.0.len = bytes.len();
    }

    /// Gives the buffer away for another one.
    pub(crate) fn with(&mut self, change: impl FnOnce(Buffer) -> Buffer) {
        // SAFETY: it's written again before anybody can see it: neither a function of rustc's that is
        // `extern "C"` unwinds, nor what is done around one here.
        let old = unsafe { ManuallyDrop::take(&mut self.0) };
        self.0 = ManuallyDrop::new(change(old));
    }

    /// Gives it away.
    pub(crate) fn into_inner(mut self) -> Buffer {
        // SAFETY: `self` is forgotten right after.
        let buffer = unsafe { ManuallyDrop::take(&mut self.0) };
        std::mem::forget(self);
        buffer
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        let buffer = unsafe { ManuallyDrop::take(&mut self.0) };
        let drop = buffer.drop;
        // SAFETY: of `new`: the buffer is the function's own, and is given away here.
        unsafe { drop(buffer) }
    }
}
