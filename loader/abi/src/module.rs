//! Recognising a proc-macro module by its content: the declaration symbol and the metadata.

use crate::Profile;
use crate::contract::PROFILE_SECTION;
use crate::layout::DECLS_PREFIX;
use crate::metadata::{self, MetadataError};
use wasmparser::{ExternalKind, Operator, Parser, Payload, ValType};

/// The custom section of the crate metadata.
const METADATA_SECTION: &str = ".rustc";

/// What a module says of itself, before anything of it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The declaration symbol, `__rustc_proc_macro_decls_<id>__`.
    pub symbol: String,
    /// The stable crate id, the hex digits of the symbol (at most 16): it depends on the crate's name, its
    /// `-C metadata` and the rustc version.
    pub crate_id: String,
    /// The symbol's value: where in memory the `&'static [ProcMacro]` lies.
    pub address: u32,
    /// The version string of the rustc that made it, out of the custom section `.rustc`:
    /// `rustc 1.96.0 (…)`. `None` where the section is missing.
    pub rustc: Option<String>,
    /// The bridge that it speaks: that of the release that made it, else the one that the section
    /// [`PROFILE_SECTION`] names. `None` where neither is known.
    pub profile: Option<&'static Profile>,
}

/// The reason why a custom section that says what made the module can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// The metadata section isn't rustc's.
    #[error("the custom section `.rustc` isn't rustc's metadata: {0}")]
    Metadata(MetadataError),
    /// A second section of one name, of which another reader may take the other.
    #[error("two custom sections `{name}`, where one belongs")]
    Twice {
        /// The name.
        name: &'static str,
    },
    /// The section names another bridge than the release has.
    #[error(
        "the custom section `{PROFILE_SECTION}` names the bridge {named}, but `{rustc}`, which \
         made the module, has the bridge {release}"
    )]
    Bridge {
        /// The bridge that the section names.
        named: &'static str,
        /// The bridge of the release.
        release: &'static str,
        /// The version string in the metadata.
        rustc: String,
    },
}

/// Why a file isn't a proc-macro module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// It doesn't start as wasm does.
    #[error("not a WebAssembly module (it doesn't start with `\\0asm`)")]
    NotWasm,
    /// It's a component.
    #[error("a WebAssembly component, not a core module")]
    Component,
    /// Wasm, but damaged or cut off.
    #[error("damaged or truncated WebAssembly: {0}")]
    Malformed(String),
    /// Wasm, but no proc macro.
    #[error("no proc-macro declarations (no export `{DECLS_PREFIX}<id>__`)")]
    NoDeclarations,
    /// More than one proc-macro crate linked into one module.
    #[error("two declaration symbols, `{0}` and `{1}`: link one proc-macro crate into a module")]
    TwoDeclarations(String, String),
    /// The symbol isn't what rustc makes of it.
    #[error("the declaration symbol `{0}` isn't an immutable i32 global with a constant value")]
    BadDeclaration(String),
    /// A section that says what made the module is not rustc's, not the only one, or contradicts
    /// another.
    #[error("{0}")]
    BadMetadata(Box<SectionError>),
    /// The section that names the bridge is damaged, or written by a newer pm-aot.
    #[error("the custom section `{PROFILE_SECTION}` names no bridge that this pm-aot knows")]
    BadProfile,
}

impl InspectError {
    /// Whether the file is simply something else, which a search passes over without complaint.
    pub fn is_other_file(&self) -> bool {
        matches!(self, Self::NotWasm | Self::Component | Self::NoDeclarations)
    }
}

impl From<SectionError> for InspectError {
    fn from(error: SectionError) -> Self {
        InspectError::BadMetadata(Box::new(error))
    }
}

impl From<wasmparser::BinaryReaderError> for InspectError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        InspectError::Malformed(error.to_string())
    }
}

