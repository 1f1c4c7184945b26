//! The shim's code, made by Cranelift for either architecture on either.
//!
//! rustc calls an entry point with a `BridgeConfig` and expects a `Buffer`; it calls the loader with the
//! same configuration, its shim and its index, and gives back the loader's buffer.

mod abi;
mod entry;

use super::slot::Slot;
use super::{ShimError, Target};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{
    ExternalName, Function, GlobalValue, GlobalValueData, UserExternalName,
};
use cranelift_codegen::isa::{OwnedTargetIsa, lookup_by_name};
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_codegen::{Context, FinalizedRelocTarget};

/// The code of all functions.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    /// The offset of each entry point.
    pub(super) entries: Vec<usize>,
    /// The offset of what [`Slot::Find`] and [`Slot::Missing`] are about.
    pub(super) find: usize,
    pub(super) missing: usize,
    uses: Vec<Use>,
}

/// A place in the code that names a slot.
#[derive(Debug)]
struct Use {
    offset: usize,
    reloc: Reloc,
    slot: Slot,
    addend: i64,
}

/// Each function starts at a multiple of this, as compilers have it.
const ALIGN: usize = 16;

/// The code of a shim with `count` macros; `message` is the length of what lies in [`Slot::Message`].
pub(super) fn compile(target: Target, count: usize, message: usize) -> Result<Code, ShimError> {
    let mut code = Code::default();
    let isa = isa(target)?;
    let mut context = Context::new();
    for index in 0..count {
        let entry = code.add(&mut context, &isa, entry::entry(target, index))?;
        code.entries.push(entry);
    }
    code.find = code.add(&mut context, &isa, entry::find())?;
    code.missing = code.add(&mut context, &isa, entry::missing(target, message))?;
    Ok(code)
}

/// Cranelift for the target, with every setting that matters here pinned: the code is the same on
/// every host.
fn isa(target: Target) -> Result<OwnedTargetIsa, ShimError> {
    let error = |error: &dyn std::fmt::Display| ShimError::Code(error.to_string());
    let mut builder = settings::builder();
    for (name, value) in [
        // A shared library: what isn't in the code is found through the table.
        ("is_pic", "true"),
        // So that profilers and debuggers find the caller, for want of unwinding tables.
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
        ("opt_level", "speed"),
        ("enable_verifier", "true"),
    ] {
        builder.set(name, value).map_err(|e| error(&e))?;
    }
    let name = match target {
        Target::X86_64Linux => "x86_64-unknown-linux-gnu",
        Target::Aarch64Linux => "aarch64-unknown-linux-gnu",
    };
    lookup_by_name(name)
        .map_err(|e| error(&e))?
        .finish(Flags::new(builder))
        .map_err(|e| error(&e))
}

/// Declares a slot's content as a symbol that isn't near, so that its address is read from there.
fn symbol(func: &mut Function, slot: Slot) -> GlobalValue {
    let name = func.declare_imported_user_function(UserExternalName {
        namespace: 0,
        index: slot as u32,
    });
    func.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(name),
        offset: 0.into(),
        colocated: false,
        tls: false,
    })
}

/// The slot that a relocation of Cranelift's names.
fn slot(target: &FinalizedRelocTarget, func: &Function) -> Result<Slot, ShimError> {
    let index = match target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => func
            .params
            .user_named_funcs()
            .get(*name)
            .map(|name| name.index),
        _ => None,
    };
    Slot::ALL
        .into_iter()
        .find(|slot| Some(*slot as u32) == index)
        .ok_or_else(|| ShimError::Code(format!("an unknown symbol, {target:?}")))
}

impl Code {
    /// Compiles a function, and gives its offset.
    fn add(
        &mut self,
        context: &mut Context,
        isa: &OwnedTargetIsa,
        function: Function,
    ) -> Result<usize, ShimError> {
        context.clear();
        context.func = function;
        context
            .compile(&**isa, &mut ControlPlane::default())
            .map_err(|error| ShimError::Code(error.inner.to_string()))?;
        let compiled = context
            .compiled_code()
            .ok_or_else(|| ShimError::Code("no code".to_owned()))?;
        // Padding is never executed; zeros are no valid instruction on aarch64.
        self.bytes
            .resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        let start = self.bytes.len();
        for reloc in compiled.buffer.relocs() {
            self.uses.push(Use {
                offset: start + reloc.offset as usize,
                reloc: reloc.kind,
                slot: slot(&reloc.target, &context.func)?,
                addend: reloc.addend,
            });
        }
        self.bytes.extend_from_slice(compiled.code_buffer());
        Ok(start)
    }

