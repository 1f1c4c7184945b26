//! The declarations of a proc-macro crate: the elements of its declaration static.

use crate::layout::{client, proc_macro as layout};
use crate::name::{MAX_NAME_BYTES, MAX_NAMES, Names, Refusal, excerpt, is_identifier};
use crate::{DeclarationLayout, MacroInfo, MetadataError, Profile};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most declarations, or helper attributes of one, that are accepted. The largest real crates
/// have some tens.
pub(crate) const MAX_COUNT: u32 = 4096;

/// The kind of a procedural macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacroKind {
    /// `#[proc_macro_derive]`: one token stream in.
    Derive,
    /// `#[proc_macro_attribute]`: two token streams in, the attribute's and the item's.
    Attr,
    /// `#[proc_macro]`: one token stream in.
    Bang,
}

impl fmt::Display for MacroKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MacroKind::Derive => "derive",
            MacroKind::Attr => "attr",
            MacroKind::Bang => "bang",
        })
    }
}

/// One macro of a proc-macro crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// What follows `#[proc_macro…]`.
    pub kind: MacroKind,
    /// The name of the derived trait, of the attribute, or of the function-like macro.
    pub name: String,
    /// The helper attributes of a derive; empty for the other kinds.
    pub attributes: Vec<String>,
    /// The table slot of the entry point, `extern "C" fn(BridgeConfig) -> Buffer`.
    pub run: u32,
}

impl fmt::Display for Declaration {
    /// As it is written at its use: `#[derive(Serialize)]`, `#[instrument]`, `format!`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            MacroKind::Derive => write!(f, "#[derive({})]", self.name),
            MacroKind::Attr => write!(f, "#[{}]", self.name),
            MacroKind::Bang => write!(f, "{}!", self.name),
        }
    }
}

/// Why a declaration static can't be read. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// A pointer leads out of memory.
    #[error(
        "{what} at address {address:#x} (length {len}) lies outside the module's memory of \
         {memory:#x} bytes"
    )]
    OutOfBounds {
        /// What was to be read.
        what: &'static str,
        /// Its address.
        address: u32,
        /// Its length in bytes.
        len: u64,
        /// The size of memory in bytes.
        memory: u64,
    },
    /// A count that no real crate has.
    #[error("{what}: a count of {count} can't be right (at most {MAX_COUNT} are accepted)")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The count.
        count: u32,
    },
    /// An unknown tag: another rustc's layout, or no declaration at all.
    #[error(
        "declaration {index} has the tag {tag}, where 0 (derive), 1 (attr) or 2 (bang) belongs"
    )]
    Tag {
        /// The element.
        index: u32,
        /// What stands there.
        tag: u32,
    },
    /// The crate metadata, which have the names, don't have as many macros as the static.
    #[error("the crate metadata has {found} macros, but the declaration static has {expected}")]
    Count {
        /// Their number in the metadata.
        found: usize,
        /// Their number in the static.
        expected: usize,
    },
    /// The names of the macros can't be read from the crate metadata. The text has the whole cause,
    /// so this isn't a `source`, which would say it again.
    #[error("the crate metadata doesn't give the names of the macros: {0}")]
    Metadata(MetadataError),
    /// A name that no Rust item has.
    #[error("{what} of declaration {index} isn't an identifier: \"{name}\"")]
    Name {
        /// The part of the declaration.
        what: &'static str,
        /// The element.
        index: u32,
        /// The start of the name, escaped.
        name: String,
    },
    /// More names than all real crates have together.
    #[error(
        "{what} of declaration {index} is one name too many: at most {MAX_NAMES} macros and \
         helper attributes are accepted"
    )]
    TooManyNames {
        /// The part of the declaration.
        what: &'static str,
        /// The element.
        index: u32,
    },
    /// Names that are longer than those of all real crates together.
    #[error(
        "{what} of declaration {index} has {len} bytes, which is too long: at most \
         {MAX_NAME_BYTES} bytes are accepted for all names together"
    )]
    NamesTooLong {
        /// The part of the declaration.
        what: &'static str,
        /// The element.
        index: u32,
        /// The length of this name.
        len: u64,
    },
}

