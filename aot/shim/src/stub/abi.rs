//! rustc's structs, by value, as the C ABI of each platform passes them.
//!
//! * A `Buffer` is returned through a pointer in a register that Cranelift calls `StructReturn`, on
//!   both.
//! * x86-64 (System V psABI 3.2.3): `BridgeConfig` and `Buffer`, of class MEMORY, lie on the stack. That
//!   is how integers are passed when there are no registers left for them.
//! * aarch64 (AAPCS64 6.8.2, B.4): the caller has made a copy and passes its address like any other
//!   argument.

use crate::Target;
use cranelift_codegen::cursor::FuncCursor;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, InstBuilder, MemFlagsData, Signature, StackSlotData, StackSlotKind,
    Value,
};
use cranelift_codegen::isa::CallConv;

/// x86-64 passes six integers in registers, of which the first is the hidden pointer.
const X86_64_REGISTERS: usize = 5;
/// The size of a `BridgeConfig` in words; the first five are the input's `Buffer`.
const CONFIG_WORDS: usize = 8;
/// The size of a `Buffer` in words: data, length, capacity, `reserve`, `drop`.
const BUFFER_WORDS: usize = 5;
/// The place of `reserve` among them.
const RESERVE: usize = 3;

/// The parameters of an entry point and of the loader's function.
pub(super) struct Signatures {
    pub(super) entry: Signature,
    pub(super) run: Signature,
}

pub(super) fn signatures(target: Target) -> Signatures {
    let mut entry = returns_buffer();
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

/// A function whose only parameter, so far, is where its `Buffer` goes.
fn returns_buffer() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    let answer = AbiParam::special(I64, ArgumentPurpose::StructReturn);
    signature.params.push(answer);
    signature
}

/// What the loader's function gets of what an entry point was given.
pub(super) fn pass(target: Target, given: &[Value], shim: Value, index: Value) -> Vec<Value> {
    match target {
        // The registers after these two hold nothing, and are passed on as they are.
        Target::X86_64Linux => [&given[..1], &[shim, index], &given[3..]].concat(),
        Target::Aarch64Linux => [given, &[shim, index]].concat(),
    }
}

/// The words of the input's buffer, of what the loader's function is given.
pub(super) fn input(
    target: Target,
    cursor: &mut FuncCursor<'_>,
    given: &[Value],
) -> [Value; BUFFER_WORDS] {
    std::array::from_fn(|index| match target {
        Target::X86_64Linux => given[1 + X86_64_REGISTERS + index],
        Target::Aarch64Linux => word(cursor, given[1], index),
    })
}

/// Calls the buffer's own `reserve`: the new buffer goes where `answer` points.
pub(super) fn reserve(
    target: Target,
    cursor: &mut FuncCursor<'_>,
    answer: Value,
    buffer: [Value; BUFFER_WORDS],
    additional: Value,
) {
    let mut signature = returns_buffer();
    let passed = match target {
        Target::X86_64Linux => {
            // Registers that hold nothing, so that the buffer lies on the stack.
            let rest = [additional; X86_64_REGISTERS - 1];
            [&[answer, additional], &rest[..], &buffer].concat()
        }
        Target::Aarch64Linux => {
            let size = (8 * BUFFER_WORDS) as u32;
            let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
            let slot = cursor.func.create_sized_stack_slot(slot);
            let copy = cursor.ins().stack_addr(I64, slot, 0);
            for (index, value) in buffer.into_iter().enumerate() {
                put_word(cursor, copy, index, value);
            }
            vec![answer, copy, additional]
        }
    };
    let words = passed.len() - signature.params.len();
    signature
        .params
        .extend(std::iter::repeat_n(AbiParam::new(I64), words));
    let signature = cursor.func.import_signature(signature);
    cursor
        .ins()
        .call_indirect(signature, buffer[RESERVE], &passed);
}

/// Reads a word of a struct.
pub(super) fn word(cursor: &mut FuncCursor<'_>, at: Value, index: usize) -> Value {
    let flags = MemFlagsData::trusted();
    cursor.ins().load(I64, flags, at, 8 * index as i32)
}

/// Writes one.
pub(super) fn put_word(cursor: &mut FuncCursor<'_>, at: Value, index: usize, value: Value) {
    let flags = MemFlagsData::trusted();
    cursor.ins().store(flags, value, at, 8 * index as i32);
}
