//! What is said, and where: data on standard output, words for people on standard error.
//!
//! People get cargo's forms: a right-aligned green verb for what was done, and `error:`,
//! `Caused by:`, `note:` and `help:` for what wasn't. With `--message-format json`, data are JSON
//! lines ([`Message`]); standard error stays as it is.

use crate::message::{Message, Report};
use crate::{Error, Exit};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;

/// The form of the data on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// JSON lines, for programs (docs/CLI.md).
    Json,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors and warnings.
    Quiet,
    /// What was done, too.
    Normal,
    /// What was passed over, too.
    Verbose,
}

/// Where everything that is said goes through.
pub(crate) struct Shell {
    format: Format,
    verbosity: Verbosity,
    bar: Mutex<Option<ProgressBar>>,
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BUSY: Style = AnsiColor::Cyan.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default().bold();

impl Shell {
    pub(crate) fn new(format: Format, verbosity: Verbosity) -> Shell {
        Shell {
            format,
            verbosity,
            bar: Mutex::new(None),
        }
    }

    /// Whether data are for people.
    pub(crate) fn is_human(&self) -> bool {
        self.format == Format::Human
    }

    /// Something was done: cargo's status line.
    pub(crate) fn status(&self, verb: &str, what: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.line(format_args!("{GOOD}{verb:>12}{GOOD:#} {what}"));
        }
    }

    /// The same, for what interests few.
    pub(crate) fn detail(&self, verb: &str, what: impl Display) {
        if self.verbosity >= Verbosity::Verbose {
            self.line(format_args!("{BUSY}{verb:>12}{BUSY:#} {what}"));
        }
    }

    /// Something may not be as wished.
    pub(crate) fn warn(&self, what: impl Display) {
        self.line(format_args!("{WARN}warning{WARN:#}: {what}"));
    }

    /// More about what was said before.
    pub(crate) fn note(&self, what: impl Display) {
        self.line(format_args!("{BUSY}note{BUSY:#}: {what}"));
    }

    /// What to do next.
    pub(crate) fn help(&self, what: impl Display) {
        self.line(format_args!("{BUSY}help{BUSY:#}: {what}"));
    }

    /// Something went wrong: people are told at once, programs too. Returns how a run ends in which
    /// this happened.
    pub(crate) fn error(&self, error: &Error) -> Exit {
        // Where standard output is gone too, the exit code has to do.
        let _ = self.message(&Message::Error(error.into()));
        self.tell(error)
    }

    /// The error, its causes, and what to do, for people.
    pub(crate) fn tell(&self, error: &Error) -> Exit {
        let Report {
            message,
            causes,
            help,
            ..
        } = error.into();
        self.line(format_args!("{BAD}error{BAD:#}: {message}"));
        if !causes.is_empty() {
            self.line("\nCaused by:");
            for cause in &causes {
                self.line(format_args!("  {}", cause.replace('\n', "\n  ")));
            }
        }
        if let Some(help) = help {
            self.help(help);
        }
        error.exit()
    }

    /// Something went wrong, which will be told at the end.
    pub(crate) fn failed(&self, error: &Error) {
        if self.verbosity >= Verbosity::Normal {
            self.line(format_args!("{BAD}{:>12}{BAD:#} {error}", "Failed"));
        }
    }

    /// A line on standard error, above the progress bar where there is one. Nothing can be done
    /// where it can't be written.
    pub(crate) fn line(&self, text: impl Display) {
        let write = || {
            let _ = writeln!(anstream::stderr(), "{text}");
        };
        match &*self
            .bar
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
        {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// A line of data for people.
    pub(crate) fn data(&self, text: impl Display) -> Result<(), Error> {
        if !self.is_human() {
            return Ok(());
        }
        writeln!(anstream::stdout(), "{text}").map_err(Error::Output)
    }

    /// A line of data for programs.
    pub(crate) fn message(&self, message: &Message) -> Result<(), Error> {
        if self.is_human() {
            return Ok(());
        }
        // One write a line: a reader never sees half of one.
        let mut line = serde_json::to_vec(message).map_err(|error| Error::Output(error.into()))?;
        line.push(b'\n');
        let mut stdout = std::io::stdout().lock();
        stdout
            .write_all(&line)
            .and_then(|()| stdout.flush())
            .map_err(Error::Output)
    }

    /// Shows a progress bar on a terminal, until what is returned is dropped.
    pub(crate) fn progress(&self, verb: &str, total: u64) -> Progress<'_> {
        let shown = self.verbosity >= Verbosity::Normal && std::io::stderr().is_terminal();
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let style = ProgressStyle::with_template(
            "{prefix:>12.cyan.bold} [{bar:27}] {pos}/{len} {wide_msg}",
        );
        bar.set_style(style.expect("the template is right").progress_chars("=> "));
        bar.set_prefix(verb.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        *self
            .bar
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(bar.clone());
        Progress { shell: self, bar }
    }
}

/// A progress bar that disappears when it's dropped.
pub(crate) struct Progress<'a> {
    shell: &'a Shell,
    bar: ProgressBar,
}

impl Progress<'_> {
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *self
            .shell
            .bar
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }
}

/// A path as text, for messages: what isn't UTF-8 is replaced.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// `1.33 MiB`.
pub(crate) fn size(bytes: u64) -> impl Display {
    indicatif::BinaryBytes(bytes)
}

/// `3 macros`, `1 macro`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