/// Reads the declarations of a module from its memory; `address` is the value of the declaration
/// symbol's global, the address of the declaration static. `metadata` gives the macros' names, kinds
/// and helper attributes for as many macros as the static has; it is called where the static
/// ([`DeclarationLayout::Clients`]) has none of them.
///
/// # Errors
///
/// [`DeclarationError`], for bytes that no rustc of this profile lays out.
pub fn read_declarations(
    profile: &Profile,
    memory: &[u8],
    address: u32,
    metadata: impl FnOnce(usize) -> Result<Vec<MacroInfo>, MetadataError>,
) -> Result<Vec<Declaration>, DeclarationError> {
    let memory = Memory(memory);
    let mut names = Names::default();
    let (list, count) = memory.pair(address, "the declaration slice")?;
    limit(count, "declarations")?;
    match profile.declarations {
        DeclarationLayout::ProcMacros { .. } => (0..count)
            .map(|index| memory.declaration(list, index, &mut names))
            .collect(),
        DeclarationLayout::Clients => {
            memory.bytes(list, u64::from(count) * u64::from(client::SIZE), "a client")?;
            let macros = metadata(count as usize).map_err(DeclarationError::Metadata)?;
            if macros.len() != count as usize {
                return Err(DeclarationError::Count {
                    found: macros.len(),
                    expected: count as usize,
                });
            }
            let macros = (0..count).zip(macros);
            macros
                .map(|(index, info)| {
                    admit(&mut names, info.name.as_bytes(), NAME, index)?;
                    for attribute in &info.attributes {
                        admit(&mut names, attribute.as_bytes(), ATTRIBUTE, index)?;
                    }
                    Ok(Declaration {
                        kind: info.kind,
                        name: info.name,
                        attributes: info.attributes,
                        run: memory.u32(list + index * client::SIZE, "a client")?,
                    })
                })
                .collect()
        }
    }
}

fn limit(count: u32, what: &'static str) -> Result<(), DeclarationError> {
    if count > MAX_COUNT {
        return Err(DeclarationError::TooMany { what, count });
    }
    Ok(())
}

const NAME: &str = "the name";
const ATTRIBUTE: &str = "a helper attribute";

/// Counts a name, and refuses one that isn't an identifier.
fn admit<'a>(
    names: &mut Names,
    name: &'a [u8],
    what: &'static str,
    index: u32,
) -> Result<&'a str, DeclarationError> {
    names.add(name.len()).map_err(|refusal| match refusal {
        Refusal::TooMany => DeclarationError::TooManyNames { what, index },
        Refusal::TooLong => DeclarationError::NamesTooLong {
            what,
            index,
            len: name.len() as u64,
        },
    })?;
    let text = str::from_utf8(name).ok();
    text.filter(|text| is_identifier(text))
        .ok_or_else(|| DeclarationError::Name {
            what,
            index,
            name: excerpt(name),
        })
}

/// Bounds-checked reads from linear memory.
struct Memory<'a>(&'a [u8]);

impl<'a> Memory<'a> {
    fn declaration(
        &self,
        list: u32,
        index: u32,
        names: &mut Names,
    ) -> Result<Declaration, DeclarationError> {
        let what = "a declaration";
        // `index` is limited, so only the base can be absurd.
        let at = u64::from(list) + u64::from(index) * u64::from(layout::SIZE);
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.bytes(at, layout::SIZE.into(), what)?;
        let (kind, client) = match self.u32(at + layout::TAG, what)? {
            0 => (MacroKind::Derive, layout::DERIVE_CLIENT),
            1 => (MacroKind::Attr, layout::CLIENT),
            2 => (MacroKind::Bang, layout::CLIENT),
            tag => return Err(DeclarationError::Tag { index, tag }),
        };
        let name = self.name(at + layout::NAME, NAME, index, names)?;
        let attributes = match kind {
            MacroKind::Derive => self.attributes(at + layout::ATTRIBUTES, index, names)?,
            MacroKind::Attr | MacroKind::Bang => Vec::new(),
        };
        let run = self.u32(at + client + layout::CLIENT_RUN, what)?;
        Ok(Declaration {
            kind,
            name,
            attributes,
            run,
        })
    }

    fn attributes(
        &self,
        at: u32,
        index: u32,
        names: &mut Names,
    ) -> Result<Vec<String>, DeclarationError> {
        let what = "the helper attributes";
        let (list, count) = self.pair(at, what)?;
        limit(count, "helper attributes")?;
        self.bytes(list, u64::from(count) * 8, what)?;
        (0..count)
            .map(|i| self.name(list + i * 8, ATTRIBUTE, index, names))
            .collect()
    }

