//! The entry points: rustc calls each with a `BridgeConfig` and expects a `Buffer`, and it calls the
//! loader with the same configuration, its shim and its index, and gives back the loader's buffer.
//!
//! Cranelift makes them, for either architecture on either. To it, both structs are what the
//! platform's C ABI makes of them:
//!
//! * The `Buffer` is returned through a pointer in a register that Cranelift calls `StructReturn`,
//!   on both.
//! * x86-64 (System V psABI 3.2.3): the `BridgeConfig`, of class MEMORY, lies on the stack. That is
//!   how eight integers are passed when there are no registers left for them.
//! * aarch64 (AAPCS64 6.8.2, B.4): the caller has made a copy of the `BridgeConfig` and passes its
//!   address like any other argument.

use super::{ShimError, Target};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, ExternalName, Function, GlobalValue, GlobalValueData, InstBuilder,
    Signature, UserExternalName, UserFuncName,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, lookup_by_name};
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_codegen::{Context, FinalizedRelocTarget};

/// A slot of the global offset table: an address that the code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// That of the loader's function.
    Run,
    /// That of the `Shim`.
    Shim,
}

impl Slot {
    /// All of them, in their order.
    pub(super) const ALL: [Slot; 2] = [Slot::Run, Slot::Shim];

    /// The size of the table.
    pub(super) const TABLE: usize = 8 * Slot::ALL.len();

    /// Where it lies in the table.
    pub(super) const fn offset(self) -> usize {
        8 * self as usize
    }
}

/// The code of all entry points.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    /// The offset of each entry point.
    pub(super) entries: Vec<usize>,
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

/// Each entry point starts at a multiple of this, as compilers have it.
const ALIGN: usize = 16;

pub(super) fn compile(target: Target, count: usize) -> Result<Code, ShimError> {
    let mut code = Code::default();
    let isa = isa(target)?;
    let mut context = Context::new();
    for index in 0..count {
        context.clear();
        context.func = entry(target, index);
        context
            .compile(&*isa, &mut ControlPlane::default())
            .map_err(|error| ShimError::Code(error.inner.to_string()))?;
        let compiled = context
            .compiled_code()
            .ok_or_else(|| ShimError::Code("no code".to_owned()))?;
        // Padding is never executed; zeros are no valid instruction on aarch64.
        code.bytes
            .resize(code.bytes.len().next_multiple_of(ALIGN), 0);
        let start = code.bytes.len();
        for reloc in compiled.buffer.relocs() {
            code.uses.push(Use {
                offset: start + reloc.offset as usize,
                reloc: reloc.kind,
                slot: slot(&reloc.target, &context.func)?,
                addend: reloc.addend,
            });
        }
        code.entries.push(start);
        code.bytes.extend_from_slice(compiled.code_buffer());
    }
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

/// The parameters of an entry point and of the loader's function.
struct Signatures {
    entry: Signature,
    run: Signature,
}

/// x86-64 passes six integers in registers, of which the first is the hidden pointer.
const X86_64_REGISTERS: usize = 5;
/// The size of a `BridgeConfig` in words.
const CONFIG_WORDS: usize = 8;

fn signatures(target: Target) -> Signatures {
    let mut entry = Signature::new(CallConv::SystemV);
    entry
        .params
        .push(AbiParam::special(I64, ArgumentPurpose::StructReturn));
    let mut run = entry.clone();
    let word = AbiParam::new(I64);
    match target {
        // Both fill the registers, so that the configuration lies on the stack.
        Target::X86_64Linux => {
            let words = [word; X86_64_REGISTERS + CONFIG_WORDS];
            entry.params.extend(words);
            run.params.extend(words);
        }
        // The configuration's address; then also the shim's, and the index.
        Target::Aarch64Linux => {
            entry.params.push(word);
            run.params.extend([word; 3]);
        }
    }
    Signatures { entry, run }
}

/// The entry point of the macro with this index.
fn entry(target: Target, index: usize) -> Function {
    let Signatures { entry, run } = signatures(target);
    let mut func = Function::with_name_signature(UserFuncName::default(), entry.clone());
    let run_slot = symbol(&mut func, Slot::Run);
    let shim_slot = symbol(&mut func, Slot::Shim);
    let run = func.import_signature(run);
    let block = func.dfg.make_block();
    let given: Vec<_> = entry
        .params
        .iter()
        .map(|param| func.dfg.append_block_param(block, param.value_type))
        .collect();

    let mut cursor = FuncCursor::new(&mut func);
    cursor.insert_block(block);
    let address = cursor.ins().symbol_value(I64, run_slot);
    let shim = cursor.ins().symbol_value(I64, shim_slot);
    let index = cursor.ins().iconst(I64, index as i64);
    let passed = match target {
        // The registers after these two hold nothing, and are passed on as they are.
        Target::X86_64Linux => [&given[..1], &[shim, index], &given[3..]].concat(),
        Target::Aarch64Linux => [&given[..], &[shim, index]].concat(),
    };
    cursor.ins().call_indirect(run, address, &passed);
    // Cranelift returns the hidden pointer itself where the ABI wants it returned (x86-64).
    cursor.ins().return_(&[]);
    func
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
                slot: Slot::Run,
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
