//! Why no shim can be written.

/// Why no shim can be written. Displayed as a lowercase fragment.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// There is no writer for such libraries.
    #[error(
        "no shim can be written for the host `{0}` (only for x86_64 and aarch64 with Linux, gnu or \
         musl)"
    )]
    UnsupportedTarget(String),
    /// A text that can't be empty.
    #[error("{what} is empty")]
    Empty {
        /// Which text.
        what: &'static str,
    },
    /// A text that is a C string in the file, or a name, and has a NUL.
    #[error("{what} contains a NUL")]
    Nul {
        /// Which text.
        what: &'static str,
    },
    /// More bytes than are accepted.
    #[error("{what} has {len} bytes (at most {max} are accepted)")]
    TooLong {
        /// Which bytes.
        what: &'static str,
        /// How many there are.
        len: usize,
        /// How many may be.
        max: usize,
    },
    /// More things than are accepted.
    #[error("{what}: a count of {count} can't be right (at most {max} are accepted)")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many may be.
        max: usize,
    },
    /// A symbol that rustc would not look for.
    #[error("`{0}` isn't a declaration symbol, `__rustc_proc_macro_decls_<hex>__`")]
    Symbol(String),
    /// Helper attributes where rustc has no place for them.
    #[error("{0} has helper attributes, which only a derive can have")]
    Attributes(String),
    /// Metadata that isn't an `.rmeta`, or not all of it.
    #[error("the metadata isn't that of a crate: {0}")]
    Metadata(&'static str),
    /// Cranelift made no entry point, or one that this crate doesn't know how to place.
    #[error("can't make an entry point: {0}")]
    Code(String),
    /// The file can't be laid out.
    #[error("can't lay out the library: {0}")]
    Layout(#[from] object::write::Error),
}
