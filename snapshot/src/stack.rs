//! Zeroes the dead shadow stack, so that start-up's leftovers are not part of the snapshot: it gets
//! smaller, and doesn't depend on what was computed on the way.

use crate::run::Started;
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload};

/// Zeroes what lies below the stack pointer, where that is stack and nothing else.
///
/// With `--stack-first` (rustc's default for this target) the stack lies at the bottom of memory, so
/// that everything below the initial stack pointer is dead when nothing runs. With another layout,
/// statics lie there and nothing is zeroed.
pub(crate) fn zero(wasm: &[u8], started: &mut Started) {
    if let Some(top) = stack_first(wasm)
        && let Some(stack) = started.memory_mut().get_mut(..top as usize)
    {
        stack.fill(0);
    }
}

/// The initial stack pointer of a module that has its stack first and exports `__stack_pointer`.
fn stack_first(wasm: &[u8]) -> Option<u32> {
    let mut pointer = None;
    let mut globals = Vec::new();
    let mut lowest_data = u32::MAX;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.ok()? {
            Payload::GlobalSection(section) => {
                for global in section {
                    globals.push(constant(&global.ok()?.init_expr));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    if export.name == "__stack_pointer" && export.kind == ExternalKind::Global {
                        pointer = Some(export.index);
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    if let DataKind::Active { offset_expr, .. } = segment.ok()?.kind {
                        lowest_data = lowest_data.min(constant(&offset_expr)?);
                    }
                }
            }
            _ => {}
        }
    }
    let top = (*globals.get(pointer? as usize)?)?;
    (top <= lowest_data).then_some(top)
}

fn constant(expr: &wasmparser::ConstExpr<'_>) -> Option<u32> {
    match expr.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value.cast_unsigned()),
        _ => None,
    }
}
