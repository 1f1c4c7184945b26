//! Runs rustc and keeps what it says.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitStatus, Stdio};

/// What cargo reads between the diagnostics: that a file is there.
const ARTIFACT: &str = "{\"$message_type\":\"artifact\"";

/// What happens to rustc's lines meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Cargo gets them as they come: it waits for the metadata of a library.
    Now,
    /// They are kept.
    Later,
}

/// How rustc ended, and its diagnostics, a line each.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) messages: Vec<String>,
}

/// Runs a command of [`Call`](crate::call::Call)'s with its standard error read. `artifact` is called with
/// the diagnostics up to there before cargo hears that a file is there.
pub(crate) fn run(
    command: &mut Command,
    show: Show,
    mut artifact: impl FnMut(&[String]),
) -> io::Result<Ran> {
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| {
        let program = command.get_program().display();
        io::Error::new(error.kind(), format!("failed to run {program}: {error}"))
    })?;
    let mut messages = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n') {
            let mut line = line?;
            let text = String::from_utf8_lossy(&line).into_owned();
            let is_artifact = text.starts_with(ARTIFACT);
            if is_artifact {
                artifact(&messages);
            }
            if show == Show::Now {
                line.push(b'\n');
                // If cargo has gone there is nobody to tell.
                _ = io::stderr().write_all(&line);
            }
            if !is_artifact {
                messages.push(text);
            }
        }
    }
    let status = child.wait()?;
    Ok(Ran { status, messages })
}

/// Says again what rustc said.
pub(crate) fn say(messages: &[String]) {
    let mut stderr = io::stderr().lock();
    for message in messages {
        // As above.
        _ = writeln!(stderr, "{message}");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_kept_and_notifications_are_not() {
        let script = format!("echo early >&2; echo '{ARTIFACT}}}' >&2; echo late >&2; exit 3");
        let mut then = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        let ran = run(&mut command, Show::Later, |messages| {
            then.push(messages.to_vec())
        })
        .unwrap();
        assert_eq!(ran.status.code(), Some(3));
        assert_eq!(ran.messages, ["early", "late"]);
        assert_eq!(then, [["early"]]);
        assert!(run(&mut Command::new("/no/such/program"), Show::Later, |_| {}).is_err());
    }
}
