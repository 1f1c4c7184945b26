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
//! the same eight bytes and its length as u64. rustc writes that section into an object file of its
//! own, with alignment 1, and so nothing precedes or follows it in a linked module or library.
//!
//! A linker joins sections of one name, though, and a crate can have statics with
//! `#[link_section = ".rustc"]`, whose bytes come to lie before rustc's or after them. Such a
//! section is refused, since rustc would read one part of it and this crate another: its length
//! must be the declared one, which bytes after rustc's contradict, and it must not end with a
//! second section, which is what rustc's bytes are after others.
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
//! Up to 1.97 the list has a macro's `DefIndex` alone, and lies before the records. Reading names
//! from it is an error too ([`MetadataError::NotFound`]), but for a crate without macros, whose
//! list is the same. There [`check`] proves the number of macros and their kinds: the list has that many
//! indices, each of which the tables lead to four records, and one table of bytes has exactly these
//! rows, with these kinds (`LazyTables::proc_macro`).
//!
//! # Saved spans
//!
//! The tables that the search proves lead to another answer: [`quoted_spans`], the number of spans
//! that `proc_macro::quote!` saved in the crate. It is the number of rows of one table, whose place
//! is known for the releases whose source was read.
//!
//! No checksum protects metadata, and one changed byte may make a macro of one kind or name
//! another's. Who keeps the bytes has to check them.

mod quoted;
mod reader;
mod search;
mod tables;

use crate::declaration::{MAX_COUNT as MAX_DECLARATIONS, MacroKind};
use crate::name::{MAX_NAME_BYTES, MAX_NAMES};
use crate::{Declaration, DeclarationLayout, Profile};
use quoted::Order;
use search::{Form, Found, Listing, Search};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fmt;

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

impl fmt::Display for MacroInfo {
    /// The kind, the name and the helper attributes: `derive Serialize(serde)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        match self.attributes.as_slice() {
            [] => Ok(()),
            attributes => write!(f, "({})", attributes.join(", ")),
        }
    }
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
    /// A section without its header.
    #[error("it isn't a section: no length and no metadata after `rust\\0\\0\\0`")]
    Header,
    /// A section that is cut off, or to which other bytes were linked.
    #[error(
        "the section declares {declared} bytes of metadata and has {available} (a static with \
         `#[link_section = \".rustc\"]`?)"
    )]
    Length {
        /// The length in the section's header.
        declared: u64,
        /// The bytes after the header.
        available: usize,
    },
    /// Bytes of another origin before rustc's.
    #[error(
        "a second section starts at byte {at} of it, and both end with it (a static with \
         `#[link_section = \".rustc\"]`?)"
    )]
    Second {
        /// The offset of the second section.
        at: usize,
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
    /// A list with more names, or longer ones, than all real crates have.
    #[error(
        "a list of {count} macros in the metadata of `{rustc}` has too many names (at most \
         {MAX_NAMES}, and {MAX_NAME_BYTES} bytes of them, are accepted)"
    )]
    TooManyNames {
        /// The number of macros that were asked for.
        count: usize,
        /// The version string.
        rustc: String,
    },
    /// Another rustc's metadata.
    #[error("the metadata was written by `{found}`, but the macros were compiled by `{expected}`")]
    Rustc {
        /// The version string in the metadata.
        found: String,
        /// The version string of the macros.
        expected: String,
    },
    /// Other macros, in metadata that has no names.
    #[error(
        "the metadata of `{rustc}` doesn't list {count} macros of the kinds [{kinds}], which were \
         compiled"
    )]
    Kinds {
        /// The number of macros that were compiled.
        count: usize,
        /// Their kinds.
        kinds: String,
        /// The version string.
        rustc: String,
    },
    /// Another macro.
    #[error("macro {index} is `{found}` in the metadata, but `{expected}` was compiled")]
    Macro {
        /// Its place in the list.
        index: usize,
        /// The macro in the metadata.
        found: MacroInfo,
        /// The macro that was compiled.
        expected: MacroInfo,
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
    let blob = unframed(bytes)?;
    version(blob)?;
    match blob.ends_with(END) {
        true => Ok(blob),
        false => Err(MetadataError::End),
    }
}

/// The metadata in the content of a section `.rustc`, which has the section's header before it, and
/// nothing else.
pub fn section(bytes: &[u8]) -> Result<&[u8], MetadataError> {
    let blob = unframed(bytes)?;
    match blob.len() == bytes.len() {
        true => Err(MetadataError::Header),
        false => Ok(blob),
    }
}

/// The version string of the rustc that wrote the metadata, `rustc 1.98.1 (…)`. The bytes are those
/// of a section or of a file, as for [`metadata`]; of a file the start is enough.
pub fn version(bytes: &[u8]) -> Result<&str, MetadataError> {
    let text = unframed(bytes)?.get(HEADER_LEN..);
    wasmparser::BinaryReader::new(text.ok_or(MetadataError::Version)?, 0)
        .read_string()
        .ok()
        .filter(|version| version.starts_with("rustc "))
        .ok_or(MetadataError::Version)
}