/// Reads what a module says of itself. Every section is walked, so that a truncated file is found
/// out, but code is not validated.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, InspectError> {
    match wasm.get(..8) {
        Some(start) if start[..4] != *b"\0asm" => return Err(InspectError::NotWasm),
        None => return Err(InspectError::NotWasm),
        Some(start) if Parser::is_component(start) => return Err(InspectError::Component),
        Some(_) => {}
    }
    let mut imported_globals = 0u32;
    let mut globals: Vec<Option<u32>> = Vec::new();
    let mut symbol: Option<(String, Option<u32>)> = None;
    let (mut rustc, mut named) = (None, None);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let wasmparser::TypeRef::Global(_) = import?.ty {
                        imported_globals += 1;
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    globals.push(constant(&global?)?);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if !is_declaration_symbol(export.name) {
                        continue;
                    }
                    if let Some((first, _)) = symbol {
                        return Err(InspectError::TwoDeclarations(first, export.name.into()));
                    }
                    let global = (export.kind == ExternalKind::Global).then_some(export.index);
                    symbol = Some((export.name.into(), global));
                }
            }
            Payload::CustomSection(section) if section.name() == METADATA_SECTION => {
                only_one(METADATA_SECTION, rustc.as_ref())?;
                let version = metadata::section(section.data()).and_then(metadata::version);
                let version = version.map_err(SectionError::Metadata);
                rustc = Some(version?.to_owned());
            }
            Payload::CustomSection(section) if section.name() == PROFILE_SECTION => {
                only_one(PROFILE_SECTION, named.as_ref())?;
                let name = str::from_utf8(section.data()).ok();
                let profile = name.and_then(Profile::by_name);
                named = Some(profile.ok_or(InspectError::BadProfile)?);
            }
            _ => {}
        }
    }
    let (symbol, global) = symbol.ok_or(InspectError::NoDeclarations)?;
    let value = global
        .and_then(|global| global.checked_sub(imported_globals))
        .and_then(|index| globals.get(index as usize).copied().flatten());
    let Some(address) = value else {
        return Err(InspectError::BadDeclaration(symbol));
    };
    let crate_id = symbol[DECLS_PREFIX.len()..symbol.len() - 2].to_owned();
    let profile = one_bridge(rustc.as_deref(), named)?;
    Ok(Inspection {
        symbol,
        crate_id,
        address,
        rustc,
        profile,
    })
}

/// Refuses the second section of a name.
fn only_one<T>(name: &'static str, before: Option<&T>) -> Result<(), InspectError> {
    match before {
        None => Ok(()),
        Some(_) => Err(SectionError::Twice { name }.into()),
    }
}

/// The bridge of a module, by the version of its rustc and by the section that names one.
fn one_bridge(
    rustc: Option<&str>,
    named: Option<&'static Profile>,
) -> Result<Option<&'static Profile>, SectionError> {
    let release = rustc.and_then(|rustc| Some((rustc, Profile::of_rustc(rustc)?)));
    match (release, named) {
        (Some((rustc, release)), Some(named)) if named != release => Err(SectionError::Bridge {
            named: named.name,
            release: release.name,
            rustc: rustc.to_owned(),
        }),
        (Some((_, release)), _) => Ok(Some(release)),
        (None, named) => Ok(named),
    }
}

/// The content of a module's section `.rustc`: its crate metadata, as [`crate::metadata`] reads it.
/// `None` where it has none or two, or is damaged. [`inspect`] says which.
pub fn metadata_section(wasm: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload.ok()?
            && section.name() == METADATA_SECTION
            && found.replace(section.data()).is_some()
        {
            return None;
        }
    }
    found
}

/// The custom section [`PROFILE_SECTION`] for a profile, to be appended to a module.
pub fn profile_section(profile: &Profile) -> Vec<u8> {
    // Id 0, and lengths in LEB128, which below 128 are one byte.
    let (name, value) = (PROFILE_SECTION, profile.name);
    let size = 1 + name.len() + value.len();
    assert!(size < 128, "a length of one byte");
    let mut section = vec![0, size as u8, name.len() as u8];
    section.extend(name.bytes());
    section.extend(value.bytes());
    section
}

