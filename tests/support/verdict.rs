//! Holding the wasm artifacts against native macros.

use crate::cases::Case;
use crate::compile::{Compiled, Goal, Macros, compile};
use crate::diff::diff;
use crate::once::scratch;
use crate::oracle::Oracles;
use crate::workspace::Workspace;
use fs_err as fs;
use std::path::PathBuf;

/// Whether rustc should accept a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does.
    Success,
    /// It doesn't, and says why.
    Failure,
}

/// Compiles a case with native macros and with the wasm artifacts, and panics with the difference if
/// there is any: in the expanded source, in what reaches the user, or in the exit status.
///
/// Returns the recording of the expansions.
pub fn same(workspace: &Workspace, case: &Case, expect: Expect) -> PathBuf {
    same_in(workspace, case, expect, &[Goal::Expand, Goal::Check])
}

/// The same for the expansion alone, where checking it says nothing more and takes rustc minutes.
pub fn same_expansion(workspace: &Workspace, case: &Case) {
    same_in(workspace, case, Expect::Success, &[Goal::Expand]);
}

fn same_in(workspace: &Workspace, case: &Case, expect: Expect, goals: &[Goal]) -> PathBuf {
    let oracles = Oracles::for_case(workspace, case);
    let out = scratch()
        .join("cases")
        .join(workspace.root.file_name().expect("a name"));
    let out = out.join(case.slug());
    fs::create_dir_all(&out).expect("the scratch folder can be written to");
    let recording = out.join("recording");
    let _ = fs::remove_file(&recording);
    let mut differences = String::new();
    for &goal in goals {
        let oracles = match goal {
            Goal::Expand => oracles.clone().record(&recording),
            Goal::Check => oracles.clone(),
        };
        let native = compile(workspace, case, Macros::Native, goal, &out.join("native"));
        let wasm = compile(
            workspace,
            case,
            Macros::Wasm(&oracles),
            goal,
            &out.join("wasm"),
        );
        if goals.last() == Some(&goal) {
            let wanted = expect == Expect::Success;
            let stderr = String::from_utf8_lossy(&native.stderr);
            assert_eq!(
                native.succeeded(),
                wanted,
                "native rustc: {}\n{stderr}",
                native.status
            );
        }
        differences.push_str(&compare(goal, &native, &wasm));
    }
    assert!(
        differences.is_empty(),
        "{} differs (- native, + wasm)\n{differences}",
        case.path.display()
    );
    assert!(
        recording.exists(),
        "no macro of {} ran as wasm",
        case.path.display()
    );
    recording
}

/// Compiles a case with native rustc and with the WASI rustc, and panics with the difference if there
/// is any: in the expanded source, in what reaches the user, or in the exit status.
pub fn same_rustc(workspace: &Workspace, case: &Case, expect: Expect) {
    same_as_native(workspace, case, Macros::WasiRustc, expect);
}

/// The same for shims in native rustc.
pub fn same_shims(workspace: &Workspace, case: &Case, expect: Expect) {
    same_as_native(workspace, case, Macros::Shims, expect);
}

fn same_as_native(workspace: &Workspace, case: &Case, other: Macros<'_>, expect: Expect) {
    let out = scratch()
        .join(match other {
            Macros::Shims => "in-shims",
            _ => "wasi-rustc",
        })
        .join(workspace.root.file_name().expect("a name"))
        .join(case.slug());
    let mut differences = String::new();
    for goal in [Goal::Expand, Goal::Check] {
        // The same place, whose path is in what is written.
        let native = compile(workspace, case, Macros::Native, goal, &out);
        let other = compile(workspace, case, other, goal, &out);
        if goal == Goal::Check {
            let wanted = expect == Expect::Success;
            let stderr = String::from_utf8_lossy(&native.stderr);
            assert_eq!(native.succeeded(), wanted, "native rustc: {stderr}");
        }
        differences.push_str(&compare(goal, &native, &other));
    }
    assert!(
        differences.is_empty(),
        "{} differs (- native, + {other:?})\n{differences}",
        case.path.display()
    );
}

/// Expands a case with native macros and with the wasm artifacts, and panics unless both came to the
/// same lines in any order.
pub fn same_lines(workspace: &Workspace, case: &Case) {
    let oracles = Oracles::for_case(workspace, case);
    let out = scratch().join("cases/unordered").join(case.slug());
    let sorted = |macros, side| {
        let compiled = compile(workspace, case, macros, Goal::Expand, &out.join(side));
        let stderr = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.succeeded(), "{}: {stderr}", case.path.display());
        let expanded = compiled.expanded.expect("an expansion");
        let mut lines: Vec<&str> = expanded.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let (native, wasm) = (
        sorted(Macros::Native, "native"),
        sorted(Macros::Wasm(&oracles), "wasm"),
    );
    assert!(
        native == wasm,
        "{} differs\n{}",
        case.path.display(),
        diff(&native, &wasm)
    );
}

fn compare(goal: Goal, native: &Compiled, wasm: &Compiled) -> String {
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
