//! Recognising a proc-macro module by its content: the declaration symbol and the metadata.

use crate::Profile;
use crate::contract::PROFILE_SECTION;
use crate::layout::DECLS_PREFIX;
use crate::metadata::{self, MetadataError};
use wasmparser::{ExternalKind, Operator, Parser, Payload, ValType};

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
    /// The bridge that it speaks: the one that the section [`PROFILE_SECTION`] names, else that of the
    /// rustc that made it. `None` where neither is known.
    pub profile: Option<&'static Profile>,
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
    /// The metadata section isn't rustc's.
    #[error("the custom section `.rustc` isn't rustc's metadata: {0}")]
    BadMetadata(MetadataError),
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
            Payload::CustomSection(section) if section.name() == ".rustc" => {
                let version = metadata::version(section.data());
                rustc = Some(version.map_err(InspectError::BadMetadata)?.to_owned());
            }
            Payload::CustomSection(section) if section.name() == PROFILE_SECTION => {
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
    let profile = named.or_else(|| Profile::of_rustc(rustc.as_deref()?));
    Ok(Inspection {
        symbol,
        crate_id,
        address,
        rustc,
        profile,
    })
}

/// The content of a module's section `.rustc`: its crate metadata, as [`crate::metadata`] reads it. `None`
/// where it has none, or is damaged before it.
pub fn metadata_section(wasm: &[u8]) -> Option<&[u8]> {
    Parser::new(0)
        .parse_all(wasm)
        .find_map(|payload| match payload {
            Ok(Payload::CustomSection(section)) if section.name() == ".rustc" => {
                Some(section.data())
            }
            _ => None,
        })
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

    #[test]
    fn the_profile_is_the_named_one_or_that_of_the_release() {
        let module = |rustc: &str| {
            let header = "rust\\00\\00\\00\\0a";
            let zeros = "\\00".repeat(8);
            let section = format!("{header}{zeros}{header}{zeros}\\{:02x}{rustc}", rustc.len());
            wat::parse_str(format!(
                "(module (global (export {DECLS:?}) i32 i32.const 8) \
                 (@custom \".rustc\" \"{section}\"))"
            ))
            .unwrap()
        };
        let profile = |wasm: &[u8]| {
            let inspection = inspect(wasm).unwrap();
            inspection.profile.map(|profile| profile.name)
        };
        let nightly = module("rustc 1.98.0-nightly (x 2026-06-01)");
        assert_eq!(profile(&nightly), None);
        let released = module("rustc 1.96.0 (x)");
        assert_eq!(profile(&released), Some("1.95"));
        for known in Profile::all() {
            for wasm in [&nightly, &released] {
                let named = [wasm.as_slice(), &profile_section(known)].concat();
                assert_eq!(profile(&named), Some(known.name));
            }
        }
        let mut unknown = [nightly.as_slice(), &profile_section(&Profile::all()[0])].concat();
        *unknown.last_mut().unwrap() = b'x';
        assert_eq!(inspect(&unknown).unwrap_err(), InspectError::BadProfile);
    }
}
