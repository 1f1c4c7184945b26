//! std's `System` allocator for macros, in place of its own for targets with a libc
//! (`library/std/src/sys/alloc/unix.rs`).

use crate::alloc::{GlobalAlloc, Layout, System};

mod lists;

struct C;

impl lists::Libc for C {
    unsafe fn malloc(&self, size: usize) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe { libc::malloc(size).cast() }
    }

    unsafe fn calloc(&self, size: usize) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe { libc::calloc(1, size).cast() }
    }

    unsafe fn memalign(&self, align: usize, size: usize) -> *mut u8 {
        let mut block = crate::ptr::null_mut();
        // SAFETY: of the caller: the alignment is a pointer's at least, and a power of two.
        match unsafe { libc::posix_memalign(&mut block, align, size) } {
            0 => block.cast(),
            _ => crate::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, block: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: of the caller: it's a block of the libc's.
        unsafe { libc::realloc(block.cast(), size).cast() }
    }

    unsafe fn free(&self, block: *mut u8) {
        // SAFETY: of the caller: it's a block of the libc's.
        unsafe { libc::free(block.cast()) }
    }
}

static mut LISTS: lists::Lists<C> = lists::Lists::new(C);

/// The one allocator there is.
#[inline]
fn lists() -> &'static mut lists::Lists<C> {
    // SAFETY: the target has no threads, and none of the allocator's functions calls what allocates by it.
    unsafe { &mut *(&raw mut LISTS) }
}

#[stable(feature = "alloc_system_type", since = "1.28.0")]
// SAFETY: the functions have `GlobalAlloc`'s conditions.
unsafe impl GlobalAlloc for System {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: of the caller.
        unsafe { lists().alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: of the caller.
        unsafe { lists().alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: of the caller.
        unsafe { lists().dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: of the caller.
        unsafe { lists().realloc(block, layout, size) }
    }
}
