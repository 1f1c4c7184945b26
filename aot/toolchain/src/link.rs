//! rustc's arguments for wasm units, and what they link besides the libc.

use std::path::{Path, PathBuf};

use crate::exceptions::Exceptions;
use crate::inputs::Inputs;
use crate::toolchain::PanicStrategy;
use crate::{SetupError, Toolchain, command};

/// What a macro exports besides its declarations: its constructors, its allocator (the host starts
/// it before the snapshot and gets its buffers from it) and the stack, whose dead part the
/// snapshot clears.
pub(crate) const EXPORTS: [&str; 4] = ["_initialize", "malloc", "free", "__stack_pointer"];

/// Memory that a macro has from the start, in bytes, besides its stack and its statics: most expansions need
/// no more, and to grow is a system call, as is to take it back for the next instance.
const INITIAL_HEAP: u32 = 256 << 10;

/// The linker's argument for it.
pub(crate) fn initial_heap() -> String {
    format!("-Clink-arg=--initial-heap={INITIAL_HEAP}")
}

/// Sources of what modules are linked with, beside the libc: all that a toolchain uses.
pub(crate) fn sources(panic: PanicStrategy, exceptions: Exceptions) -> Vec<&'static str> {
    let more: &[&str] = match (panic, exceptions) {
        (PanicStrategy::Unwind, Exceptions::WithoutTag) => &[TAG],
        (PanicStrategy::Unwind, Exceptions::Legacy) => &[LINKER, TRANSLATION],
        _ => &[],
    };
    [&[GAPS], more].concat()
}

const TAG: &str = include_str!("../runtime/tag.rs");
const GAPS: &str = include_str!("../runtime/gaps.rs");
const LINKER: &str = include_str!("../runtime/linker.rs");
const TRANSLATION: &str = include_str!("../runtime/exceptions.rs");

/// The source of a macro crate that shows whether macros can be linked.
const PROBE: &str = include_str!("../runtime/probe.rs");

/// The files made of them, in a toolchain's folder: an object, which is always linked, an
/// archive, of which what is asked for is, and a native program. Its name tells rustc which kind of
/// linker it is.
const TAG_OBJECT: &str = "tag.o";
const GAPS_ARCHIVE: &str = "libgaps.rlib";
const TRANSLATING_LINKER: &str = "wasm-ld";

/// Arguments of every unit that is compiled for wasm.
pub(crate) fn wasm_args(spec: &Path, sysroot: &Path) -> Result<Vec<String>, SetupError> {
    Ok(vec![
        "--target".into(),
        text(spec)?.into(),
        "--sysroot".into(),
        text(sysroot)?.into(),
        "-Zunstable-options".into(),
    ])
}

/// Arguments of a unit that is linked.
pub(crate) fn link_args(inputs: &Inputs, folder: &Path) -> Result<Vec<String>, SetupError> {
    let libc = text(&inputs.libc)?;
    let exceptions = (inputs.panic == PanicStrategy::Unwind).then_some(inputs.exceptions);
    let linker = text(&inputs.linker)?;
    let mut arguments = match exceptions {
        Some(Exceptions::Legacy) => vec![
            format!("-Clinker={}", text(&folder.join(TRANSLATING_LINKER))?),
            format!("-Clink-arg=--pm-aot-linker={linker}"),
        ],
        _ => vec![format!("-Clinker={linker}")],
    };
    arguments.extend([
        // The toolchain may ship no libc, and then rustc would look for one in the wasm sysroot.
        "-Clink-self-contained=no".into(),
        format!("-Lnative={libc}"),
        format!("-Clink-arg={libc}/crt1-reactor.o"),
        // rustc exports a symbol for the crate's metadata, which wasm has as a custom section
        // only: as an error that would end every link. A function that is really missing becomes
        // an import by its name, which the snapshot refuses; a missing static is still an error.
        "-Clink-arg=--unresolved-symbols=import-dynamic".into(),
        // Names and debug information: no consumer, and a quarter of the module.
        "-Cstrip=symbols".into(),
    ]);
    if exceptions == Some(Exceptions::WithoutTag) {
        arguments.push(format!("-Clink-arg={}", text(&folder.join(TAG_OBJECT))?));
    }
    arguments.push(format!("-Clink-arg={}", text(&folder.join(GAPS_ARCHIVE))?));
    arguments.push(initial_heap());
    arguments.extend(EXPORTS.map(|name| format!("-Clink-arg=--export={name}")));
    Ok(arguments)
}