fn is_declaration_symbol(name: &str) -> bool {
    name.strip_prefix(DECLS_PREFIX)
        .and_then(|rest| rest.strip_suffix("__"))
        .is_some_and(|id| {
            // rustc prints the id without leading zeros: one crate in sixteen has fewer digits.
            let digits = id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            (1..=16).contains(&id.len()) && digits
        })
}

/// The value of an immutable i32 global that is initialised with a constant.
fn constant(global: &wasmparser::Global<'_>) -> Result<Option<u32>, InspectError> {
    if global.ty.mutable || global.ty.content_type != ValType::I32 {
        return Ok(None);
    }
    let mut operators = global.init_expr.get_operators_reader();
    Ok(match operators.read()? {
        Operator::I32Const { value } if matches!(operators.read()?, Operator::End) => {
            Some(value.cast_unsigned())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLS: &str = "__rustc_proc_macro_decls_0123456789abcdef__";

    #[test]
    fn tells_proc_macros_from_other_files() {
        let check = |wat: &str, expect: Result<u32, &str>| {
            let wasm = wat::parse_str(wat).unwrap();
            let got = inspect(&wasm).map(|i| i.address).map_err(|e| e.to_string());
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect),
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{got:?}"),
                (got, expect) => panic!("{wat}: {got:?}, expected {expect:?}"),
            }
        };
        check(
            &format!("(module (global (export {DECLS:?}) i32 i32.const 1024))"),
            Ok(1024),
        );
        check(
            &format!(
                "(module (import \"a\" \"b\" (global i32)) \
                 (global (export {DECLS:?}) i32 i32.const 8))"
            ),
            Ok(8),
        );
        check("(module)", Err("no proc-macro declarations"));
        check(
            "(module (global (export \"__rustc_proc_macro_decls_7f__\") i32 i32.const 8))",
            Ok(8),
        );
        for id in ["", "0123456789abcdef0", "0123456789ABCDEF"] {
            check(
                &format!(
                    "(module (global (export \"__rustc_proc_macro_decls_{id}__\") i32 i32.const 8))"
                ),
                Err("no proc-macro declarations"),
            );
        }
        check("(component)", Err("component"));
        check(
            &format!("(module (global (export {DECLS:?}) (mut i32) i32.const 8))"),
            Err("isn't an immutable i32 global"),
        );
        check(
            &format!("(module (func (export {DECLS:?})))"),
            Err("isn't an immutable i32 global"),
        );
        check(
            &format!(
                "(module (global (export {DECLS:?}) i32 i32.const 8) (global (export \
                 \"__rustc_proc_macro_decls_0123456789abcdee__\") i32 i32.const 8))"
            ),
            Err("two declaration symbols"),
        );
        check(
            &format!(
                "(module (global (export {DECLS:?}) i32 i32.const 8) (@custom \".rustc\" \"xyz\"))"
            ),
            Err("isn't rustc's metadata"),
        );
    }

    #[test]
    fn truncation_is_found_at_every_byte() {
        let wasm = wat::parse_str(format!(
            "(module (global (export {DECLS:?}) i32 i32.const 1024) (func) (memory 1) \
             (data (i32.const 0) \"abc\"))"
        ))
        .unwrap();
        let whole = inspect(&wasm).unwrap();
        for len in 0..wasm.len() {
            // A cut between sections leaves a smaller module, which still isn't the whole.
            match inspect(&wasm[..len]) {
                Err(_) => {}
                Ok(part) => assert_eq!(part, whole, "cut at {len}"),
            }
        }
        assert_eq!(inspect(b"\x7fELF").unwrap_err(), InspectError::NotWasm);
        assert_eq!(inspect(b"").unwrap_err(), InspectError::NotWasm);
    }

    /// The content of a section `.rustc` that has a version alone.
    fn section_of(rustc: &str) -> Vec<u8> {
        let mut blob = b"rust\0\0\0\x0a\0\0\0\0\0\0\0\0".to_vec();
        blob.push(u8::try_from(rustc.len()).unwrap());
        blob.extend(rustc.bytes());
        let len = (blob.len() as u64).to_le_bytes();
        [b"rust\0\0\0\x0a", len.as_slice(), &blob].concat()
    }

    /// A module with these sections `.rustc`.
    fn module_with(sections: &[&[u8]]) -> Vec<u8> {
        let custom = |section: &&[u8]| {
            let bytes = section.iter().map(|byte| format!("\\{byte:02x}"));
            format!("(@custom \".rustc\" \"{}\")", bytes.collect::<String>())
        };
        let sections: String = sections.iter().map(custom).collect();
        wat::parse_str(format!(
            "(module (global (export {DECLS:?}) i32 i32.const 8) {sections})"
        ))
        .unwrap()
    }

    #[test]
    fn the_metadata_section_is_rustc_s_alone() {
        let check = |sections: &[&[u8]], expect: &str| {
            let wasm = module_with(sections);
            let error = inspect(&wasm).unwrap_err().to_string();
            assert!(error.contains(expect), "{error:?} lacks {expect:?}");
        };
        let (old, new) = (
            section_of("rustc 1.96.0 (x)"),
            section_of("rustc 1.98.0 (x)"),
        );
        let wasm = module_with(&[&new]);
        assert_eq!(inspect(&wasm).unwrap().profile.unwrap().name, "1.98");
        assert_eq!(metadata_section(&wasm), Some(&*new));
        check(&[&old, &new], "two custom sections `.rustc`");
        assert_eq!(metadata_section(&module_with(&[&old, &new])), None);
        // A user's static before rustc's bytes, and after them.
        check(
            &[&[&*old, &new].concat()],
            "declares 33 bytes of metadata and has 82",
        );
        check(
            &[&[&*new, b"\0"].concat()],
            "declares 33 bytes of metadata and has 34",
        );
        check(&[&[b"\0", &*new].concat()], "it doesn't start with");
        // A length that covers all.
        let mut forged = [&*old, &new].concat();
        let len = (forged.len() as u64 - 16).to_le_bytes();
        forged[8..16].copy_from_slice(&len);
        check(&[&forged], "a second section starts at byte 49");
        // Metadata as in a file, without the section's header.
        check(
            &[&[&old[16..], &new].concat()],
            "a second section starts at byte 33",
        );
        check(&[&old[16..]], "it isn't a section");
    }

    #[test]
    fn the_profile_is_the_named_one_or_that_of_the_release() {
        let module = |rustc: &str| module_with(&[&section_of(rustc)]);
        let profile = |wasm: &[u8]| {
            let inspection = inspect(wasm).unwrap();
            inspection.profile.map(|profile| profile.name)
        };
        let nightly = module("rustc 1.98.0-nightly (x 2026-06-01)");
        assert_eq!(profile(&nightly), None);
        let released = module("rustc 1.96.0 (x)");
        assert_eq!(profile(&released), Some("1.95"));
        let with = |wasm: &[u8], known: &Profile| [wasm, &profile_section(known)].concat();
        for known in Profile::all() {
            assert_eq!(profile(&with(&nightly, known)), Some(known.name));
            let named = with(&released, known);
            if known.name == "1.95" {
                assert_eq!(profile(&named), Some("1.95"));
                continue;
            }
            assert_eq!(
                inspect(&named).unwrap_err().to_string(),
                format!(
                    "the custom section `pm-aot.bridge` names the bridge {}, but `rustc 1.96.0 \
                     (x)`, which made the module, has the bridge 1.95",
                    known.name
                )
            );
        }
        let twice = with(&with(&nightly, &Profile::all()[0]), &Profile::all()[1]);
        assert_eq!(
            inspect(&twice).unwrap_err().to_string(),
            "two custom sections `pm-aot.bridge`, where one belongs"
        );
        let mut unknown = [nightly.as_slice(), &profile_section(&Profile::all()[0])].concat();
        *unknown.last_mut().unwrap() = b'x';
        assert_eq!(inspect(&unknown).unwrap_err(), InspectError::BadProfile);
    }
}
