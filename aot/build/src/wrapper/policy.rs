//! What the policy says of a macro crate, and what the user is told where that can't be.

use std::io;

use pm_policy::{Decision, Read, Version};

use super::Unit;
use crate::Hooks;
use crate::decided::Decided;
use crate::materialise::Failure;
use crate::record::Place;
use crate::session::Now;
use crate::store::{Store, UnitId};

/// Why a macro doesn't run from wasm.
pub(super) struct Unserved {
    /// In one line.
    pub(super) reason: String,
    /// What rustc said, and the end of its last line.
    pub(super) diagnostics: String,
}

impl Unserved {
    /// rustc's text for a crate that doesn't compile for wasm.
    pub(super) fn by_rustc(diagnostics: &str) -> Self {
        Self {
            reason: format!("it doesn't compile ({})", first_error(diagnostics)),
            diagnostics: format!("{}\n", diagnostics.trim_end()),
        }
    }

    pub(super) fn because(reason: String) -> Self {
        Self {
            reason,
            diagnostics: String::new(),
        }
    }

    /// Says that the native version runs in its place.
    pub(super) fn tell_native(&self, package: &str) {
        // cargo repeats it with each build.
        eprintln!(
            "warning: `{package}` stays native: {}\nhelp: PM_AOT_POLICY={package}=wasm shows all that is \
             known of it; with `run = \"native\"` nothing is said",
            self.reason
        );
    }

    /// The error where the policy says `wasm`.
    pub(super) fn required(&self, package: &str, decision: &Decision) -> Failure {
        let Self {
            reason,
            diagnostics,
        } = self;
        Failure::Policy(format!(
            "{diagnostics}error: `{package}` can't run from wasm: {reason}\nnote: {}\nhelp: \
             `run = \"automatic\"` lets it stay native",
            decision.why
        ))
    }
}

impl<H: Hooks> Unit<'_, H> {
    pub(super) fn package(&self) -> &str {
        self.variable("CARGO_PKG_NAME")
    }

    fn variable(&self, name: &str) -> &str {
        self.environment.get(name).map_or("", String::as_str)
    }

    pub(super) fn decide(&self, now: &Now) -> Decision {
        now.policy.decide(self.package())
    }

    /// Notes what was decided, and why the native version runs if it does: without a note, a change of the
    /// policy would be overlooked.
    pub(super) fn note_decision(
        &self,
        place: &Place,
        decision: &Decision,
        native: Option<String>,
    ) -> io::Result<()> {
        let decided = Decided {
            package: self.package().to_owned(),
            version: self.variable("CARGO_PKG_VERSION").to_owned(),
            workspace: decision.sandbox.workspace.clone(),
            library: place.native.clone(),
            decision: decision.clone(),
            native,
        };
        decided.write(&self.store, &place.id()).map_err(|error| {
            let text = format!("the policy's decision can't be noted: {error}");
            io::Error::new(error.kind(), text)
        })
    }
}

/// Whether a macro crate runs from wasm and reads no more than the package that is compiled.
pub(super) fn reads_the_package(store: &Store, id: &UnitId) -> bool {
    Decided::read(store, id).is_some_and(|decided| {
        decided.native.is_none()
            && matches!(decided.decision.version, Version::Wasm { .. })
            && matches!(
                decided.decision.sandbox.read,
                Read::Nothing | Read::ManifestDir
            )
    })
}

/// The line of rustc's text that says most.
fn first_error(diagnostics: &str) -> &str {
    let mut lines = diagnostics.lines();
    let first = lines.clone().next().unwrap_or_default();
    lines
        .find(|line| line.starts_with("error"))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_many() {
        let check = |text: &str, expect: &str| assert_eq!(first_error(text), expect);
        check(
            "warning: a\n --> b\nerror[E0432]: c\nerror: d",
            "error[E0432]: c",
        );
        check("failed to run rustc", "failed to run rustc");
        check("", "");
    }
}
