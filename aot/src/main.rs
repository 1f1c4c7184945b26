//! Procedural macros as sandboxed WebAssembly, at native speed: the pm-aot command.
//!
//! Raw flags ([`cli`]) become a plan, the plan becomes work: one file a command under [`command`](mod@command).
//! What is said goes through the [`shell`], what programs read is a [`message`], and each [`error`]
//! knows its [exit code](Exit) and what to do next.

mod artifact;
mod cache;
mod cli;
mod command;
mod diagnostic;
mod error;
mod exit;
mod find;
mod highlight;
mod loading;
mod message;
mod module;
mod remedy;
mod shell;
mod temporary;
mod toolchain;

use clap::Parser;
use error::Error;
use exit::Exit;
use shell::Shell;
use std::process::ExitCode;

/// As a compiler's wrapper where cargo runs this program as one, else as its arguments say.
fn main() -> ExitCode {
    if let Some(code) = pm_build::wrapper_main(&command::cargo::Wrapper) {
        return code;
    }
    let arguments = command::build::arguments::normalise(std::env::args_os());
    if let Some(code) = command::rustc::main(&arguments) {
        return code;
    }
    match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => cli.run().into(),
        Err(error) => {
            // A broken pipe is success, and an error that can't be told still is one.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()))
        }
    }
}
