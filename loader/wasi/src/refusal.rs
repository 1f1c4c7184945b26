//! What a macro was not allowed to do, kept for the error message.

use std::fmt;

/// The most refusals that are kept: a guest can ask for any number of paths.
const MAX_KEPT: usize = 64;

/// The kind of access that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Reading a file or directory, which a grant would allow.
    Read,
    /// Changing the file system, which nothing allows.
    Write,
    /// Using a socket, which nothing allows.
    Network,
}

/// Something that a macro was not allowed to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Refusal {
    /// The kind of access.
    pub access: Access,
    /// The function of `wasi_snapshot_preview1` that was called.
    pub call: &'static str,
    /// The path; empty for sockets.
    pub what: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access, call, what } = self;
        match access {
            Access::Read => write!(f, "reading `{what}` was refused (`{call}`)"),
            Access::Write => write!(f, "changing `{what}` was refused (`{call}`)"),
            Access::Network => write!(f, "using the network was refused (`{call}`)"),
        }
    }
}

/// The refusals of one context, each once.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Vec<Refusal>);

impl Refusals {
    pub(crate) fn record(&mut self, access: Access, call: &'static str, what: String) {
        // The first refused call on a path is enough: what follows is the guest trying again.
        let known = self
            .0
            .iter()
            .any(|known| known.access == access && known.what == what);
        if !known && self.0.len() < MAX_KEPT {
            self.0.push(Refusal { access, call, what });
        }
    }

    pub(crate) fn as_slice(&self) -> &[Refusal] {
        &self.0
    }
}