    /// Many declarations may share the bytes of one name, so the memory that the copies take is
    /// bounded by `names` and not by the size of this memory.
    fn name(
        &self,
        at: u32,
        what: &'static str,
        index: u32,
        names: &mut Names,
    ) -> Result<String, DeclarationError> {
        let (address, len) = self.pair(at, what)?;
        let bytes = self.bytes(address, len.into(), what)?;
        admit(names, bytes, what, index).map(str::to_owned)
    }

    fn pair(&self, at: u32, what: &'static str) -> Result<(u32, u32), DeclarationError> {
        self.bytes(at, 8, what)?;
        Ok((self.u32(at, what)?, self.u32(at + 4, what)?))
    }

    fn u32(&self, at: u32, what: &'static str) -> Result<u32, DeclarationError> {
        let bytes = self.bytes(at, 4, what)?;
        Ok(u32::from_le_bytes(
            bytes.try_into().expect("four bytes were asked for"),
        ))
    }

    fn bytes(&self, at: u32, len: u64, what: &'static str) -> Result<&'a [u8], DeclarationError> {
        let range = u64::from(at)..u64::from(at) + len;
        let range = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        range
            .and_then(|(start, end)| self.0.get(start..end))
            .ok_or(DeclarationError::OutOfBounds {
                what,
                address: at,
                len,
                memory: self.0.len() as u64,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old() -> &'static Profile {
        Profile::by_name("1.95").unwrap()
    }

    fn read_declarations(
        memory: &[u8],
        address: u32,
    ) -> Result<Vec<Declaration>, DeclarationError> {
        super::read_declarations(old(), memory, address, |_| unreachable!())
    }

    /// A memory with one derive `Foo` (helper `bar`) and one bang `baz`, and the slice's address.
    fn memory() -> (Vec<u8>, u32) {
        let mut words: Vec<u32> = Vec::new();
        words.extend([16, 2, 0, 0]); // 0: the slice; 8: padding
        words.extend([0, 80, 3, 72, 1, 0xdead, 7]); // 16: derive
        words.extend([2, 86, 3, 0xdead, 9, 0, 0]); // 44: bang
        words.extend([83, 3]); // 72: helper attributes
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(b"Foobarbaz"); // 80
        (bytes, 0)
    }

    #[test]
    fn reads_what_rustc_lays_out() {
        let (bytes, address) = memory();
        let read = read_declarations(&bytes, address).unwrap();
        assert_eq!(
            read,
            [
                Declaration {
                    kind: MacroKind::Derive,
                    name: "Foo".into(),
                    attributes: vec!["bar".into()],
                    run: 7
                },
                Declaration {
                    kind: MacroKind::Bang,
                    name: "baz".into(),
                    attributes: vec![],
                    run: 9
                },
            ]
        );
    }

    #[test]
    fn refuses_what_no_rustc_lays_out() {
        let check = |word: usize, value: u32, expect: &str| {
            let (mut bytes, address) = memory();
            bytes[word * 4..][..4].copy_from_slice(&value.to_le_bytes());
            let error = read_declarations(&bytes, address).unwrap_err().to_string();
            assert!(error.contains(expect), "{error:?} lacks {expect:?}");
        };
        check(0, 0xffff_fff0, "a declaration at address 0xfffffff0");
        check(1, 3, "a declaration at address 0x48");
        check(1, 5000, "a count of 5000");
        check(4, 3, "declaration 0 has the tag 3");
        check(5, 4000, "the name at address 0xfa0");
        check(6, u32::MAX, "the name at address 0x50 (length 4294967295)");
        check(6, 0, "the name of declaration 0 isn't an identifier: \"\"");
        check(
            6,
            1000,
            "the name at address 0x50 (length 1000) lies outside",
        );
        check(
            5,
            76,
            "the name of declaration 0 isn't an identifier: \"\\u{3}\\u{0}\\u{0}\"",
        );
        check(
            18,
            3,
            "a helper attribute of declaration 0 isn't an identifier: \"\\u{0}\\u{2}\\u{0}\"",
        );
        check(
            7,
            0xffff_ffff,
            "the helper attributes at address 0xffffffff",
        );
        check(8, 9999, "a count of 9999");
        let (bytes, _) = memory();
        assert!(read_declarations(&bytes, u32::MAX).is_err());
        assert!(read_declarations(&[], 0).is_err());
        for len in 0..bytes.len() {
            assert!(read_declarations(&bytes[..len], 0).is_err(), "cut at {len}");
        }
    }

    /// A memory with `count` derives, which share one list of `attributes` helper attributes, all
    /// of which have one name of `len` bytes.
    fn overlapping(count: u32, attributes: u32, len: u32) -> Vec<u8> {
        let list = 8 + count * layout::SIZE;
        let name = list + attributes * 8;
        let mut words = vec![8, count];
        for _ in 0..count {
            words.extend([0, name, len, list, attributes, 0, 0]);
        }
        (0..attributes).for_each(|_| words.extend([name, len]));
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(bytes.len() + len as usize, b'x');
        bytes
    }

    #[test]
    fn names_that_overlap_are_bounded() {
        let check = |count, attributes, len| {
            let memory = overlapping(count, attributes, len);
            let read = read_declarations(&memory, 0);
            read.map(|read| read.len())
                .map_err(|error| error.to_string())
        };
        let (many, long) = (
            "a helper attribute of declaration 15 is one name too many: at most 65536 macros and \
             helper attributes are accepted",
            "a helper attribute of declaration 1 has 65536 bytes, which is too long: at most \
             1048576 bytes are accepted for all names together",
        );
        assert_eq!(check(16, 4095, 1), Ok(16));
        assert_eq!(check(16, 4096, 1), Err(many.to_owned()));
        assert_eq!(check(4096, 4096, 1), Err(many.to_owned()));
        assert_eq!(check(1, 15, 65536), Ok(1));
        assert_eq!(check(2, 8, 65536), Err(long.to_owned()));
        let error = check(1, 0, (1 << 20) + 1).unwrap_err();
        assert!(error.starts_with("the name of declaration 0 has 1048577 bytes"));
    }

    #[test]
    fn names_in_metadata_are_bounded_too() {
        let new = Profile::by_name("1.98").unwrap();
        let words: Vec<u32> = [8, 17].into_iter().chain(0..17).collect();
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let read = |name: &str, attributes: usize| {
            let info = MacroInfo {
                kind: MacroKind::Derive,
                name: name.to_owned(),
                attributes: vec!["x".to_owned(); attributes],
            };
            super::read_declarations(new, &bytes, 0, |count| Ok(vec![info; count])).map(|_| ())
        };
        let (what, index) = (ATTRIBUTE, 15);
        assert_eq!(read("X", 3000), Ok(()));
        assert_eq!(
            read("X", 4096),
            Err(DeclarationError::TooManyNames { what, index })
        );
        assert_eq!(
            read("X\n", 0).unwrap_err().to_string(),
            "the name of declaration 0 isn't an identifier: \"X\\n\""
        );
    }

    /// The cause is a part of the text, and so not a source, which callers would print again.
    #[test]
    fn causes_are_said_once() {
        let error = DeclarationError::Metadata(MetadataError::End);
        assert_eq!(
            error.to_string(),
            "the crate metadata doesn't give the names of the macros: the metadata is cut off: it \
             doesn't end with `rust-end-file`"
        );
        assert!(std::error::Error::source(&error).is_none());
    }

    #[test]
    fn clients_have_their_names_in_the_metadata() {
        let new = Profile::by_name("1.98").unwrap();
        let words = [8u32, 2, 7, 9];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let info = |name: &str| MacroInfo {
            kind: MacroKind::Bang,
            name: name.to_owned(),
            attributes: vec![],
        };
        let read = |bytes: &[u8], names: &[&str]| {
            super::read_declarations(new, bytes, 0, |count| {
                assert_eq!(count, 2);
                Ok(names.iter().map(|name| info(name)).collect())
            })
        };
        let found = read(&bytes, &["a", "b"]).unwrap();
        let found: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.run)).collect();
        assert_eq!(found, [("a", 7), ("b", 9)]);
        assert_eq!(
            read(&bytes, &["a"]).unwrap_err(),
            DeclarationError::Count {
                found: 1,
                expected: 2
            }
        );
        for len in 0..bytes.len() {
            let cut = super::read_declarations(new, &bytes[..len], 0, |_| Ok(vec![]));
            assert!(cut.is_err(), "cut at {len}");
        }
    }
}