    /// The code for an address, with the table at another.
    pub(super) fn place(&self, address: u64, table: u64) -> Result<Vec<u8>, ShimError> {
        let mut bytes = self.bytes.clone();
        for found in &self.uses {
            let from = address + found.offset as u64;
            let to = table + found.slot.offset() as u64;
            relocate(&mut bytes, found, from, to).ok_or_else(|| {
                let Use { offset, reloc, .. } = found;
                ShimError::Code(format!("can't place the {reloc} at {offset:#x}"))
            })?;
        }
        Ok(bytes)
    }
}

/// Puts a slot's address into an instruction. None if it doesn't fit, or if it isn't one of the
/// relocations by which Cranelift names a slot of the table.
fn relocate(code: &mut [u8], found: &Use, from: u64, to: u64) -> Option<()> {
    let field = code.get_mut(found.offset..)?.first_chunk_mut::<4>()?;
    let to = to.checked_add_signed(found.addend)?;
    let word = u32::from_le_bytes(*field);
    let word = match found.reloc {
        // R_X86_64_GOTPCREL: a distance in bytes.
        Reloc::X86GOTPCRel4 => i32::try_from(to.wrapping_sub(from) as i64).ok()? as u32,
        // R_AARCH64_ADR_GOT_PAGE: a distance in pages, its low two bits apart. (Arm's ARM, ADRP.)
        Reloc::Aarch64AdrGotPage21 => {
            let pages = (to >> 12).wrapping_sub(from >> 12) as i64;
            if !(-(1 << 20)..1 << 20).contains(&pages) {
                return None;
            }
            let pages = pages as u32;
            word | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5
        }
        // R_AARCH64_LD64_GOT_LO12_NC: the rest, in words. (Arm's ARM, LDR (immediate).)
        Reloc::Aarch64Ld64GotLo12Nc if to.is_multiple_of(8) => {
            word | (to as u32 & 0xfff) >> 3 << 10
        }
        _ => return None,
    };
    *field = word.to_le_bytes();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shim for aarch64 can't be run everywhere: the encodings are held against the assembler's
    /// (`llvm-mc --triple=aarch64 --show-encoding`).
    #[test]
    fn instructions_get_their_addresses() {
        let check = |reloc, word: u32, (from, to), expect: Option<u32>| {
            let mut code = word.to_le_bytes();
            let found = Use {
                offset: 0,
                reloc,
                slot: Slot::Shim,
                addend: 0,
            };
            let got = relocate(&mut code, &found, from, to).map(|()| u32::from_le_bytes(code));
            assert_eq!(got, expect, "{reloc:?} from {from:#x} to {to:#x}");
        };
        let page = Reloc::Aarch64AdrGotPage21;
        // adrp x1, #0x3000; adrp x1, #-0x1000
        check(page, 0x9000_0001, (0x1ffc, 0x4008), Some(0xf000_0001));
        check(page, 0x9000_0001, (0x2000, 0x1fff), Some(0xf0ff_ffe1));
        check(page, 0x9000_0001, (0, 1 << 33), None);
        let low = Reloc::Aarch64Ld64GotLo12Nc;
        // ldr x1, [x1, #0xff8]
        check(low, 0xf940_0021, (0, 0x1ff8), Some(0xf947_fc21));
        check(low, 0xf940_0021, (0, 0x1ffc), None);
        check(Reloc::X86GOTPCRel4, 0, (0x2000, 0x1ff0), Some(0xffff_fff0));
        check(Reloc::X86GOTPCRel4, 0, (0, 1 << 31), None);
        check(Reloc::Abs8, 0, (0, 0), None);
    }
}
