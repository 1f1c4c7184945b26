//! Refuses what can't become a shim, before any of it is written.

use super::{Input, ShimError};
use pm_abi::{Declaration, MacroKind, layout::DECLS_PREFIX};

/// The most macros, or helper attributes of one. The largest real crates have some tens.
pub const MAX_MACROS: usize = 4096;
/// The longest text: `PATH_MAX` of Linux, and no name is as long as a path.
pub const MAX_TEXT: usize = 4096;
/// The longest description of a sandbox: two texts and some more.
pub const MAX_SANDBOX: usize = 3 * MAX_TEXT;
/// The longest metadata. Those of large crates have some tens of megabytes.
pub const MAX_METADATA: usize = 1 << 30;

/// What metadata begins with, before a byte for its version. (rustc's
/// `rustc_metadata::rmeta::METADATA_HEADER`.)
const METADATA_START: &[u8] = b"rust\0\0\0";
/// The length of that header.
pub(super) const METADATA_HEADER: usize = 8;
/// What metadata ends with. (rustc's `rustc_serialize::opaque::MAGIC_END_BYTES`.)
const METADATA_END: &[u8] = b"rust-end-file";

pub(super) fn check(input: &Input<'_>) -> Result<(), ShimError> {
    let Input {
        target: _,
        soname,
        loader,
        symbol,
        macros,
        metadata,
        profile: _,
        artifact,
        rustc,
        sandbox,
    } = *input;
    name("the shim's name", soname)?;
    name("the loader's path", loader)?;
    name("the declaration symbol", symbol)?;
    if !is_declaration_symbol(symbol) {
        return Err(ShimError::Symbol(symbol.to_owned()));
    }
    count("declarations", macros.len())?;
    macros.iter().try_for_each(declaration)?;
    length("the metadata", metadata.len(), MAX_METADATA)?;
    if !metadata.starts_with(METADATA_START) {
        return Err(ShimError::Metadata("it doesn't start with `rust\\0\\0\\0`"));
    }
    // Both markers, so that one can't stand for both.
    if metadata.len() < METADATA_HEADER + METADATA_END.len() || !metadata.ends_with(METADATA_END) {
        return Err(ShimError::Metadata("it doesn't end with `rust-end-file`"));
    }
    length("the artifact's path", artifact.len(), MAX_TEXT)?;
    length("the sandbox", sandbox.len(), MAX_SANDBOX)?;
    name("rustc's version", rustc)
}

fn declaration(declaration: &Declaration) -> Result<(), ShimError> {
    name("a macro's name", &declaration.name)?;
    let attributes = &declaration.attributes;
    if declaration.kind != MacroKind::Derive && !attributes.is_empty() {
        return Err(ShimError::Attributes(declaration.to_string()));
    }
    count("helper attributes", attributes.len())?;
    attributes
        .iter()
        .try_for_each(|attribute| name("a helper attribute", attribute))
}

/// As rustc's `Session::generate_proc_macro_decls_symbol` makes them.
fn is_declaration_symbol(symbol: &str) -> bool {
    symbol
        .strip_prefix(DECLS_PREFIX)
        .and_then(|rest| rest.strip_suffix("__"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn name(what: &'static str, name: &str) -> Result<(), ShimError> {
    if name.is_empty() {
        return Err(ShimError::Empty { what });
    }
    if name.contains('\0') {
        return Err(ShimError::Nul { what });
    }
    length(what, name.len(), MAX_TEXT)
}

fn length(what: &'static str, len: usize, max: usize) -> Result<(), ShimError> {
    if len > max {
        return Err(ShimError::TooLong { what, len, max });
    }
    Ok(())
}

fn count(what: &'static str, count: usize) -> Result<(), ShimError> {
    let max = MAX_MACROS;
    if count > max {
        return Err(ShimError::TooMany { what, count, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    #[test]
    fn refusals_say_what_is_wrong() {
        let check = |change: &dyn Fn(&mut Input<'_>), expect: &str| {
            let mut input = Input {
                target: Target::X86_64Linux,
                soname: "libdemo.so",
                loader: "/lib/libpm_loader.so",
                symbol: "__rustc_proc_macro_decls_0123456789abcdef__",
                macros: &[],
                metadata: b"rust\0\0\0\nrust-end-file",
                profile: &pm_abi::Profile::all()[0],
                artifact: "",
                rustc: "rustc 1.96.0",
                sandbox: &[],
            };
            super::check(&input).unwrap();
            change(&mut input);
            assert_eq!(super::check(&input).unwrap_err().to_string(), expect);
        };
        let long: &'static str = "x".repeat(MAX_TEXT + 1).leak();
        check(&|i| i.soname = "", "the shim's name is empty");
        check(&|i| i.loader = "/a\0b", "the loader's path contains a NUL");
        check(
            &|i| i.artifact = long,
            "the artifact's path has 4097 bytes (at most 4096 are accepted)",
        );
        check(&|i| i.rustc = "", "rustc's version is empty");
        check(
            &|i| i.symbol = "main",
            "`main` isn't a declaration symbol, `__rustc_proc_macro_decls_<hex>__`",
        );
        check(
            &|i| i.symbol = "__rustc_proc_macro_decls___",
            "`__rustc_proc_macro_decls___` isn't a declaration symbol, \
             `__rustc_proc_macro_decls_<hex>__`",
        );
        check(
            &|i| i.metadata = b"\x7fELF",
            "the metadata isn't that of a crate: it doesn't start with `rust\\0\\0\\0`",
        );
        check(
            &|i| i.metadata = b"rust\0\0\0\nrust-end",
            "the metadata isn't that of a crate: it doesn't end with `rust-end-file`",
        );
    }

    #[test]
    fn declarations_that_rustc_could_not_have_made_are_refused() {
        let declare = |kind, name: &str, attributes: Vec<String>| Declaration {
            kind,
            name: name.to_owned(),
            attributes,
            run: 0,
        };
        let check = |declared, expect: &str| {
            assert_eq!(declaration(&declared).unwrap_err().to_string(), expect);
        };
        check(
            declare(MacroKind::Bang, "", vec![]),
            "a macro's name is empty",
        );
        check(
            declare(MacroKind::Attr, "a", vec!["b".into()]),
            "#[a] has helper attributes, which only a derive can have",
        );
        check(
            declare(MacroKind::Derive, "A", vec!["b".into(); MAX_MACROS + 1]),
            "helper attributes: a count of 4097 can't be right (at most 4096 are accepted)",
        );
        check(
            declare(MacroKind::Derive, "A", vec!["b\0".into()]),
            "a helper attribute contains a NUL",
        );
    }
}
