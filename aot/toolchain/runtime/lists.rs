//! Small blocks from lists by size, for macros: much of what they do is to make and drop small values.
//!
//! Rust's allocator is told a block's size when it's given back, so a list needs no header, no search
//! and no neighbours: a block is taken from its size's list, or cut from a slab. What is larger, or
//! aligned to more than eight bytes, is the libc's, and so are the slabs.
//!
//! A small block that was given back serves its size for ever. Macros are short-lived: their memory is
//! gone after each expansion. The WASI rustc has the same std, and lives for one compile.

use core::alloc::Layout;
use core::ptr;

/// Sizes are rounded up to this, in bytes, and slabs are aligned to it: C's `malloc` promises as much in
/// wasm32.
const GRAIN: usize = 8;

/// The largest of the small blocks, in bytes.
pub(crate) const SMALL: usize = 512;

/// Bytes that are taken from the libc at a time: half of a wasm page, so that its own headers don't
/// make it two.
pub(crate) const SLAB: usize = 32 << 10;

/// Where other blocks come from: C's functions of these names. They return null when there's no memory.
pub(crate) trait Libc {
    /// As in C; the block is aligned to eight bytes.
    unsafe fn malloc(&self, size: usize) -> *mut u8;
    /// As C's `calloc` of one element.
    unsafe fn calloc(&self, size: usize) -> *mut u8;
    /// As POSIX's `posix_memalign`.
    unsafe fn memalign(&self, align: usize, size: usize) -> *mut u8;
    /// As in C.
    unsafe fn realloc(&self, block: *mut u8, size: usize) -> *mut u8;
    /// As in C.
    unsafe fn free(&self, block: *mut u8);
}

/// The blocks that were given back, and what is left of the newest slab.
///
/// Its functions are `GlobalAlloc`'s, with its conditions.
pub(crate) struct Lists<L> {
    libc: L,
    /// By size in grains. A free block's first word is the next one of its list.
    free: [*mut u8; SMALL / GRAIN + 1],
    slab: *mut u8,
    left: usize,
}

fn is_small(layout: Layout) -> bool {
    layout.size() <= SMALL && layout.align() <= GRAIN
}

/// The list of a small size.
fn class(size: usize) -> usize {
    size.div_ceil(GRAIN)
}

impl<L: Libc> Lists<L> {
    pub(crate) const fn new(libc: L) -> Self {
        Self {
            libc,
            free: [ptr::null_mut(); SMALL / GRAIN + 1],
            slab: ptr::null_mut(),
            left: 0,
        }
    }

    /// # Safety
    /// As for `GlobalAlloc::alloc`.
    #[inline]
    pub(crate) unsafe fn alloc(&mut self, layout: Layout) -> *mut u8 {
        if !is_small(layout) {
            // SAFETY: of the caller: the size isn't zero.
            return unsafe { self.alloc_large(layout) };
        }
        let class = class(layout.size());
        let block = self.free[class];
        if !block.is_null() {
            // SAFETY: it's in the list, so it was given back, with the next one in its first word.
            self.free[class] = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let size = class * GRAIN;
        if self.left < size {
            return self.cut_new_slab(size);
        }
        let block = self.slab;
        // SAFETY: there are at least so many bytes left of the slab.
        self.slab = unsafe { block.add(size) };
        self.left -= size;
        block
    }

    /// # Safety
    /// As for `GlobalAlloc::alloc_zeroed`.
    #[inline]
    pub(crate) unsafe fn alloc_zeroed(&mut self, layout: Layout) -> *mut u8 {
        if layout.size() > SMALL && layout.align() <= GRAIN {
            // SAFETY: any size will do.
            return unsafe { self.libc.calloc(layout.size()) };
        }
        // SAFETY: of the caller.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: it's a block of that size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    /// # Safety
    /// As for `GlobalAlloc::dealloc`.
    #[inline]
    pub(crate) unsafe fn dealloc(&mut self, block: *mut u8, layout: Layout) {
        if !is_small(layout) {
            // SAFETY: of the caller: it has this layout, so it's from the libc.
            return unsafe { self.libc.free(block) };
        }
        let class = class(layout.size());
        // SAFETY: of the caller: nobody uses it any more. It has at least a grain, and its alignment.
        unsafe { block.cast::<*mut u8>().write(self.free[class]) };
        self.free[class] = block;
    }

    /// # Safety
    /// As for `GlobalAlloc::realloc`.
    #[inline]
    pub(crate) unsafe fn realloc(&mut self, block: *mut u8, old: Layout, size: usize) -> *mut u8 {
        if old.align() <= GRAIN {
            if old.size() > SMALL && size > SMALL {
                // SAFETY: of the caller: it has this layout, so it's from the libc.
                return unsafe { self.libc.realloc(block, size) };
            }
            // A class above the largest is no small block's.
            if class(old.size()) == class(size) {
                return block;
            }
        }
        // SAFETY: of the caller: the size is one that this alignment can have. The blocks are two, each
        // at least as large as what is copied.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, old.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(block, old.size().min(size));
                self.dealloc(block, old);
            }
            new
        }
    }

    /// What it was made with.
    #[cfg(test)]
    pub(crate) fn libc(&mut self) -> &mut L {
        &mut self.libc
    }

    #[cold]
    #[inline(never)]
    fn cut_new_slab(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size will do.
        let slab = unsafe { self.libc.malloc(SLAB) };
        if !slab.is_null() {
            // What is left of the old one is lost: less than a small block, in each slab.
            // SAFETY: a small block's size is below a slab's.
            self.slab = unsafe { slab.add(size) };
            self.left = SLAB - size;
        }
        slab
    }

    #[cold]
    unsafe fn alloc_large(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size will do; an alignment is a power of two, and this one is large enough for
        // `posix_memalign`, which wants a pointer's.
        unsafe {
            if layout.align() <= GRAIN {
                self.libc.malloc(layout.size())
            } else {
                self.libc.memalign(layout.align(), layout.size())
            }
        }
    }
}
