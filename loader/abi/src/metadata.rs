//! The macros of a proc-macro crate as its metadata lists them, which rustc does from 1.98 on.
//!
//! Before 1.98 the declaration static has kinds, names and helper attributes
//! ([`read_declarations`](crate::read_declarations)). From 1.98 on it is a `&'static [Client]` of
//! entry points, and the metadata has the rest, in the same order: rustc finds a macro's client
//! by its index in `CrateRoot.proc_macro_data.macros`.
//!
//! # The bytes
//!
//! Sources, read as of rustc 1.98.1: `compiler/rustc_metadata/src/rmeta/{mod,encoder,decoder,
//! table}.rs`, `compiler/rustc_serialize/src/{opaque,leb128,serialize}.rs`,
//! `compiler/rustc_macros/src/serialize.rs`; for the section
//! `compiler/rustc_codegen_ssa/src/back/metadata.rs`.
//!
//! | part | bytes |
//! | --- | --- |
//! | header | `rust\0\0\0` and the metadata's version (10), the crate root's position as u64 |
//! | version | the string `rustc 1.98.1 (…)` |
//! | records | for each macro `ProcMacroKind`, attributes, `DefKey`, spans, visibility; others |
//! | list | for each macro its `DefIndex` and the distance of its kind |
//! | tables | some 80 arrays side by side, which lead from a `DefIndex` to records |
//! | more records | hygiene, `DefPathHash`es, source files |
//! | crate root | `CrateRoot`, with the distances of the list and of the tables |
//! | end | `rust-end-file` |
//!
//! A `.rmeta` file is that. In a module it is the content of the custom section `.rustc`, after
//! the same eight bytes and its length as u64.
//!
//! Numbers are LEB128; a string is its length, its bytes and 0xC1; a `Vec` is its length and its
//! elements. `ProcMacroKind` is a byte, 0 derive, 1 attr or 2 bang, the name, and for a derive a
//! `Vec` of helper attributes. The first distance of a record or list is counted backwards from
//! its own position, each further one forwards from the position that the one before led to. An
//! array's distance has its length before it, and is left out if that is 0.
//!
//! # The search
//!
//! `CrateRoot` gains fields in most releases, and decoding it as a whole would tie this crate to
//! one. So the root is searched, and what is found must agree with the rest of the metadata:
//!
//! 1. A place in the root reads as `Some(ProcMacroData)` with as many macros as the declaration
//!    static has clients, and is followed by tables: rows and widths, each with a distance that is
//!    the size of the table before it. The first table's distance is the list's size.
//! 2. The distance leads to a list of exactly that size, either from the root or from another
//!    array that the root refers to. (A proc-macro crate's root has empty arrays before
//!    `ProcMacroData`, by rustc's `empty_proc_macro!`, but for the items that `#[cfg]` removed.)
//! 3. The list's distances lead to as many `ProcMacroKind`s, in order, apart from each other and
//!    before the list; names are identifiers. None of them is the tail of a longer one.
//! 4. The tables, whose place is now known, lead from each macro's `DefIndex` to the byte after
//!    its kind, where rustc writes its attributes, and to four records at least between that
//!    byte and the next macro's kind.
//! 5. No second list fits all this.
//!
//! The kinds alone prove little: a symbol in a `DefKey` often has the bytes of a derive without
//! helper attributes, and a byte string in an attribute has the bytes that its author likes. The
//! root has no text but the crate's name, the target and `-C extra-filename`, so the proof starts
//! there. A list that isn't where it was expected is an error, never other names: of a rustc
//! that places other records between a kind and the next, that has two arrays before
//! `ProcMacroData`, or whose `ProcMacroData` or `ProcMacroKind` differs.
//!
//! Up to 1.97 the list has a macro's `DefIndex` alone. Reading it here is an error too
//! ([`MetadataError::NotFound`]), but for a crate without macros, whose list is the same.
//!
//! No checksum protects metadata, and one changed byte may make a macro of one kind or name
//! another's. Who keeps the bytes has to check them.

mod reader;
mod search;
mod tables;

use crate::declaration::{MAX_COUNT as MAX_DECLARATIONS, MacroKind};
use search::{Found, Search};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// The start of metadata and of its section. The metadata's version follows.
const MAGIC: &[u8] = b"rust\0\0\0";
/// The magic bytes, the version and a u64.
const HEADER_LEN: usize = 16;
const END: &[u8] = b"rust-end-file";
const MAX_COUNT: usize = MAX_DECLARATIONS as usize;
/// The largest crate root that is searched. Real ones have 300 bytes, and the target's
/// specification where that is a file.
const MAX_ROOT: usize = 64 << 10;

/// A macro of a proc-macro crate, without its entry point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroInfo {
    /// The kind: the part after `#[proc_macro`.
    pub kind: MacroKind,
    /// The name of the derived trait, of the attribute, or of the function-like macro.
    pub name: String,
    /// The helper attributes of a derive; empty for the other kinds.
    pub attributes: Vec<String>,
}

