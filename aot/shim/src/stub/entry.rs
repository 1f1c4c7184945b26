//! The functions, as Cranelift's IR.
//!
//! * The entry points, one for each macro.
//! * `find` gives the loader's function; it opens the loader when the first macro is called, since a
//!   compiler loads every macro crate that a dependency names, and calls few.
//! * `missing` is what `find` gives where there is no loader: it has the loader's signature, and answers
//!   with a panic's message that says what to do, in the compiler's own buffer.

use super::abi::{self, Signatures};
use super::symbol;
use crate::image::{PANIC_TEXT, RUN_POINTER};
use crate::{Target, slot::Slot};
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, Signature, UserFuncName, Value,
};
use cranelift_codegen::isa::CallConv;

/// `RTLD_NOW`, of glibc and musl.
const RTLD_NOW: i64 = 2;

/// The entry point of the macro with this index.
pub(super) fn entry(target: Target, index: usize) -> Function {
    let Signatures { entry, run } = abi::signatures(target);
    let mut func = Function::with_name_signature(UserFuncName::default(), entry);
    let (first, given) = parameters(&mut func);
    let shim_slot = symbol(&mut func, Slot::Shim);
    let find_slot = symbol(&mut func, Slot::Find);
    let run = func.import_signature(run);
    let find = func.import_signature(words(1, true));
    let [known, unknown, call] = [(); 3].map(|()| func.dfg.make_block());
    let address = func.dfg.append_block_param(call, I64);

    let mut cursor = start(&mut func, first);
    let shim = cursor.ins().symbol_value(I64, shim_slot);
    let at = cursor.ins().iadd_imm_u(shim, RUN_POINTER as i64);
    let loaded = cursor.ins().atomic_load(I64, MemFlagsData::trusted(), at);
    cursor.ins().brif(loaded, known, &[], unknown, &[]);

    cursor.insert_block(known);
    cursor.ins().jump(call, &[BlockArg::Value(loaded)]);

    cursor.insert_block(unknown);
    let address_of_find = cursor.ins().symbol_value(I64, find_slot);
    let found = cursor.ins().call_indirect(find, address_of_find, &[shim]);
    let found = cursor.func.dfg.first_result(found);
    cursor.ins().jump(call, &[BlockArg::Value(found)]);

    cursor.insert_block(call);
    let index = cursor.ins().iconst(I64, index as i64);
    let passed = abi::pass(target, &given, shim, index);
    cursor.ins().call_indirect(run, address, &passed);
    // Cranelift returns the hidden pointer itself where the ABI wants it returned (x86-64).
    cursor.ins().return_(&[]);
    func
}

/// `fn find(shim: *const Shim) -> Run`.
pub(super) fn find() -> Function {
    let mut func = Function::with_name_signature(UserFuncName::default(), words(1, true));
    let (first, given) = parameters(&mut func);
    let shim = given[0];
    let slots = [
        Slot::Dlopen,
        Slot::Path,
        Slot::Dlsym,
        Slot::Name,
        Slot::Missing,
    ];
    let [dlopen, path, dlsym, name, missing] = slots.map(|slot| symbol(&mut func, slot));
    let two = func.import_signature(words(2, true));
    let [opened, found, not_found] = [(); 3].map(|()| func.dfg.make_block());

    let mut cursor = start(&mut func, first);
    let dlopen = cursor.ins().symbol_value(I64, dlopen);
    let path = cursor.ins().symbol_value(I64, path);
    let now = cursor.ins().iconst(I64, RTLD_NOW);
    let library = cursor.ins().call_indirect(two, dlopen, &[path, now]);
    let library = cursor.func.dfg.first_result(library);
    cursor.ins().brif(library, opened, &[], not_found, &[]);

    cursor.insert_block(opened);
    let dlsym = cursor.ins().symbol_value(I64, dlsym);
    let name = cursor.ins().symbol_value(I64, name);
    let run = cursor.ins().call_indirect(two, dlsym, &[library, name]);
    let run = cursor.func.dfg.first_result(run);
    cursor.ins().brif(run, found, &[], not_found, &[]);

    // Two threads may get here: both store the same.
    cursor.insert_block(found);
    let at = cursor.ins().iadd_imm_u(shim, RUN_POINTER as i64);
    cursor.ins().atomic_store(MemFlagsData::trusted(), run, at);
    cursor.ins().return_(&[run]);

    cursor.insert_block(not_found);
    let missing = cursor.ins().symbol_value(I64, missing);
    cursor.ins().return_(&[missing]);
    func
}

