//! The target specification: rustc's own for wasm32-wasip1, with proc macros allowed.

use serde_json::{Value, json};

use crate::exceptions::Exceptions;
use crate::{PanicStrategy, SetupError};

/// The target's name. It goes into crate metadata as the stem of the specification's file name.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The stack that a macro has in linear memory: as much as rustc gives the thread that runs
/// native macros. It is address space; an instance pays for the pages that it touches.
const STACK: u64 = 8 << 20;

/// Changes the built-in specification, the text that `--print target-spec-json` prints.
///
/// Only what must differ is touched: keys and their types belong to the rustc that printed it.
pub(crate) fn adapt(
    builtin: &str,
    panic: PanicStrategy,
    exceptions: Exceptions,
) -> Result<String, SetupError> {
    let malformed = |detail: String| SetupError::Sources {
        path: format!("{TARGET}.json").into(),
        detail,
    };
    let mut spec: Value =
        serde_json::from_str(builtin).map_err(|error| malformed(error.to_string()))?;
    let spec_object = spec
        .as_object_mut()
        .ok_or_else(|| malformed("no object".into()))?;

    // The built-in target allows no crate type but cdylib.
    spec_object.insert("only-cdylib".into(), json!(false));
    spec_object.insert("panic-strategy".into(), json!(panic.as_str()));
    if panic == PanicStrategy::Unwind {
        // Here rather than as `-Ctarget-feature` and `-Cllvm-args`, so that no unit can miss them
        // and nothing warns of an unstable feature. wasmtime runs the final exceptions only.
        append(
            spec_object.entry("features").or_insert(json!("")),
            "+exception-handling",
        );
        if let Some(argument) = exceptions.llvm_argument() {
            let arguments = spec_object.entry("llvm-args").or_insert(json!([]));
            let arguments = arguments
                .as_array_mut()
                .ok_or_else(|| malformed("`llvm-args` is not a list".into()))?;
            // Later versions of rustc have it, and LLVM refuses an option that is given twice.
            arguments.retain(|argument| !is_about_legacy(argument));
            arguments.push(json!(argument));
        }
    }
    enlarge_stack(
        spec_object
            .get_mut("pre-link-args")
            .unwrap_or(&mut Value::Null),
    );
    let text = serde_json::to_string_pretty(&spec).map_err(|error| malformed(error.to_string()))?;
    Ok(text + "\n")
}

/// Returns true if an LLVM argument chooses between the two forms of exceptions.
fn is_about_legacy(argument: &Value) -> bool {
    let argument = argument.as_str().unwrap_or_default();
    argument.trim_start_matches('-').split('=').next() == Some("wasm-use-legacy-eh")
}

/// Adds to a comma-separated list.
fn append(list: &mut Value, item: &str) {
    let old = list.as_str().unwrap_or_default();
    let comma = if old.is_empty() { "" } else { "," };
    *list = json!(format!("{old}{comma}{item}"));
}

/// Sets the stack's size wherever the linker's arguments name it.
fn enlarge_stack(pre_link_args: &mut Value) {
    match pre_link_args {
        Value::String(argument) => {
            if let Some((before, _)) = argument.split_once("stack-size=") {
                *argument = format!("{before}stack-size={STACK}");
            }
        }
        Value::Array(arguments) => arguments.iter_mut().for_each(enlarge_stack),
        Value::Object(flavours) => flavours.values_mut().for_each(enlarge_stack),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LEGACY: &str = "-wasm-use-legacy-eh=false";

    const BUILTIN: &str = r#"{ "arch": "wasm32", "only-cdylib": true, "pre-link-args": {
        "wasm-lld": ["-z", "stack-size=1048576", "--stack-first"],
        "wasm-lld-cc": ["-Wl,-z", "-Wl,stack-size=1048576"] } }"#;

    fn adapted(builtin: &str, panic: PanicStrategy) -> Value {
        serde_json::from_str(&adapt(builtin, panic, Exceptions::WithoutTag).unwrap()).unwrap()
    }

    #[test]
    fn allows_proc_macros_and_unwinding() {
        let spec = adapted(BUILTIN, PanicStrategy::Unwind);
        assert_eq!(spec["arch"], "wasm32");
        assert_eq!(spec["only-cdylib"], false);
        assert_eq!(spec["panic-strategy"], "unwind");
        assert_eq!(spec["features"], "+exception-handling");
        assert_eq!(spec["llvm-args"], json!([NO_LEGACY]));
        assert_eq!(spec["pre-link-args"]["wasm-lld"][1], "stack-size=8388608");
        assert_eq!(
            spec["pre-link-args"]["wasm-lld-cc"][1],
            "-Wl,stack-size=8388608"
        );
    }

    #[test]
    fn keeps_what_is_there() {
        let builtin = r#"{ "features": "+bulk-memory", "llvm-args": ["-a"],
            "target-pointer-width": "32" }"#;
        let spec = adapted(builtin, PanicStrategy::Unwind);
        assert_eq!(spec["features"], "+bulk-memory,+exception-handling");
        assert_eq!(spec["llvm-args"], json!(["-a", NO_LEGACY]));
        // A number for later versions, and then it stays one.
        assert_eq!(spec["target-pointer-width"], "32");
        let spec = adapted(builtin, PanicStrategy::Abort);
        assert_eq!(spec["features"], "+bulk-memory");
        assert_eq!(spec["llvm-args"], json!(["-a"]));
        assert_eq!(spec["panic-strategy"], "abort");
    }

    #[test]
    fn the_form_of_exceptions_is_chosen_once() {
        for there in [
            "-wasm-use-legacy-eh=false",
            "--wasm-use-legacy-eh=false",
            "-wasm-use-legacy-eh",
        ] {
            let builtin = json!({ "llvm-args": [there, "-a"] }).to_string();
            let spec = adapted(&builtin, PanicStrategy::Unwind);
            assert_eq!(spec["llvm-args"], json!(["-a", NO_LEGACY]), "{there}");
        }
    }

    #[test]
    fn an_older_llvm_is_given_no_option_that_it_does_not_know() {
        let spec = adapt(BUILTIN, PanicStrategy::Unwind, Exceptions::Legacy).unwrap();
        let spec: Value = serde_json::from_str(&spec).unwrap();
        assert_eq!(spec["features"], "+exception-handling");
        assert_eq!(spec.get("llvm-args"), None);
    }

    #[test]
    fn refuses_what_is_no_specification() {
        let unwind = PanicStrategy::Unwind;
        for text in ["[]", "error: no such target", r#"{ "llvm-args": "-a" }"#] {
            assert!(
                adapt(text, unwind, Exceptions::WithoutTag).is_err(),
                "{text}"
            );
        }
    }
}
