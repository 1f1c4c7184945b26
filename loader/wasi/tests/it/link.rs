//! Linking, and what is known about imports before it.

use pm_wasi::{Exit, Grants, is_known_import};
use wasmtime::{Engine, FuncType, ValType};

use crate::guest::{FUNCTIONS, Guest, module};

fn ty(params: &str, results: usize) -> FuncType {
    let number = |c| if c == 'l' { ValType::I64 } else { ValType::I32 };
    FuncType::new(
        &Engine::default(),
        params.chars().map(number),
        vec![ValType::I32; results],
    )
}

#[test]
fn every_function_is_known_and_links() {
    for import in module().imports() {
        let ty = import.ty();
        assert!(
            is_known_import(import.module(), import.name(), ty.unwrap_func()),
            "{import:?}"
        );
    }
    assert_eq!(module().imports().len(), FUNCTIONS.len() + 1);
    Guest::new(Grants::default());
}

#[test]
fn other_imports_are_not_known() {
    let cases = [
        ("env", "fd_close", ty("i", 1)),
        ("wasi_unstable", "fd_close", ty("i", 1)),
        ("wasi_snapshot_preview1", "fd_closed", ty("i", 1)),
        ("wasi_snapshot_preview1", "fd_close", ty("l", 1)),
        ("wasi_snapshot_preview1", "fd_close", ty("ii", 1)),
        ("wasi_snapshot_preview1", "fd_close", ty("i", 0)),
        ("wasi_snapshot_preview1", "proc_exit", ty("i", 1)),
    ];
    for (module, name, ty) in cases {
        assert!(!is_known_import(module, name, &ty), "{module}::{name} {ty}");
    }
}

#[test]
fn exit_is_a_typed_trap() {
    let error = Guest::new(Grants::default()).exit(7);
    assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(7)));
    assert_eq!(
        error.root_cause().to_string(),
        "the macro ended its process with exit status 7"
    );
}
