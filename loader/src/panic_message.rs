//! The message of a panic that ended in a trap: for modules built with `panic = "abort"`.
//!
//! Such a module can't answer with its panic's message, but std's hook prints it, if the bridge is
//! told to let it. From rust 1.96's `library/std/src/panicking.rs`:
//!
//! ```text
//!
//! thread '<name>' (<id>) panicked at <file>:<line>:<column>:
//! <message, any number of lines>
//! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
//! ```

/// Cuts the last panic's message out of what a macro printed to standard error.
pub(crate) fn find(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let head = text.rfind(" panicked at ")?;
    let head = text[..head]
        .rfind("\nthread '")
        .or(text.starts_with("thread '").then_some(0))?;
    let report = text[head..].trim_start_matches('\n');
    let (_, message) = report.split_once(":\n")?;
    let message = message.split("\nnote: run with `RUST_BACKTRACE").next()?;
    Some(message.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_the_message_out() {
        let check = |stderr: &str, expect: Option<&str>| {
            assert_eq!(find(stderr.as_bytes()).as_deref(), expect, "{stderr}");
        };
        let note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
        check(
            &format!("\nthread 'main' (1) panicked at src/a.rs:1:2:\nboom\n{note}\n"),
            Some("boom"),
        );
        check(
            &format!("x\n\nthread 'main' (1) panicked at a:1:2:\na\n\nb: c\n{note}"),
            Some("a\n\nb: c"),
        );
        check(
            "thread '<unnamed>' (0) panicked at a:1:2:\nboom",
            Some("boom"),
        );
        check("error: nothing", None);
        check(" panicked at ", None);
    }
}
