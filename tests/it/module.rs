//! Proc-macro modules written by hand, for what no compiler emits.

use pm_abi::{Declaration, MacroKind, Profile, profile_section, write_declarations};

/// The declaration symbol of the modules here.
pub(crate) const SYMBOL: &str = "__rustc_proc_macro_decls_0123456789abcdef__";

/// A version string as it stands in metadata.
pub(crate) const RUSTC: &str = "rustc 1.96.0 (by hand)";

/// The parts of a module that tests change. Memory: two pages, the stack first (4 KiB), then the
/// declarations at 4096, and a bump allocator from 8192 on.
pub(crate) struct Parts<'a> {
    /// Further fields, before anything that is defined: imports.
    pub(crate) imports: &'a str,
    /// The body of `run`, which has the parameters `$sret` and `$config`.
    pub(crate) run: &'a str,
    /// Further fields.
    pub(crate) fields: &'a str,
    /// What `malloc` does first.
    pub(crate) malloc: &'a str,
    /// The version string.
    pub(crate) rustc: &'a str,
    /// The declaration symbol.
    pub(crate) symbol: &'a str,
    /// The content of the section `.rustc`, if it isn't only about the version.
    pub(crate) metadata: Option<&'a [u8]>,
    /// The bridge, by which the declarations are laid out.
    pub(crate) profile: &'static Profile,
    /// True if a section names the bridge, as `pm-aot build` writes it, where the version doesn't.
    pub(crate) names_bridge: bool,
}

impl Default for Parts<'_> {
    /// A derive `Trait` that answers `Ok(None)`.
    fn default() -> Self {
        Parts {
            imports: "",
            run: ANSWER_NOTHING,
            fields: "",
            malloc: "",
            rustc: RUSTC,
            symbol: SYMBOL,
            metadata: None,
            profile: Profile::by_name("1.95").expect("a profile"),
            names_bridge: true,
        }
    }
}

/// Takes the input buffer, writes `Ok(None)` into it (tags 0 and 1), and returns it.
pub(crate) const ANSWER_NOTHING: &str = "
    (memory.copy (local.get $sret) (local.get $config) (i32.const 20))
    (i32.store16 (i32.load (local.get $sret)) (i32.const 0x0100))
    (i32.store offset=4 (local.get $sret) (i32.const 2))";

impl Parts<'_> {
    /// The module's bytes.
    pub(crate) fn wasm(&self) -> Vec<u8> {
        let Parts {
            imports,
            run,
            fields,
            malloc,
            rustc,
            symbol,
            metadata,
            profile,
            names_bridge,
        } = self;
        let version = [
            b"rust\0\0\0\x0a",
            // The length of what follows.
            &(17 + rustc.len() as u64).to_le_bytes()[..],
            b"rust\0\0\0\x0a\0\0\0\0\0\0\0\0",
            &[rustc.len() as u8],
            rustc.as_bytes(),
        ];
        let metadata: String = metadata
            .map_or_else(|| version.concat(), <[u8]>::to_vec)
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let declaration = Declaration {
            kind: MacroKind::Derive,
            name: "Trait".into(),
            attributes: vec![],
            run: 1,
        };
        let declarations: String = write_declarations(profile, &[declaration], &[1], 4096)
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let text = format!(
            r#"(module
              {imports}
              (type $run (func (param $sret i32) (param $config i32)))
              (type $call (func (param i32 i32 i32)))
              (memory (export "memory") 3)
              (table 4 4 funcref)
              (elem (i32.const 1) $run)
              (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
              (global (export "{symbol}") i32 (i32.const 4096))
              (global $top (mut i32) (i32.const 8192))
              (func (export "malloc") (param $size i32) (result i32)
                (local $block i32)
                {malloc}
                (local.set $block (global.get $top))
                (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $size))
                  (i32.const 15)) (i32.const -16)))
                (local.get $block))
              (func (export "free") (param i32))
              (func $run (type $run) (param $sret i32) (param $config i32) {run})
              {fields}
              (data (i32.const 4096) "{declarations}")
              (@custom ".rustc" "{metadata}"))"#
        );
        let mut wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
        if *names_bridge && Profile::of_rustc(rustc) != Some(profile) {
            wasm.extend(profile_section(profile));
        }
        wasm
    }
}

/// The module with default parts.
pub(crate) fn wasm() -> Vec<u8> {
    Parts::default().wasm()
}
