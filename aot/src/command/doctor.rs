//! `pm-aot doctor`: what is there, and what is missing.

use crate::message::{Doctor, Message};
use crate::shell::Shell;
use crate::{Error, Exit, loading};
use anstyle::{AnsiColor, Style};
use pm_artifact::{Cpu, TARGET, missing_cpu_features};
use pm_toolchain::{Check, Request, Status};
use std::path::PathBuf;

/// Check toolchain, libc, CPU, engine and cache
///
/// Changes nothing. Fails if something is missing that can't be fetched or made by `pm-aot setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The rustc to check
    #[arg(
        long,
        value_name = "PATH",
        env = "PM_AOT_RUSTC",
        hide_env_values = true
    )]
    rustc: Option<PathBuf>,
}

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options { rustc } = options;
    let mut request = Request::from_env()?;
    request.rustc = rustc.or(request.rustc);
    let mut checks = pm_toolchain::diagnose(&request);
    checks.push(cpu_level());
    checks.push(engine());
    let healthy = checks.iter().all(|check| check.status != Status::Missing);
    for check in &checks {
        shell.data(line(check))?;
    }
    let found = checks.iter().map(|check| {
        let there = (check.status != Status::Missing).then(|| check.found.clone());
        (check.name, there)
    });
    shell.message(&Message::Doctor(Doctor {
        healthy,
        found: found.collect(),
        checks,
    }))?;
    Ok(if healthy {
        Exit::Success
    } else {
        Exit::Toolchain
    })
}

fn line(check: &Check) -> String {
    let Check {
        name,
        status,
        found,
        help,
    } = check;
    let (colour, mark) = match status {
        Status::Ok => (AnsiColor::Green, "ok"),
        Status::Warning => (AnsiColor::Yellow, "warning"),
        Status::Missing => (AnsiColor::Red, "missing"),
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let mut line = format!("{style}{mark:>7}{style:#}  {name:<16} {found}");
    if let Some(help) = help {
        line.push_str(&format!("\n{:27}help: {help}", ""));
    }
    line
}

/// Whether this machine runs what it compiles.
fn cpu_level() -> Check {
    let missing = missing_cpu_features(Cpu::FEATURES.iter().copied());
    let needs = if Cpu::FEATURES.is_empty() {
        "nothing special".into()
    } else {
        Cpu::FEATURES.join(" ")
    };
    if missing.is_empty() {
        let found = format!("artifacts are for {TARGET} and need {needs}");
        return Check {
            name: "cpu_level",
            status: Status::Ok,
            found,
            help: None,
        };
    }
    Check {
        name: "cpu_level",
        status: Status::Missing,
        found: format!("this machine lacks {}", missing.join(" ")),
        help: Some("use a machine whose CPU has these features".into()),
    }
}

/// Whether wasmtime starts.
fn engine() -> Check {
    let (status, found) = match loading::loader(None) {
        Ok(_) => (
            Status::Ok,
            format!("wasmtime {}", pm_artifact::WASMTIME_VERSION),
        ),
        Err(error) => (Status::Missing, error.to_string()),
    };
    Check {
        name: "engine",
        status,
        found,
        help: None,
    }
}