/// Compiles [`sources`] into a toolchain's folder; its sysroot must be there.
pub(crate) fn compile_runtime(
    inputs: &Inputs,
    toolchain: &Toolchain,
    folder: &Path,
) -> Result<(), SetupError> {
    // In a working directory of any name, without a path: the same bytes everywhere.
    let compile = |name: &str, source: &str, arguments: &[&str]| {
        let file = format!("{name}.rs");
        fs_err::write(folder.join(&file), source)?;
        let mut rustc = toolchain.unstable_command(&toolchain.rustc);
        rustc.current_dir(folder).args(arguments);
        rustc.args(["--crate-name", name, "--edition=2024"]);
        rustc
            .args(["-Copt-level=3", "-Ccodegen-units=1"])
            .arg(&file);
        command::output(&mut rustc, |detail| SetupError::Runtime {
            name: file.clone(),
            detail,
        })?;
        Ok::<(), SetupError>(fs_err::remove_file(folder.join(&file))?)
    };
    let for_wasm = |emit: &str| {
        let mut arguments = toolchain.wasm_args.clone();
        arguments.extend(["--crate-type=lib".into(), format!("--emit={emit}")]);
        arguments
    };
    let compile_for_wasm = |name, source, emit: &str| {
        let arguments = for_wasm(emit);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        compile(name, source, &arguments)
    };
    compile_for_wasm("gaps", GAPS, &format!("link={GAPS_ARCHIVE}"))?;
    if inputs.panic != PanicStrategy::Unwind {
        return Ok(());
    }
    match inputs.exceptions {
        Exceptions::WithoutTag => compile_for_wasm("tag", TAG, &format!("obj={TAG_OBJECT}")),
        Exceptions::WithTag => Ok(()),
        Exceptions::Legacy => {
            let module = folder.join("exceptions.rs");
            fs_err::write(&module, TRANSLATION)?;
            let emit = format!("--emit=link={TRANSLATING_LINKER}");
            compile("linker", LINKER, &["--crate-type=bin", &emit])?;
            Ok(fs_err::remove_file(module)?)
        }
    }
}

/// Links a macro crate, in a folder that is thrown away: a linker may not understand what rustc
/// compiles.
pub(crate) fn try_out(
    inputs: &Inputs,
    toolchain: &Toolchain,
    folder: &Path,
) -> Result<PathBuf, SetupError> {
    let module = folder.join("probe.wasm");
    fs_err::write(folder.join("probe.rs"), PROBE)?;
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.current_dir(folder).args(&toolchain.wasm_args);
    rustc.args([
        "--crate-name=probe",
        "--crate-type=proc-macro",
        "--edition=2024",
    ]);
    rustc.args(["--extern=proc_macro", "-Copt-level=1", "-Ccodegen-units=1"]);
    rustc.args(&toolchain.link_args);
    rustc.arg("--emit=link=probe.wasm").arg("probe.rs");
    command::output(&mut rustc, |detail| SetupError::Linker {
        linker: inputs.linker.clone(),
        llvm: inputs.rustc.version.llvm,
        detail,
    })?;
    Ok(module)
}

/// A path as part of an argument.
pub(crate) fn text(path: &Path) -> Result<&str, SetupError> {
    path.to_str().ok_or_else(|| SetupError::NotUtf8 {
        path: path.to_owned(),
    })
}
