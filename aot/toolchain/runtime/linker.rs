//! A linker for compilers that write legacy exceptions: the real one, and then the translation of
//! what it has linked.
//!
//! Arguments are the real linker's, and `--pm-aot-linker=PATH`, which names it.

mod exceptions;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match link() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn link() -> Result<ExitCode, String> {
    let mut linker = None;
    let mut arguments = Vec::new();
    for argument in std::env::args_os().skip(1) {
        match argument.as_bytes().strip_prefix(b"--pm-aot-linker=") {
            Some(path) => linker = Some(PathBuf::from(OsString::from_vec(path.to_vec()))),
            None => arguments.push(argument),
        }
    }
    let linker = linker.ok_or("`--pm-aot-linker=PATH` is missing, or the command is too long")?;
    let status = Command::new(&linker).args(&arguments).status();
    let status = status.map_err(|e| format!("`{}` can't be started: {e}", linker.display()))?;
    if !status.success() {
        return Ok(ExitCode::from(status.code().unwrap_or(1) as u8));
    }
    let output = arguments.iter().position(|argument| argument == "-o");
    let output = output.and_then(|at| arguments.get(at + 1));
    let output = PathBuf::from(output.ok_or("`-o FILE` is missing")?);
    let failed = |what: &str, e: std::io::Error| format!("{what} `{}`: {e}", output.display());
    let module = std::fs::read(&output).map_err(|e| failed("failed to read", e))?;
    let translated = exceptions::translate(&module).map_err(|e| {
        format!(
            "failed to translate the exceptions in `{}`: {e}",
            output.display()
        )
    })?;
    std::fs::write(&output, translated).map_err(|e| failed("failed to write", e))?;
    Ok(ExitCode::SUCCESS)
}
