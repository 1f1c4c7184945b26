//! rustc's arguments for wasm units, and the one object that they link besides the libc.

use std::path::Path;

use crate::inputs::Inputs;
use crate::toolchain::PanicStrategy;
use crate::{SetupError, Toolchain, command};

/// What a macro exports besides its declarations: its constructors, its allocator (the host starts
/// it before the snapshot and gets its buffers from it) and the stack, whose dead part the
/// snapshot clears.
pub(crate) const EXPORTS: [&str; 4] = ["_initialize", "malloc", "free", "__stack_pointer"];

/// Defines the tag that all exceptions of unwinding code carry. Clang's runtime would bring it;
/// Rust's has none for this target.
const TAG: &str = "#![no_std]\n#![feature(asm_experimental_arch)]\ncore::arch::global_asm!(\
    \".globl __cpp_exception\", \".tagtype __cpp_exception i32\", \"__cpp_exception:\");\n";

/// The file of the tag in a toolchain's folder.
const TAG_OBJECT: &str = "tag.o";

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
    arguments.extend(EXPORTS.map(|name| format!("-Clink-arg=--export={name}")));
    Ok(arguments)
}

/// Compiles the tag's object into the toolchain's folder; its sysroot must be there.
pub(crate) fn compile_tag(toolchain: &Toolchain, folder: &Path) -> Result<(), SetupError> {
    fs_err::write(folder.join("tag.rs"), TAG)?;
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.current_dir(folder).args(&toolchain.wasm_args);
    rustc.args([
        "--crate-name=tag",
        "--crate-type=lib",
        "--edition=2024",
        "-Copt-level=3",
    ]);
    // In a working directory of any name, without a path: the same object everywhere.
    rustc.arg(format!("--emit=obj={TAG_OBJECT}")).arg("tag.rs");
    command::output(&mut rustc, |detail| SetupError::Library { detail })?;
    Ok(fs_err::remove_file(folder.join("tag.rs"))?)
}

/// A path as part of an argument.
pub(crate) fn text(path: &Path) -> Result<&str, SetupError> {
    path.to_str().ok_or_else(|| SetupError::NotUtf8 {
        path: path.to_owned(),
    })
}
