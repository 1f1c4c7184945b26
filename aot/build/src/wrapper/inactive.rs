//! Native compiles, where macros can't be compiled for wasm, unless the policy forbids them.

use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

use pm_policy::{Decision, Version};

use super::policy::Unserved;
use super::{not_run, plain, version};
use crate::decided::Decided;
use crate::flags::Flags;
use crate::outer::{self, Inactive};
use crate::record::Place;
use crate::{call, log};

/// Compiles for a cargo, which is told why a macro crate stays native.
pub(super) fn for_cargo(arguments: &[OsString], before: usize, inactive: &Inactive) -> ExitCode {
    if arguments[before..] == ["-vV"] {
        let mut command = Command::new(&arguments[0]);
        command.args(&arguments[1..]);
        return version(command).unwrap_or_else(|error| not_run(&arguments[0], &error));
    }
    let Some(unit) = MacroCrate::of(&arguments[before..]) else {
        return plain(arguments);
    };
    match unit.may_be_native(inactive) {
        Ok(decision) => {
            // With `run = "native"` it is as it should be. cargo repeats the warning with each build.
            if decision.version != Version::Native {
                let Inactive { reason, .. } = inactive;
                eprintln!("warning: `{}` stays native: {reason}", unit.package);
            }
            if let Err(error) = unit.note(decision, inactive) {
                let package = &unit.package;
                log::warn(format_args!(
                    "that `{package}` stays native can't be noted: {error}"
                ));
            }
            plain(arguments)
        }
        Err(text) => fail(&text),
    }
}

/// Compiles for another program, which may have reasons of its own to call the compiler.
pub(super) fn for_other(arguments: &[OsString], before: usize, inactive: &Inactive) -> ExitCode {
    let unit = MacroCrate::of(&arguments[before..]);
    match unit.map(|unit| unit.may_be_native(inactive)) {
        Some(Err(text)) => fail(&text),
        Some(Ok(_)) | None => plain(arguments),
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::FAILURE
}

/// A macro crate that is about to be compiled natively.
struct MacroCrate {
    package: String,
    flags: Flags,
}

impl MacroCrate {
    /// The macro crate that rustc's arguments are about, if they are about one. One that is only
    /// checked never runs.
    fn of(arguments: &[OsString]) -> Option<Self> {
        let text = |argument: &OsString| argument.to_string_lossy().into_owned();
        let given: Vec<String> = arguments.iter().map(text).collect();
        // rustc says why an argument file can't be read.
        let expanded = call::expand(given.clone()).unwrap_or(given);
        let flags = Flags::parse(&expanded);
        (flags.is_proc_macro() && links(&flags)).then(|| Self {
            package: std::env::var("CARGO_PKG_NAME").unwrap_or_default(),
            flags,
        })
    }

    /// The policy's decision if the native version may run, or the error that says why not.
    fn may_be_native(&self, inactive: &Inactive) -> Result<Decision, String> {
        let Inactive { reason, policy } = inactive;
        let package = &self.package;
        let policy = policy.as_ref().map_err(|error| {
            format!(
                "error: `{package}` isn't compiled, since its policy can't be read\nnote: {error}"
            )
        })?;
        let decision = policy.decide(package);
        if decision.version.is_required_wasm() {
            let unserved = Unserved::because(reason.clone());
            return Err(unserved.required(package, &decision).to_string());
        }
        Ok(decision)
    }

    /// Notes the decision where cargo builds: a policy that changes is then seen.
    fn note(&self, decision: Decision, inactive: &Inactive) -> io::Result<()> {
        let directory = std::env::current_dir()?;
        let place = Place::of(&self.flags, &directory);
        let out_dir = self.flags.out_dir().map(|folder| directory.join(folder));
        let store = out_dir.as_deref().and_then(outer::store_of);
        let (Some(place), Some(store)) = (place, store) else {
            return Ok(());
        };
        let native = match decision.version {
            Version::Native => decision.why.clone(),
            Version::Wasm { .. } => inactive.reason.clone(),
        };
        let decided = Decided {
            package: self.package.clone(),
            version: std::env::var("CARGO_PKG_VERSION").unwrap_or_default(),
            workspace: decision.sandbox.workspace.clone(),
            library: place.native.clone(),
            decision,
            native: Some(native),
        };
        decided.write(&store, &place.id())
    }
}

/// Returns true if rustc links, as it does by default. Cargo asks with `--print` and all
/// crate types before it compiles anything.
fn links(flags: &Flags) -> bool {
    let emits = flags.values("--emit").flat_map(|emit| emit.split(','));
    let mut kinds = emits.map(|kind| kind.split('=').next().unwrap_or(kind));
    match kinds.next() {
        Some(first) => first == "link" || kinds.any(|kind| kind == "link"),
        None => flags.values("--print").next().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_policy::Policy;

    #[test]
    fn a_macro_crate_is_one_that_is_linked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("arguments");
        fs_err::write(&file, "--crate-type\nproc-macro\na.rs\n").unwrap();
        let file = format!("@{}", file.display());
        for (line, expect) in [
            ("--crate-type proc-macro a.rs", true),
            (
                "--crate-type=proc-macro --emit=dep-info,metadata,link a.rs",
                true,
            ),
            ("--crate-type proc-macro --emit=link=x a.rs", true),
            (
                "--crate-type proc-macro --emit=dep-info,metadata a.rs",
                false,
            ),
            (
                "- --crate-name ___ --print=file-names --crate-type proc-macro --print=cfg",
                false,
            ),
            (
                "--crate-type proc-macro --emit=link --print=link-args a.rs",
                true,
            ),
            ("--crate-type lib a.rs", false),
            ("--cfg proc-macro a.rs", false),
            (&*file, true),
            ("@/no/such/file", false),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(MacroCrate::of(&arguments).is_some(), expect, "{line}");
        }
    }

    #[test]
    fn the_policy_counts_where_nothing_is_set_up() {
        let folder = tempfile::tempdir().unwrap();
        let unit = MacroCrate {
            package: "words".into(),
            flags: Flags::parse(&[]),
        };
        let check = |policy: &str| {
            let policy = Policy::read(folder.path(), Some(policy.as_ref()));
            unit.may_be_native(&Inactive {
                reason: "nothing is set up".into(),
                policy: policy.map_err(|error| error.to_string()),
            })
        };
        for allowed in [
            "",
            "*=native",
            "words=automatic",
            "other=wasm",
            "*=wasm,words=native",
        ] {
            check(allowed).unwrap();
        }
        for forbidden in ["*=wasm", "words=wasm"] {
            let text = check(forbidden).unwrap_err();
            let start = "error: `words` can't run from wasm: nothing is set up\nnote: ";
            assert!(text.starts_with(start), "{text}");
        }
        let text = check("*=wsam").unwrap_err();
        let start = "error: `words` isn't compiled, since its policy can't be read\nnote: ";
        assert!(text.starts_with(start), "{text}");
    }
}
