//! The target specification: rustc's own for wasm32-wasip1, with proc macros allowed.

use serde_json::{Value, json};

use crate::{PanicStrategy, SetupError};

/// The target's name. It goes into crate metadata as the stem of the specification's file name.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The stack that a macro has in linear memory: as much as rustc gives the thread that runs
/// native macros. It is address space; an instance pays for the pages that it touches.
const STACK: u64 = 8 << 20;

/// Changes the built-in specification, the text that `--print target-spec-json` prints.
pub(crate) fn adapt(builtin: &str, panic: PanicStrategy) -> Result<String, SetupError> {
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
        let arguments = spec_object.entry("llvm-args").or_insert(json!([]));
        if let Some(arguments) = arguments.as_array_mut() {
            arguments.push(json!("-wasm-use-legacy-eh=false"));
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

    const BUILTIN: &str = r#"{ "arch": "wasm32", "only-cdylib": true, "pre-link-args": {
        "wasm-lld": ["-z", "stack-size=1048576", "--stack-first"],
        "wasm-lld-cc": ["-Wl,-z", "-Wl,stack-size=1048576"] } }"#;

    fn adapted(builtin: &str, panic: PanicStrategy) -> Value {
        serde_json::from_str(&adapt(builtin, panic).unwrap()).unwrap()
    }

    #[test]
    fn allows_proc_macros_and_unwinding() {
        let spec = adapted(BUILTIN, PanicStrategy::Unwind);
        assert_eq!(spec["arch"], "wasm32");
        assert_eq!(spec["only-cdylib"], false);
        assert_eq!(spec["panic-strategy"], "unwind");
        assert_eq!(spec["features"], "+exception-handling");
        assert_eq!(spec["llvm-args"], json!(["-wasm-use-legacy-eh=false"]));
        assert_eq!(spec["pre-link-args"]["wasm-lld"][1], "stack-size=8388608");
        assert_eq!(
            spec["pre-link-args"]["wasm-lld-cc"][1],
            "-Wl,stack-size=8388608"
        );
    }

    #[test]
    fn keeps_what_is_there() {
        let builtin = r#"{ "features": "+bulk-memory", "llvm-args": ["-a"] }"#;
        let spec = adapted(builtin, PanicStrategy::Unwind);
        assert_eq!(spec["features"], "+bulk-memory,+exception-handling");
        assert_eq!(
            spec["llvm-args"],
            json!(["-a", "-wasm-use-legacy-eh=false"])
        );
        let spec = adapted(builtin, PanicStrategy::Abort);
        assert_eq!(spec["features"], "+bulk-memory");
        assert_eq!(spec["panic-strategy"], "abort");
    }

    #[test]
    fn refuses_what_is_no_specification() {
        assert!(adapt("[]", PanicStrategy::Abort).is_err());
        assert!(adapt("error: no such target", PanicStrategy::Abort).is_err());
    }
}
