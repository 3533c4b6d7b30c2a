//! A Rust program whose allocator is a heap of @morph/heap: it counts words in a map of strings, and sorts them.
//!
//! In place of: the copy of dlmalloc that Rust's standard library brings into a WebAssembly module.

use std::alloc::{GlobalAlloc, Layout};
use std::collections::{BTreeMap, HashMap};

#[link(wasm_import_module = "env")]
extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn calloc(count: usize, size: usize) -> *mut u8;
    fn realloc(pointer: *mut u8, size: usize) -> *mut u8;
    fn aligned_alloc(alignment: usize, size: usize) -> *mut u8;
    fn free(pointer: *mut u8);
}

/// The host's heap; its pointers are multiples of 16.
struct Morph;

unsafe impl GlobalAlloc for Morph {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= 16 { malloc(layout.size()) } else { aligned_alloc(layout.align(), layout.size()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= 16 {
            return calloc(1, layout.size());
        }
        let pointer = self.alloc(layout);
        if !pointer.is_null() {
            pointer.write_bytes(0, layout.size());
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        free(pointer)
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= 16 {
            return realloc(pointer, size);
        }
        // The heap keeps a larger alignment only in place.
        let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
        if !moved.is_null() {
            moved.copy_from_nonoverlapping(pointer, layout.size().min(size));
            free(pointer);
        }
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Morph = Morph;

/// Counts `words` made-up words; returns the sum over the sorted words of how often each came, weighted by its place.
#[no_mangle]
pub extern "C" fn count(words: u32) -> u32 {
    let mut counts: HashMap<String, u32> = HashMap::new();
    let mut state = 1u32;
    for _ in 0..words {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        *counts.entry(format!("{:b}", state >> 20)).or_default() += 1;
    }
    let sorted: BTreeMap<&String, &u32> = counts.iter().collect();
    sorted.values().zip(1u32..).fold(0, |sum, (count, place)| sum.wrapping_add(*count * place))
}

#[repr(align(256))]
struct Wide(u8);

/// A vector of over-aligned values that grows; returns 1 when each lies where it should and has its value.
#[no_mangle]
pub extern "C" fn wide(count: u32) -> u32 {
    let mut all = Vec::new();
    for i in 0..count {
        all.push(Wide(i as u8));
    }
    let right = |(i, it): (usize, &Wide)| it.0 == i as u8 && (it as *const Wide as usize) % 256 == 0;
    all.iter().enumerate().all(right) as u32
}
