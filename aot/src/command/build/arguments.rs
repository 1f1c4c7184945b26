//! Tells `pm-aot build`'s own arguments from cargo's, wherever they stand.
//!
//! clap has no way to hand on what it doesn't know: so they are sorted before it sees them, into
//! `pm-aot build OURS -- CARGO'S`. What means the same to both goes to both.

use crate::cli;
use clap::{Arg, ArgAction};
use std::ffi::{OsStr, OsString};

/// The program's arguments as clap is to see them.
pub(crate) fn normalise(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // `cargo pm-aot …` calls `cargo-pm-aot pm-aot …`.
    if arguments
        .get(1)
        .is_some_and(|argument| argument == "pm-aot")
    {
        arguments.remove(1);
    }
    match subcommand(&arguments) {
        Some(at) if arguments[at] == "build" => {
            let tail = arguments.split_off(at + 1);
            let Sorted { ours, cargo } = sort(tail);
            arguments.extend(ours);
            arguments.push("--".into());
            arguments.extend(cargo);
            arguments
        }
        _ => arguments,
    }
}

/// Where the subcommand stands: the first argument that isn't an option or an option's value.
fn subcommand(arguments: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let argument = arguments.get(at)?.to_str()?;
        match argument {
            "--color" | "--message-format" => at += 2,
            _ if argument.starts_with('-') => at += 1,
            _ => return Some(at),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    ours: Vec<OsString>,
    cargo: Vec<OsString>,
}

/// The options of `build` alone; the rest of its options are cargo's too.
fn is_ours_alone(option: &Arg) -> bool {
    !option.is_positional() && !matches!(option.get_id().as_str(), "jobs" | "help")
}

fn sort(arguments: Vec<OsString>) -> Sorted {
    let command = cli::command();
    let build = command
        .find_subcommand("build")
        .expect("it is one of the commands");
    let mut sorted = Sorted::default();
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            sorted.cargo.push(argument);
            sorted.cargo.extend(rest);
            break;
        }
        if argument == "-h" || argument == "--help" {
            sorted.ours.push(argument);
            continue;
        }
        let (name, value) = split(&argument);
        let ours = name.and_then(|name| {
            build
                .get_arguments()
                .find(|arg| is_ours_alone(arg) && arg.get_long() == Some(name))
        });
        let takes_value = |arg: &Arg| matches!(arg.get_action(), ArgAction::Set);
        if let Some(option) = ours {
            let value_follows = takes_value(option) && value.is_none();
            sorted.ours.push(argument.clone());
            sorted
                .ours
                .extend(value_follows.then(|| rest.next()).flatten());
            continue;
        }
        let shared = shared(&argument, &mut rest);
        match shared {
            Some((to_us, to_cargo)) => {
                sorted.ours.extend(to_us);
                sorted.cargo.extend(to_cargo);
            }
            None => sorted.cargo.push(argument),
        }
    }
    sorted
}

/// The long name of an option, and its value where it's attached.
fn split(argument: &OsStr) -> (Option<&str>, Option<&str>) {
    match argument.to_str().and_then(|text| text.strip_prefix("--")) {
        None => (None, None),
        Some(text) => match text.split_once('=') {
            Some((name, value)) => (Some(name), Some(value)),
            None => (Some(text), None),
        },
    }
}

/// An option that cargo knows too: what we get of it, and what cargo gets.
fn shared(
    argument: &OsStr,
    rest: &mut impl Iterator<Item = OsString>,
) -> Option<(Vec<OsString>, Vec<OsString>)> {
    let text = argument.to_str()?;
    let is_verbosity = text.len() > 1
        && text
            .strip_prefix('-')
            .is_some_and(|flags| flags.bytes().all(|b| b == b'v' || b == b'q'));
    if is_verbosity || text == "--verbose" || text == "--quiet" {
        return Some((vec![argument.into()], vec![argument.into()]));
    }
    let (name, attached) = match text.strip_prefix("-j") {
        Some("") => ("jobs", None),
        Some(value) => ("jobs", Some(value.strip_prefix('=').unwrap_or(value))),
        None => {
            let (name, attached) = split(argument);
            (name?, attached)
        }
    };
    if !matches!(name, "jobs" | "color" | "message-format") {
        return None;
    }
    let mut cargo = vec![argument.to_owned()];
    let value = match attached {
        Some(value) => value.to_owned(),
        None => {
            let value = rest.next()?;
            cargo.push(value.clone());
            value.into_string().ok()?
        }
    };
    // What only cargo understands (`-j default`, `--message-format short`) is for cargo alone.
    let ours = match name {
        "jobs" => value
            .parse::<std::num::NonZero<usize>>()
            .is_ok()
            .then_some(value),
        "color" => matches!(&*value, "auto" | "always" | "never").then_some(value),
        _ => value.starts_with("json").then(|| "json".to_owned()),
    };
    let ours = ours.map(|value| format!("--{name}={value}").into());
    Some((ours.into_iter().collect(), cargo))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_terminator(' ').map(OsString::from).collect()
    }

    fn joined(words: &[OsString]) -> String {
        words
            .iter()
            .map(|word| word.to_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn ours_and_cargos_are_told_apart() {
        let check = |line: &str, ours: &str, cargo: &str| {
            let sorted = sort(words(line));
            assert_eq!(
                (&*joined(&sorted.ours), &*joined(&sorted.cargo)),
                (ours, cargo),
                "{line}"
            );
        };
        check("", "", "");
        check("--release -p foo", "", "--release -p foo");
        check(
            "--release --opt-level 2 -p foo",
            "--opt-level 2",
            "--release -p foo",
        );
        check(
            "-p foo --opt-level=s --no-precompile",
            "--opt-level=s --no-precompile",
            "-p foo",
        );
        check(
            "--rustc a --features b --panic abort",
            "--rustc a --panic abort",
            "--features b",
        );
        check("-v --quiet -F a", "-v --quiet", "-v --quiet -F a");
        check("-vv", "-vv", "-vv");
        check("-j4 -p a", "--jobs=4", "-j4 -p a");
        check("--jobs default", "", "--jobs default");
        check("--color never", "--color=never", "--color never");
        check(
            "--message-format json-diagnostic-short",
            "--message-format=json",
            "--message-format json-diagnostic-short",
        );
        check("--message-format=short", "", "--message-format=short");
        check(
            "--release -- --opt-level 2",
            "",
            "--release -- --opt-level 2",
        );
        check("-p a --help", "--help", "-p a");
        check("-", "", "-");
    }

    #[test]
    fn other_commands_stay_as_they_are() {
        let check = |line: &str, expect: &str| {
            assert_eq!(joined(&normalise(words(line))), expect, "{line}");
        };
        check("pm-aot list -v a", "pm-aot list -v a");
        check("cargo-pm-aot pm-aot list a", "cargo-pm-aot list a");
        check("pm-aot", "pm-aot");
        check(
            "pm-aot --color never build -r",
            "pm-aot --color never build -- -r",
        );
        check("pm-aot precompile build", "pm-aot precompile build");
        check("cargo-pm-aot pm-aot build", "cargo-pm-aot build --");
    }
}
