//! rustc's arguments for wasm units, and what they link besides the libc.

use std::path::Path;

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

/// Sources of what every module is linked with, beside the libc.
pub(crate) const SOURCES: [&str; 2] = [TAG, GAPS];
const TAG: &str = include_str!("../runtime/tag.rs");
const GAPS: &str = include_str!("../runtime/gaps.rs");

/// The files made of them, in a toolchain's folder: an object, which is always linked, and an
/// archive, of which what is asked for is.
const TAG_OBJECT: &str = "tag.o";
const GAPS_ARCHIVE: &str = "libgaps.rlib";

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
    let mut arguments = vec![
        format!("-Clinker={}", text(&inputs.linker)?),
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
    ];
    if inputs.panic == PanicStrategy::Unwind {
        arguments.push(format!("-Clink-arg={}", text(&folder.join(TAG_OBJECT))?));
    }
    arguments.push(format!("-Clink-arg={}", text(&folder.join(GAPS_ARCHIVE))?));
    arguments.push(initial_heap());
    arguments.extend(EXPORTS.map(|name| format!("-Clink-arg=--export={name}")));
    Ok(arguments)
}

/// Compiles [`SOURCES`] into the toolchain's folder; its sysroot must be there.
pub(crate) fn compile_runtime(toolchain: &Toolchain, folder: &Path) -> Result<(), SetupError> {
    let emitted = [
        ("tag", TAG, format!("--emit=obj={TAG_OBJECT}")),
        ("gaps", GAPS, format!("--emit=link={GAPS_ARCHIVE}")),
    ];
    for (name, source, emit) in emitted {
        let file = format!("{name}.rs");
        fs_err::write(folder.join(&file), source)?;
        let mut rustc = toolchain.unstable_command(&toolchain.rustc);
        rustc.current_dir(folder).args(&toolchain.wasm_args);
        rustc.args(["--crate-name", name, "--crate-type=lib", "--edition=2024"]);
        rustc.args(["-Copt-level=3", "-Ccodegen-units=1"]);
        // In a working directory of any name, without a path: the same bytes everywhere.
        rustc.arg(emit).arg(&file);
        command::output(&mut rustc, |detail| SetupError::Library { detail })?;
        fs_err::remove_file(folder.join(&file))?;
    }
    Ok(())
}

/// A path as part of an argument.
pub(crate) fn text(path: &Path) -> Result<&str, SetupError> {
    path.to_str().ok_or_else(|| SetupError::NotUtf8 {
        path: path.to_owned(),
    })
}
