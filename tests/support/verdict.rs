//! Holding the wasm artifacts against native macros.

use crate::cases::Case;
use crate::compile::{Compiled, Goal, Macros, compile};
use crate::diff::diff;
use crate::once::scratch;
use crate::workspace::Workspace;
use std::path::PathBuf;

/// Whether rustc should accept a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does.
    Success,
    /// It doesn't, and says why.
    Failure,
}

/// Compiles a case with native macros and with the wasm artifacts in their place, and panics with the
/// difference if there is any: in the expanded source, in what reaches the user, or in the exit status.
pub fn same(workspace: &Workspace, case: &Case, macros: Macros, expect: Expect) {
    let goals = [Goal::Expand, Goal::Check];
    same_in(workspace, case, macros, expect, &goals);
}

/// The same for the expansion alone, where checking it says nothing more and takes rustc minutes.
pub fn same_expansion(workspace: &Workspace, case: &Case, macros: Macros) {
    same_in(workspace, case, macros, Expect::Success, &[Goal::Expand]);
}

fn same_in(workspace: &Workspace, case: &Case, macros: Macros, expect: Expect, goals: &[Goal]) {
    let out = out(workspace, case, macros);
    let mut differences = String::new();
    for &goal in goals {
        // The same place, whose path is in what is written.
        let native = compile(workspace, case, Macros::Native, goal, &out);
        let other = compile(workspace, case, macros, goal, &out);
        if goals.last() == Some(&goal) {
            let wanted = expect == Expect::Success;
            let stderr = String::from_utf8_lossy(&native.stderr);
            assert_eq!(native.succeeded(), wanted, "native rustc: {stderr}");
        }
        differences.push_str(&compare(goal, &native, &other));
    }
    assert!(
        differences.is_empty(),
        "{} differs (- native, + {macros:?})\n{differences}",
        case.path.display()
    );
}

/// Expands a case with native macros and with the wasm artifacts, and panics unless both came to the
/// same lines in any order.
pub fn same_lines(workspace: &Workspace, case: &Case, macros: Macros) {
    let out = out(workspace, case, macros);
    let sorted = |macros| {
        let compiled = compile(workspace, case, macros, Goal::Expand, &out);
        let stderr = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.succeeded(), "{}: {stderr}", case.path.display());
        let expanded = compiled.expanded.expect("an expansion");
        let mut lines: Vec<&str> = expanded.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let (native, wasm) = (sorted(Macros::Native), sorted(macros));
    assert!(
        native == wasm,
        "{} differs\n{}",
        case.path.display(),
        diff(&native, &wasm)
    );
}

/// Where the files of a comparison go.
fn out(workspace: &Workspace, case: &Case, macros: Macros) -> PathBuf {
    scratch()
        .join(format!("{macros:?}"))
        .join(workspace.root.file_name().expect("a name"))
        .join(case.slug())
}

/// What differs.
pub fn compare(goal: Goal, native: &Compiled, wasm: &Compiled) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let expanded = |side: &Compiled| side.expanded.clone().unwrap_or_else(|| "(none)".into());
    let parts = [
        ("exit status", native.status.clone(), wasm.status.clone()),
        ("stdout", text(&native.stdout), text(&wasm.stdout)),
        ("stderr", text(&native.stderr), text(&wasm.stderr)),
        ("expansion", expanded(native), expanded(wasm)),
    ];
    let mut out = String::new();
    for (part, native, wasm) in parts {
        if native != wasm {
            out.push_str(&format!("--- {part} ({goal:?})\n{}", diff(&native, &wasm)));
        }
    }
    out
}
