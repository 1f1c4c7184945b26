//! What the tests write shims from.

use object::Object as _;
use object::read::NameOrOrdinal;
use pm_abi::{Declaration, MacroKind};
use pm_shim_writer::{Input, Target};

/// A symbol as rustc makes them.
pub(crate) const SYMBOL: &str = "__rustc_proc_macro_decls_96ae06f20bf0ac3b__";

/// All targets.
pub(crate) const TARGETS: [Target; 2] = [Target::X86_64Linux, Target::Aarch64Linux];

/// The host's.
#[cfg(target_os = "linux")]
pub(crate) const HOST: Target = match cfg!(target_arch = "aarch64") {
    true => Target::Aarch64Linux,
    false => Target::X86_64Linux,
};

/// One macro of each kind, and a second derive, without helper attributes.
pub(crate) fn declarations() -> Vec<Declaration> {
    let declare = |kind, name: &str, attributes: &[&str]| Declaration {
        kind,
        name: name.to_owned(),
        attributes: attributes.iter().map(|&name| name.to_owned()).collect(),
        // Not looked at: the index in the list is what counts.
        run: 77,
    };
    vec![
        declare(MacroKind::Bang, "one", &[]),
        declare(MacroKind::Attr, "two", &[]),
        declare(MacroKind::Derive, "Three", &["a", "bb"]),
        declare(MacroKind::Derive, "Four", &[]),
    ]
}

/// Metadata with the right ends, as much of it as is asked for.
pub(crate) fn metadata(len: usize) -> Vec<u8> {
    let mut metadata = b"rust\0\0\0\n".to_vec();
    metadata.extend((0..len).map(|at| at as u8));
    metadata.extend(b"rust-end-file");
    metadata
}

pub(crate) fn input<'a>(
    target: Target,
    macros: &'a [Declaration],
    metadata: &'a [u8],
) -> Input<'a> {
    Input {
        target,
        soname: "libdemo-abc.so",
        loader: "/nowhere/libpm_loader.so",
        symbol: SYMBOL,
        macros,
        metadata,
        profile: pm_abi::Profile::by_name("1.95").unwrap(),
        artifact: "/store/demo.cwasm",
        rustc: "rustc 1.96.0 (ac68faa20 2026-05-25)",
        sandbox: &[7, 0, 8],
    }
}

/// The names of the symbols that a library exports, as rust-analyzer finds them.
pub(crate) fn exports(file: &[u8]) -> Vec<String> {
    let file = object::File::parse(file).unwrap();
    file.exports()
        .unwrap()
        .filter_map(|export| match export.unwrap().name() {
            NameOrOrdinal::Name(name) => Some(String::from_utf8(name.to_vec()).unwrap()),
            NameOrOrdinal::Ordinal(_) => None,
        })
        .collect()
}
