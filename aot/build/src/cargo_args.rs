//! What the user's cargo arguments say that this crate has to know.
//!
//! They go to cargo as they are, but for `--message-format`: the engine always reads cargo's
//! messages, and cargo still renders diagnostics if the user wanted them rendered.

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::path::Path;

/// Flags with a value that the other cargo commands understand in the same way. The first list
/// says where things are, the second what is selected.
const PLACE: &[&str] = &["--manifest-path", "--config", "-Z", "--lockfile-path"];
const FEATURES: &[&str] = &["--features", "-F"];
const PROFILE: &[&str] = &["--profile", "--target-dir"];
/// The same without a value.
const PLACE_SWITCHES: &[&str] = &["--locked", "--offline", "--frozen"];
const FEATURE_SWITCHES: &[&str] = &["--all-features", "--no-default-features"];
const PROFILE_SWITCHES: &[&str] = &["--release", "-r"];
/// With these, cargo builds nothing.
const INFORMATION: &[&str] = &["--help", "-h", "--version", "-V", "--list", "--unit-graph"];

/// The arguments of one cargo command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CargoArgs {
    /// What cargo gets: the user's without `--message-format`.
    pub(crate) passed: Vec<OsString>,
    /// For every cargo command on the same workspace.
    pub(crate) place: Vec<OsString>,
    /// For `cargo config`, which knows of no workspace.
    pub(crate) configuration: Vec<OsString>,
    /// For `cargo metadata`.
    pub(crate) features: Vec<OsString>,
    /// For `cargo clean`.
    pub(crate) profile: Vec<OsString>,
    pub(crate) target_dir: Option<OsString>,
    pub(crate) jobs: Option<NonZero<usize>>,
    pub(crate) information: bool,
    /// The parts of all `--message-format`.
    message_format: Vec<String>,
}

impl CargoArgs {
    /// How many compilers run at once: what the user says, else one for each processor.
    pub(crate) fn parallelism(&self) -> NonZero<usize> {
        self.jobs
            .or(std::thread::available_parallelism().ok())
            .unwrap_or(NonZero::<usize>::MIN)
    }

    /// Whether the lock file isn't the workspace's.
    pub(crate) fn has_own_lock(&self) -> bool {
        self.place.iter().any(|flag| flag == "--lockfile-path")
    }

    pub(crate) fn parse(arguments: &[OsString]) -> Self {
        let mut found = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                found.passed.push(argument.clone());
                found.passed.extend(rest.cloned());
                break;
            }
            let (flag, attached) = split(argument);
            let takes_value = [
                PLACE,
                FEATURES,
                PROFILE,
                &["--message-format", "-j", "--jobs"],
            ]
            .iter()
            .any(|flags| flags.iter().any(|known| flag == *known));
            let value = match attached {
                None if takes_value => rest.next().cloned(),
                attached => attached,
            };
            found.take(argument, &flag, value, takes_value);
        }
        found
    }

    /// The same for the arguments of a subcommand. `cargo install --path` is about the workspace of
    /// that folder.
    pub(crate) fn parse_command(subcommand: &OsStr, arguments: &[OsString]) -> Self {
        let mut found = Self::parse(arguments);
        if subcommand == "install"
            && let Some(folder) = value_of("--path", arguments)
        {
            let manifest = Path::new(&folder).join("Cargo.toml");
            found
                .place
                .extend(["--manifest-path".into(), manifest.into()]);
        }
        found
    }

    /// The manifest that is named.
    pub(crate) fn manifest(&self) -> Option<&Path> {
        let mut place = self.place.iter();
        place.find(|argument| *argument == "--manifest-path")?;
        place.next().map(Path::new)
    }

    fn take(&mut self, spelled: &OsStr, flag: &OsStr, value: Option<OsString>, takes_value: bool) {
        let is = |flags: &[&str]| flags.iter().any(|known| flag == *known);
        if flag == "--message-format" {
            let parts = value
                .unwrap_or_default()
                .to_string_lossy()
                .to_ascii_lowercase();
            self.message_format
                .extend(parts.split(',').map(str::to_owned));
            return;
        }
        let whole: Vec<OsString> = match &value {
            Some(value) if takes_value => vec![flag.to_owned(), value.clone()],
            _ => vec![spelled.to_owned()],
        };
        if is(PLACE) || is(PLACE_SWITCHES) {
            self.place.extend_from_slice(&whole);
            if flag == "--config" {
                self.configuration.extend_from_slice(&whole);
            }
        } else if is(FEATURES) || is(FEATURE_SWITCHES) {
            self.features.extend_from_slice(&whole);
        } else if is(PROFILE) || is(PROFILE_SWITCHES) {
            // `cargo rustc`'s name for `dev`, which no other command takes.
            if flag != "--profile" || value.as_deref() != Some(OsStr::new("check")) {
                self.profile.extend_from_slice(&whole);
            }
            if flag == "--target-dir" {
                self.target_dir.clone_from(&value);
            }
        } else if is(&["-j", "--jobs"]) {
            self.jobs = value.as_ref().and_then(|jobs| jobs.to_str()?.parse().ok());
        }
        self.information |= is(INFORMATION);
        self.passed.extend(whole);
    }

    /// Whether the user asked for cargo's messages.
    pub(crate) fn wants_messages(&self) -> bool {
        self.message_format
            .iter()
            .any(|part| part.starts_with("json"))
    }

    /// The format that cargo is asked for.
    pub(crate) fn message_format(&self) -> String {
        if self.wants_messages() {
            self.message_format.join(",")
        } else if self.message_format.iter().any(|part| part == "short") {
            "json-render-diagnostics,json-diagnostic-short".into()
        } else {
            "json-render-diagnostics".into()
        }
    }
}

