//! `cargo pm-aot …`: cargo calls this program, and it calls `pm-aot` beside it.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let program = std::env::current_exe()
        .map(|path| path.with_file_name(format!("pm-aot{}", std::env::consts::EXE_SUFFIX)));
    let Ok(program) = program else {
        eprintln!("error: the path of this program isn't known");
        return ExitCode::FAILURE;
    };
    let mut command = Command::new(&program);
    command.args(std::env::args_os().skip(1));
    let error = run(command);
    match error {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: failed to run `{}`: {error}", program.display());
            eprintln!("help: `pm-aot` and `cargo-pm-aot` belong in one directory");
            ExitCode::FAILURE
        }
    }
}

/// Becomes the other program.
#[cfg(unix)]
fn run(mut command: Command) -> std::io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn run(mut command: Command) -> std::io::Result<ExitCode> {
    let code = command
        .status()?
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