/// The metadata, without the section's header if there is one.
fn unframed(bytes: &[u8]) -> Result<&[u8], MetadataError> {
    if !bytes.starts_with(MAGIC) {
        return Err(MetadataError::Magic);
    }
    let blob = match framed(bytes) {
        // In a file the version string is here, and starts with its length.
        None => bytes,
        Some((declared, blob)) if declared == blob.len() as u64 => blob,
        Some((declared, blob)) => {
            let available = blob.len();
            return Err(MetadataError::Length {
                declared,
                available,
            });
        }
    };
    // Metadata that contains such bytes by chance would have to know its own length.
    let second = (1..bytes.len()).find(|at| {
        let rest = &bytes[*at..];
        rest[0] == MAGIC[0]
            && framed(rest).is_some_and(|(declared, blob)| declared == blob.len() as u64)
    });
    match second {
        Some(at) => Err(MetadataError::Second { at }),
        None => Ok(blob),
    }
}

/// The declared length and the bytes after a section's header.
fn framed(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (header, blob) = bytes.split_at_checked(HEADER_LEN)?;
    (header.starts_with(MAGIC) && blob.starts_with(MAGIC)).then(|| (second_word(header), blob))
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
    Ok(search(bytes, count, Form::Named)?.macros)
}

/// Counts the spans that `proc_macro::quote!` saved in a crate with these compiled macros. Their
/// numbers are those from 0 up to it; rustc panics when a macro of the crate asks for another
/// (`Span::recover_proc_macro_span`).
///
/// `None` for a rustc whose tables aren't known: a release whose source wasn't read here, a nightly
/// version, or one with other tables than its release has.
///
/// The bytes are those of a section or of a file, as for [`metadata`].
///
/// # Errors
///
/// Those of [`check`] for metadata in which the macros aren't found. Names aren't compared.
pub fn quoted_spans(
    bytes: &[u8],
    profile: &Profile,
    macros: &[Declaration],
) -> Result<Option<u32>, MetadataError> {
    let Some(order) = Order::of_rustc(version(bytes)?) else {
        return Ok(None);
    };
    let kinds: Vec<MacroKind> = macros.iter().map(|item| item.kind).collect();
    let form = match profile.declarations {
        DeclarationLayout::ProcMacros { .. } => Form::Unnamed(&kinds),
        DeclarationLayout::Clients => Form::Named,
    };
    let Listing {
        tables,
        first_table,
        ..
    } = search(bytes, macros.len(), form)?;
    Ok(order.count(&tables.at(metadata(bytes)?, first_table)))
}

/// Checks that metadata belongs to these compiled macros, of this rustc and this profile: the same
/// rustc wrote it, and it lists the same macros in the same order.
///
/// rustc finds a macro by its place in the metadata's list and doesn't look whether the declaration
/// static has as many, or others. Up to 1.97 the metadata has no names in that list, and their
/// number and kinds are compared.
///
/// The bytes are those of a section or of a file, as for [`metadata`].
pub fn check(
    bytes: &[u8],
    rustc: &str,
    profile: &Profile,
    macros: &[Declaration],
) -> Result<(), MetadataError> {
    let found = version(bytes)?;
    if found != rustc {
        return Err(MetadataError::Rustc {
            found: found.to_owned(),
            expected: rustc.to_owned(),
        });
    }
    let count = macros.len();
    if let DeclarationLayout::ProcMacros { .. } = profile.declarations {
        let kinds: Vec<MacroKind> = macros.iter().map(|item| item.kind).collect();
        return match search(bytes, count, Form::Unnamed(&kinds)) {
            Err(MetadataError::NotFound { count, rustc }) => Err(MetadataError::Kinds {
                count,
                kinds: kinds_text(&kinds),
                rustc,
            }),
            other => other.map(drop),
        };
    }
    let pairs = proc_macros(bytes, count)?.into_iter().zip(macros);
    for (index, (found, compiled)) in pairs.enumerate() {
        let expected = MacroInfo {
            kind: compiled.kind,
            name: compiled.name.clone(),
            attributes: compiled.attributes.clone(),
        };
        if found != expected {
            return Err(MetadataError::Macro {
                index,
                found,
                expected,
            });
        }
    }
    Ok(())
}

/// The kinds for a message: the first few of them.
fn kinds_text(kinds: &[MacroKind]) -> String {
    const MOST: usize = 16;
    let words: Vec<String> = kinds.iter().take(MOST).map(MacroKind::to_string).collect();
    let more = if kinds.len() > MOST { ", …" } else { "" };
    format!("{}{more}", words.join(", "))
}

/// Searches the metadata for a list of `count` macros.
fn search(bytes: &[u8], count: usize, form: Form<'_>) -> Result<Listing, MetadataError> {
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
    // A real search reads some hundred bytes more than the list, the kinds, the records between them
    // and the root have.
    let budget = Cell::new((16 << 20) + bytes.len());
    let excess = Cell::new(false);
    let search = Search {
        bytes,
        form,
        start,
        root,
        end,
        count,
        budget: &budget,
        excess: &excess,
    };
    match search.run() {
        _ if budget.get() == 0 => Err(MetadataError::Unbounded { rustc }),
        Found::One(listing) => Ok(listing),
        Found::Nothing if excess.get() => Err(MetadataError::TooManyNames { count, rustc }),
        Found::Nothing => Err(MetadataError::NotFound { count, rustc }),
        Found::Several => Err(MetadataError::Ambiguous { count, rustc }),
    }
}
