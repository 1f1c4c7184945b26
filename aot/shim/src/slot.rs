//! The global offset table: the addresses that the code reads.
//!
//! Whatever the code names is found there, its own functions too: so it has one kind of relocation an
//! architecture, and all shims have the same code.

/// A slot of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// libc's functions.
    Dlopen,
    Dlsym,
    Dlerror,
    Strlen,
    Memcpy,
    /// The `Shim`.
    Shim,
    /// The function that looks for the loader's.
    Find,
    /// The function that stands in for the loader's.
    Missing,
    /// The loader's path, and the name of its function, both with a NUL.
    Path,
    Name,
    /// What [`Slot::Missing`] answers, up to the system's reason.
    Message,
}

impl Slot {
    /// All of them, in their order: first those that are imported.
    pub(super) const ALL: [Slot; 11] = [
        Slot::Dlopen,
        Slot::Dlsym,
        Slot::Dlerror,
        Slot::Strlen,
        Slot::Memcpy,
        Slot::Shim,
        Slot::Find,
        Slot::Missing,
        Slot::Path,
        Slot::Name,
        Slot::Message,
    ];

    /// The imported symbols, in the order of their slots.
    ///
    /// They have no version and no library: whoever loads a shim has a libc that exports them, be it
    /// glibc (before 2.34 in `libdl`, which rustc links to) or musl.
    pub(super) const IMPORTS: [&str; 5] = ["dlopen", "dlsym", "dlerror", "strlen", "memcpy"];

    /// The size of the table.
    pub(super) const TABLE: usize = 8 * Slot::ALL.len();

    /// Where it lies in the table.
    pub(super) const fn offset(self) -> usize {
        8 * self as usize
    }
}
