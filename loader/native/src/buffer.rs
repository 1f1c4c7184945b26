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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// As rustc makes one of a `Vec`.
    fn buffer(bytes: Vec<u8>) -> Buffer {
        let mut bytes = ManuallyDrop::new(bytes);
        Buffer {
            data: bytes.as_mut_ptr(),
            len: bytes.len(),
            capacity: bytes.capacity(),
            reserve,
            drop,
        }
    }

    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn reserve(old: Buffer, additional: usize) -> Buffer {
        // SAFETY: these are the parts of a vector.
        let mut bytes = unsafe { Vec::from_raw_parts(old.data, old.len, old.capacity) };
        bytes.reserve(additional);
        buffer(bytes)
    }

    unsafe extern "C" fn drop(old: Buffer) {
        // SAFETY: these are the parts of a vector.
        std::mem::drop(unsafe { Vec::from_raw_parts(old.data, old.len, old.capacity) });
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }

    /// A function that breaks its promise.
    unsafe extern "C" fn same(old: Buffer, _additional: usize) -> Buffer {
        old
    }

    #[test]
    fn is_filled_given_away_and_dropped_once() {
        // SAFETY: it is as rustc's, and nobody else's.
        let mut owned = unsafe { Owned::new(buffer(Vec::new())) };
        assert_eq!(owned.bytes(), b"");
        for len in [3, 0, 70_000, 5] {
            let bytes = vec![7; len];
            owned.replace(&bytes);
            assert_eq!(owned.bytes(), bytes);
        }
        owned.with(|old| {
            // SAFETY: it's one of `buffer`'s.
            unsafe { drop(old) };
            buffer(b"reply".to_vec())
        });
        assert_eq!(owned.bytes(), b"reply");
        assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
        let given = owned.into_inner();
        assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
        // SAFETY: `given` is nobody else's.
        std::mem::drop(unsafe { Owned::new(given) });
        assert_eq!(DROPPED.load(Ordering::Relaxed), 2);
    }

    #[test]
    #[should_panic(expected = "a buffer that doesn't grow")]
    fn a_buffer_that_does_not_grow_is_not_written_to() {
        let mut small = buffer(vec![1; 4]);
        small.reserve = same;
        // SAFETY: all but `reserve` is as rustc's.
        unsafe { Owned::new(small) }.replace(&[0; 1000]);
    }

    /// What isn't a shim is told, in the compiler's own buffer.
    #[test]
    fn an_entry_without_a_shim() {
        unsafe extern "C" fn nobody(_env: *mut std::ffi::c_void, _request: Buffer) -> Buffer {
            unreachable!("nothing is asked")
        }
        let other = [0_u64; 11];
        for shim in [std::ptr::null(), other.as_ptr()] {
            let config = pm_shim::BridgeConfig {
                input: buffer(vec![0; 16]),
                dispatch: pm_shim::Closure {
                    call: nobody,
                    env: std::ptr::null_mut(),
                },
                force_show_panics: false,
            };
            // SAFETY: the config is as rustc's; the address is null, or that of as many bytes as a
            // shim has, which don't begin as one.
            let answer = unsafe { crate::pm_loader_run_1(config, shim.cast(), 0) };
            // SAFETY: it was given to us.
            let answer = unsafe { Owned::new(answer) };
            let text = String::from_utf8_lossy(answer.bytes()).into_owned();
            assert!(text.starts_with("\u{1}\0"), "{text}");
            assert!(text.contains("different pm-aot version"), "{text}");
        }
    }
}