/// A fault in metadata. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Other bytes.
    #[error("it doesn't start with `rust\\0\\0\\0`")]
    Magic,
    /// No version where it belongs.
    #[error("no version string of a rustc (compressed metadata?)")]
    Version,
    /// A section that is cut off.
    #[error("the section declares {declared} bytes of metadata and has {available}")]
    Length {
        /// The length in the section's header.
        declared: u64,
        /// The bytes after the header.
        available: usize,
    },
    /// Metadata that is cut off.
    #[error("the metadata is cut off: it doesn't end with `rust-end-file`")]
    End,
    /// A root outside the metadata, or an unlikely size of it.
    #[error(
        "the crate root can't be at byte {position} of {len} bytes of metadata (at most \
         {MAX_ROOT} bytes of a root are searched)"
    )]
    Root {
        /// The position in the header.
        position: u64,
        /// The metadata's length.
        len: usize,
    },
    /// A count that no real crate has.
    #[error("a count of {count} macros can't be right (at most {MAX_COUNT} are accepted)")]
    TooMany {
        /// The number of macros that were asked for.
        count: usize,
    },
    /// No list of macros, or a list of another length.
    #[error(
        "no list of {count} macros with their names in the metadata of `{rustc}` (rustc writes \
         one from 1.98 on)"
    )]
    NotFound {
        /// The number of macros that were asked for.
        count: usize,
        /// The version string.
        rustc: String,
    },
    /// More than one list.
    #[error("two lists of {count} macros fit the metadata of `{rustc}`")]
    Ambiguous {
        /// The number of macros that were asked for.
        count: usize,
        /// The version string.
        rustc: String,
    },
    /// Bytes that are made to be slow to search.
    #[error("the search for the list of macros in the metadata of `{rustc}` takes too long")]
    Unbounded {
        /// The version string.
        rustc: String,
    },
}

/// The metadata in the content of a module's custom section `.rustc`, or in that of a `.rmeta`
/// file, complete as far as its header and its end tell.
pub fn metadata(bytes: &[u8]) -> Result<&[u8], MetadataError> {
    let (blob, declared) = unframed(bytes)?;
    let len = declared.unwrap_or(blob.len() as u64);
    let blob = usize::try_from(len).ok().and_then(|len| blob.get(..len));
    let Some(blob) = blob else {
        let available = bytes.len() - HEADER_LEN;
        return Err(MetadataError::Length {
            declared: len,
            available,
        });
    };
    version(blob)?;
    match blob.ends_with(END) {
        true => Ok(blob),
        false => Err(MetadataError::End),
    }
}

/// The version string of the rustc that wrote the metadata, `rustc 1.98.1 (…)`, of which the
/// start is enough. The bytes are those of a section or of a file, as for [`metadata`].
pub fn version(bytes: &[u8]) -> Result<&str, MetadataError> {
    let (blob, _) = unframed(bytes)?;
    let text = blob.get(HEADER_LEN..).ok_or(MetadataError::Version)?;
    wasmparser::BinaryReader::new(text, 0)
        .read_string()
        .ok()
        .filter(|version| version.starts_with("rustc "))
        .ok_or(MetadataError::Version)
}

/// The metadata, and its declared length if there is a section's header before it.
fn unframed(bytes: &[u8]) -> Result<(&[u8], Option<u64>), MetadataError> {
    if !bytes.starts_with(MAGIC) {
        return Err(MetadataError::Magic);
    }
    Ok(match bytes.split_at_checked(HEADER_LEN) {
        // In a file the version string is here, and starts with its length.
        Some((header, blob)) if blob.starts_with(MAGIC) => (blob, Some(second_word(header))),
        _ => (bytes, None),
    })
}

/// The u64 in a header.
fn second_word(header: &[u8]) -> u64 {
    let word = header[HEADER_LEN - 8..HEADER_LEN].try_into();
    u64::from_le_bytes(word.expect("it has eight bytes"))
}

/// Reads the macros of a proc-macro crate out of its metadata, in the order of the declaration
/// static, which has `count` clients.
///
/// The bytes are those of a section or of a file, as for [`metadata`].
pub fn proc_macros(bytes: &[u8], count: usize) -> Result<Vec<MacroInfo>, MetadataError> {
    if count > MAX_COUNT {
        return Err(MetadataError::TooMany { count });
    }
    let bytes = metadata(bytes)?;
    let end = bytes.len() - END.len();
    let position = second_word(bytes);
    let rustc = version(bytes)?.to_owned();
    // The version string's length takes a byte, and so does its sentinel.
    let start = HEADER_LEN + 1 + rustc.len() + 1;
    let root = usize::try_from(position)
        .ok()
        .filter(|root| (start..end).contains(root) && end - root <= MAX_ROOT)
        .ok_or(MetadataError::Root {
            position,
            len: bytes.len(),
        })?;
    // A real search reads some hundred bytes more than the list, the kinds and the root have.
    let budget = Cell::new((16 << 20) + bytes.len());
    let search = Search {
        bytes,
        start,
        root,
        end,
        count,
        budget: &budget,
    };
    match search.run() {
        _ if budget.get() == 0 => Err(MetadataError::Unbounded { rustc }),
        Found::One(macros) => Ok(macros),
        Found::Nothing => Err(MetadataError::NotFound { count, rustc }),
        Found::Several => Err(MetadataError::Ambiguous { count, rustc }),
    }
}