/// The value of an option, `--name VALUE` or `--name=VALUE`.
fn value_of(name: &str, arguments: &[OsString]) -> Option<OsString> {
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == name {
            return arguments.next().cloned();
        }
        let attached = argument.to_str().and_then(|text| text.strip_prefix(name));
        if let Some(value) = attached.and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.into());
        }
    }
    None
}

/// `--flag=value` and `-jVALUE` in two.
fn split(argument: &OsStr) -> (OsString, Option<OsString>) {
    let Some(text) = argument.to_str() else {
        return (argument.to_owned(), None);
    };
    if text.starts_with("--") {
        if let Some((flag, value)) = text.split_once('=') {
            return (flag.into(), Some(value.into()));
        }
    } else if let Some(short) = ["-j", "-F", "-Z"]
        .iter()
        .find(|short| text.starts_with(**short))
        && text.len() > 2
    {
        let value = &text[2..];
        return (
            (*short).into(),
            Some(value.strip_prefix('=').unwrap_or(value).into()),
        );
    }
    (argument.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> CargoArgs {
        let arguments: Vec<OsString> = line.split_terminator(' ').map(OsString::from).collect();
        CargoArgs::parse(&arguments)
    }

    fn joined(arguments: &[OsString]) -> String {
        arguments
            .iter()
            .map(|a| a.to_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_other_commands_get() {
        let check = |line: &str, place: &str, features: &str, profile: &str| {
            let found = parse(line);
            assert_eq!(
                joined(&found.passed).replace('=', " "),
                line.replace('=', " ")
            );
            assert_eq!(joined(&found.place), place, "{line}");
            assert_eq!(joined(&found.features), features, "{line}");
            assert_eq!(joined(&found.profile), profile, "{line}");
        };
        check("", "", "", "");
        check(
            "-p a --workspace --target x86_64-unknown-linux-gnu",
            "",
            "",
            "",
        );
        check(
            "--manifest-path=a/Cargo.toml --offline",
            "--manifest-path a/Cargo.toml --offline",
            "",
            "",
        );
        check(
            "-F a --features b --all-features",
            "",
            "-F a --features b --all-features",
            "",
        );
        check(
            "--release --target-dir t",
            "",
            "",
            "--release --target-dir t",
        );
        check("--profile=bench -r", "", "", "--profile bench -r");
        check("--profile=check --profile=x", "", "", "--profile x");
        check("-p a -- --release -j 4", "", "", "");
    }

    #[test]
    fn configuration_is_for_every_command() {
        let found = parse("--manifest-path a/Cargo.toml --config a.toml --offline --config=b=1");
        assert_eq!(joined(&found.configuration), "--config a.toml --config b=1");
    }

    #[test]
    fn an_installation_is_of_the_folder_that_is_named() {
        let check = |line: &str, expect: Option<&str>| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let found = CargoArgs::parse_command(&words[0], &words[1..]);
            assert_eq!(found.manifest(), expect.map(Path::new), "{line}");
        };
        check("install serde", None);
        check("install --path a/b", Some("a/b/Cargo.toml"));
        check("install --force --path=..", Some("../Cargo.toml"));
        check("install x -- --path a", None);
        check("test --path a", None);
        check("test --manifest-path=a/Cargo.toml", Some("a/Cargo.toml"));
    }

    #[test]
    fn jobs_of_every_form() {
        for line in ["-j3", "-j 3", "-j=3", "--jobs 3", "--jobs=3"] {
            assert_eq!(parse(line).jobs, NonZero::new(3), "{line}");
        }
        for line in ["", "-j default", "-j -1", "--jobs=0"] {
            assert_eq!(parse(line).jobs, None, "{line}");
        }
    }

    #[test]
    fn messages_are_always_read() {
        let check = |line: &str, wants: bool, format: &str| {
            let found = parse(line);
            assert_eq!(
                (found.wants_messages(), &*found.message_format()),
                (wants, format),
                "{line}"
            );
            assert!(!joined(&found.passed).contains("message-format"), "{line}");
        };
        check("", false, "json-render-diagnostics");
        check("--message-format=human", false, "json-render-diagnostics");
        check(
            "--message-format short",
            false,
            "json-render-diagnostics,json-diagnostic-short",
        );
        check("--message-format=json", true, "json");
        check(
            "--message-format=json --message-format=json-diagnostic-short",
            true,
            "json,json-diagnostic-short",
        );
    }

    #[test]
    fn help_builds_nothing() {
        assert!(parse("--help").information && parse("-p a -h").information);
        assert!(!parse("-p h").information && !parse("-- --help").information);
    }
}
