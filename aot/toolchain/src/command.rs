//! Running the programs of a set-up.

use std::process::{Command, ExitStatus, Stdio};

use crate::SetupError;

/// The lines at the end of a program's messages that an error quotes.
const QUOTED: usize = 30;

/// Runs a program and returns its stdout; when it fails, `error` is given the end of its stderr.
pub(crate) fn output(
    command: &mut Command,
    error: impl FnOnce(String) -> SetupError,
) -> Result<String, SetupError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| not_run(command, source))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = tail(&String::from_utf8_lossy(&output.stderr));
        Err(error(failure(output.status, said)))
    }
}

/// The error for a program that could not be started.
pub(crate) fn not_run(command: &Command, source: std::io::Error) -> SetupError {
    SetupError::Program {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

/// The description of a program's failure: what it said, and its exit status where it said nothing
/// or a signal ended it, which no program says itself.
pub(crate) fn failure(status: ExitStatus, said: String) -> String {
    match (said.is_empty(), status.code()) {
        (true, _) => status.to_string(),
        (false, Some(_)) => said,
        (false, None) => format!("{said}\n{status}"),
    }
}

/// The end of a text: its last lines.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(QUOTED)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_the_end_of_what_failed() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "for i in $(seq 100); do echo line $i >&2; done; exit 3",
        ]);
        let error = output(&mut command, |detail| SetupError::Download { detail }).unwrap_err();
        let text = error.to_string();
        assert!(text.ends_with("line 100"), "{text}");
        assert!(!text.contains("line 70\n"), "{text}");
        assert!(text.contains("line 71\n"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_is_named() {
        let detail = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            let mut said = String::new();
            output(&mut command, |detail| {
                said.clone_from(&detail);
                SetupError::Download { detail }
            })
            .unwrap_err();
            said
        };
        assert_eq!(detail("kill -9 $$"), "signal: 9 (SIGKILL)");
        assert_eq!(
            detail("echo half >&2; kill -9 $$"),
            "half\nsignal: 9 (SIGKILL)"
        );
        assert_eq!(detail("exit 3"), "exit status: 3");
        assert_eq!(detail("echo why >&2; exit 3"), "why");
    }

    #[test]
    fn names_a_program_that_is_missing() {
        let mut command = Command::new("pm-aot-no-such-program");
        let error = output(&mut command, |detail| SetupError::Download { detail }).unwrap_err();
        assert_eq!(error.to_string(), "`pm-aot-no-such-program` cannot be run");
        assert_eq!(
            error.help(),
            "install `pm-aot-no-such-program`, or put it on PATH"
        );
    }
}
