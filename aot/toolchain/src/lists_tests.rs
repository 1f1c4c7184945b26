use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;

use crate::lists::{Libc, Lists, SLAB, SMALL};

/// This machine's allocator, which has to know sizes.
#[derive(Default)]
struct Blocks {
    layouts: RefCell<HashMap<usize, Layout>>,
    /// There is no more memory.
    is_out: bool,
}

impl Blocks {
    fn alloc(&self, align: usize, size: usize) -> *mut u8 {
        if self.is_out {
            return ptr::null_mut();
        }
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: nothing here asks for no bytes.
        let block = unsafe { System.alloc(layout) };
        assert!(!block.is_null());
        self.layouts.borrow_mut().insert(block.addr(), layout);
        block
    }

    fn take(&self, block: *mut u8) -> Layout {
        let layout = self.layouts.borrow_mut().remove(&block.addr());
        layout.expect("a block of these, once")
    }
}

impl Libc for Blocks {
    unsafe fn malloc(&self, size: usize) -> *mut u8 {
        self.alloc(8, size)
    }

    unsafe fn calloc(&self, size: usize) -> *mut u8 {
        let block = self.alloc(8, size);
        if !block.is_null() {
            // SAFETY: it has that size.
            unsafe { block.write_bytes(0, size) };
        }
        block
    }

    unsafe fn memalign(&self, align: usize, size: usize) -> *mut u8 {
        assert!(align > 8);
        self.alloc(align, size)
    }

    unsafe fn realloc(&self, block: *mut u8, size: usize) -> *mut u8 {
        if self.is_out {
            return ptr::null_mut();
        }
        let layout = self.take(block);
        // SAFETY: it was made with this layout.
        let block = unsafe { System.realloc(block, layout, size) };
        let layout = Layout::from_size_align(size, 8).unwrap();
        self.layouts.borrow_mut().insert(block.addr(), layout);
        block
    }

    unsafe fn free(&self, block: *mut u8) {
        let layout = self.take(block);
        // SAFETY: it was made with this layout.
        unsafe { System.dealloc(block, layout) };
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for (address, layout) in self.layouts.take() {
            // SAFETY: it was made with this layout, and nobody has it any more.
            unsafe { System.dealloc(ptr::with_exposed_provenance_mut(address), layout) };
        }
    }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// A block that is in use, filled with a byte.
struct Used {
    block: *mut u8,
    layout: Layout,
    byte: u8,
}

impl Used {
    fn fill(&mut self, byte: u8) {
        assert!(!self.block.is_null());
        assert!(self.block.addr().is_multiple_of(self.layout.align()));
        self.byte = byte;
        // SAFETY: it has that size.
        unsafe { self.block.write_bytes(byte, self.layout.size()) };
    }

    #[track_caller]
    fn check(&self, size: usize, byte: u8) {
        // SAFETY: it has at least that size.
        let bytes = unsafe { std::slice::from_raw_parts(self.block, size) };
        assert!(bytes.iter().all(|found| *found == byte));
    }
}

/// Many blocks of many sizes, in an order that means nothing: none overlaps another.
#[test]
fn blocks_keep_what_is_in_them() {
    let mut lists = Lists::new(Blocks::default());
    let mut used: Vec<Used> = Vec::new();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    for round in 0..100_000 {
        let byte = (round % 251) as u8;
        let align = [1, 2, 4, 8, 8, 8, 16, 64][random(8)];
        let below = [40, 40, 600, 5000][random(4)];
        let size = 1 + random(below);
        match (random(5), used.len()) {
            (kind @ 0..=2, _) | (kind, 0) => {
                let layout = layout(size, align);
                let is_zeroed = kind == 2;
                let block = match is_zeroed {
                    // SAFETY: some bytes.
                    true => unsafe { lists.alloc_zeroed(layout) },
                    // SAFETY: some bytes.
                    false => unsafe { lists.alloc(layout) },
                };
                let mut new = Used {
                    block,
                    layout,
                    byte,
                };
                if is_zeroed {
                    new.check(size, 0);
                }
                new.fill(byte);
                used.push(new);
            }
            (3, count) => {
                let old = &mut used[random(count)];
                // SAFETY: it's in use, with this layout.
                old.block = unsafe { lists.realloc(old.block, old.layout, size) };
                old.check(old.layout.size().min(size), old.byte);
                old.layout = layout(size, old.layout.align());
                old.fill(byte);
            }
            (_, count) => {
                let old = used.swap_remove(random(count));
                old.check(old.layout.size(), old.byte);
                // SAFETY: it's in use, with this layout.
                unsafe { lists.dealloc(old.block, old.layout) };
            }
        }
    }
    for block in &used {
        block.check(block.layout.size(), block.byte);
    }
}

#[test]
fn a_small_block_that_was_given_back_is_the_next_of_its_size() {
    let mut lists = Lists::new(Blocks::default());
    // SAFETY: some bytes each; what is given back was made with that layout.
    unsafe {
        let first = lists.alloc(layout(20, 4));
        let other = lists.alloc(layout(25, 4));
        assert_eq!(other.addr(), first.addr() + 24, "sizes are in grains");
        lists.dealloc(first, layout(20, 4));
        assert_ne!(lists.alloc(layout(25, 8)), first);
        assert_eq!(lists.alloc(layout(24, 8)), first);
        assert_eq!(lists.realloc(first, layout(24, 8), 17), first);
        assert_ne!(lists.realloc(first, layout(17, 8), 16), first);
    }
}

#[test]
fn small_blocks_take_no_more_than_their_slabs() {
    let mut lists = Lists::new(Blocks::default());
    let many = 3 * SLAB / SMALL;
    // SAFETY: some bytes.
    let blocks: Vec<_> = (0..many)
        .map(|_| unsafe { lists.alloc(layout(SMALL, 8)) })
        .collect();
    let slabs = |lists: &mut Lists<Blocks>| lists.libc().layouts.borrow().len();
    assert_eq!(slabs(&mut lists), 3);
    for block in blocks {
        // SAFETY: it was made with this layout.
        unsafe { lists.dealloc(block, layout(SMALL, 8)) };
    }
    for _ in 0..many {
        // SAFETY: some bytes.
        unsafe { lists.alloc(layout(SMALL - 7, 8)) };
    }
    assert_eq!(slabs(&mut lists), 3);
}

#[test]
fn without_memory_there_is_null_and_blocks_stay() {
    let mut lists = Lists::new(Blocks::default());
    // SAFETY: some bytes each; what is passed was made with that layout.
    unsafe {
        let block = lists.alloc(layout(SMALL, 8));
        block.write_bytes(7, SMALL);
        for _ in 1..SLAB / SMALL {
            lists.alloc(layout(SMALL, 8));
        }
        lists.libc().is_out = true;
        for (size, align) in [(SMALL, 8), (SMALL + 1, 8), (8, 16)] {
            assert!(lists.alloc(layout(size, align)).is_null());
            assert!(lists.alloc_zeroed(layout(size, align)).is_null());
        }
        assert!(lists.realloc(block, layout(SMALL, 8), 1000).is_null());
        assert_eq!(block.add(SMALL - 1).read(), 7);
        lists.dealloc(block, layout(SMALL, 8));
        assert_eq!(lists.alloc(layout(SMALL, 8)), block);
    }
}