/// `fn missing(config: BridgeConfig, shim: *const Shim, index: usize) -> Buffer`. `message` is the length
/// of what lies in [`Slot::Message`].
pub(super) fn missing(target: Target, message: usize) -> Function {
    let Signatures { run, .. } = abi::signatures(target);
    let mut func = Function::with_name_signature(UserFuncName::default(), run);
    let (first, given) = parameters(&mut func);
    let slots = [Slot::Dlerror, Slot::Strlen, Slot::Memcpy, Slot::Message];
    let [dlerror, strlen, memcpy, text] = slots.map(|slot| symbol(&mut func, slot));
    let [none, one, three] = [0, 1, 3].map(|count| func.import_signature(words(count, true)));
    let [measure, measured, grow, write] = [(); 4].map(|()| func.dfg.make_block());
    let reason_len = func.dfg.append_block_param(measured, I64);
    let data = func.dfg.append_block_param(write, I64);
    let capacity = func.dfg.append_block_param(write, I64);
    let reserve = func.dfg.append_block_param(write, I64);
    let drop = func.dfg.append_block_param(write, I64);

    // The system's reason, if it has one.
    let mut cursor = start(&mut func, first);
    let answer = given[0];
    let input = abi::input(target, &mut cursor, &given);
    let zero = cursor.ins().iconst(I64, 0);
    let dlerror = cursor.ins().symbol_value(I64, dlerror);
    let reason = cursor.ins().call_indirect(none, dlerror, &[]);
    let reason = cursor.func.dfg.first_result(reason);
    let no_reason = [BlockArg::Value(zero)];
    cursor
        .ins()
        .brif(reason, measure, &[], measured, &no_reason);
    cursor.insert_block(measure);
    let strlen = cursor.ins().symbol_value(I64, strlen);
    let len = cursor.ins().call_indirect(one, strlen, &[reason]);
    let len = cursor.func.dfg.first_result(len);
    cursor.ins().jump(measured, &[BlockArg::Value(len)]);

    // Room for it.
    cursor.insert_block(measured);
    let [old_data, _, old_capacity, old_reserve, old_drop] = input;
    let len = cursor.ins().iadd_imm_u(reason_len, message as i64);
    let has_room = cursor
        .ins()
        .icmp(IntCC::UnsignedGreaterThanOrEqual, old_capacity, len);
    let old = [old_data, old_capacity, old_reserve, old_drop].map(BlockArg::Value);
    cursor.ins().brif(has_room, write, &old, grow, &[]);
    cursor.insert_block(grow);
    let empty = [old_data, zero, old_capacity, old_reserve, old_drop];
    abi::reserve(target, &mut cursor, answer, empty, len);
    let new = [0, 2, 3, 4].map(|word| BlockArg::Value(abi::word(&mut cursor, answer, word)));
    cursor.ins().jump(write, &new);

    // `Err(PanicMessage::String(text))`, whose length stands before the text.
    cursor.insert_block(write);
    let memcpy = cursor.ins().symbol_value(I64, memcpy);
    let text = cursor.ins().symbol_value(I64, text);
    let text_len = cursor.ins().iconst(I64, message as i64);
    cursor
        .ins()
        .call_indirect(three, memcpy, &[data, text, text_len]);
    let end = cursor.ins().iadd_imm_u(data, message as i64);
    cursor
        .ins()
        .call_indirect(three, memcpy, &[end, reason, reason_len]);
    let string_len = cursor.ins().iadd_imm_s(len, -(PANIC_TEXT as i64));
    let flags = MemFlagsData::new();
    let at = (PANIC_TEXT - size_of::<u64>()) as i32;
    cursor.ins().store(flags, string_len, data, at);
    for (word, value) in [data, len, capacity, reserve, drop].into_iter().enumerate() {
        abi::put_word(&mut cursor, answer, word, value);
    }
    cursor.ins().return_(&[]);
    func
}

/// A signature of words.
fn words(parameters: usize, returns: bool) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params = vec![AbiParam::new(I64); parameters];
    signature
        .returns
        .extend(returns.then_some(AbiParam::new(I64)));
    signature
}

/// Makes a function's first block, and gives the function's parameters.
fn parameters(func: &mut Function) -> (Block, Vec<Value>) {
    let block = func.dfg.make_block();
    let params = func.signature.params.clone();
    let append = |param: &AbiParam| func.dfg.append_block_param(block, param.value_type);
    (block, params.iter().map(append).collect())
}

fn start(func: &mut Function, block: Block) -> FuncCursor<'_> {
    let mut cursor = FuncCursor::new(func);
    cursor.insert_block(block);
    cursor
}
