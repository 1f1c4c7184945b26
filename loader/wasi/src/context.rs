//! The state of one context.

use std::sync::Arc;

use crate::errno::Errno;
use crate::files::Files;
use crate::grants::Grants;
use crate::memory::Memory;
use crate::output::{Captured, Output};
use crate::refusal::{Access, Refusal, Refusals};
use crate::resolve::Failure;

/// How far both clocks move each time that the guest looks: a guest that waits for time to pass
/// must come to an end.
const TICK: u64 = 1_000;

/// What a guest sees of WASI: one for a snapshot, one for each expansion.
///
/// Making one allocates nothing.
#[derive(Debug)]
pub struct WasiCtx {
    pub(crate) grants: Arc<Grants>,
    pub(crate) files: Files,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    refusals: Refusals,
    /// Nanoseconds since the context's beginning, which is the Unix epoch.
    now: u64,
    /// The state of the constant stream of random numbers.
    random: u64,
}

/// The error in the trap by which `std::process::exit` ends a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the macro ended its process with exit status {0}")]
pub struct Exit(pub i32);

impl WasiCtx {
    /// A context with the beginning of everything: no open files, clocks and randomness at their
    /// start, both streams inherited.
    pub fn new(grants: Arc<Grants>) -> Self {
        Self {
            grants,
            files: Files::default(),
            stdout: Output::Inherit,
            stderr: Output::Inherit,
            refusals: Refusals::default(),
            now: 0,
            random: 0,
        }
    }

    /// Sends the guest's output elsewhere.
    #[must_use]
    pub fn with_stdout(mut self, output: Output) -> Self {
        self.stdout = output;
        self
    }

    /// Sends the guest's error output elsewhere.
    #[must_use]
    pub fn with_stderr(mut self, output: Output) -> Self {
        self.stderr = output;
        self
    }

    /// What was captured of the guest's output.
    pub fn stdout(&self) -> Option<&Captured> {
        self.stdout.captured()
    }

    /// What was captured of the guest's error output.
    pub fn stderr(&self) -> Option<&Captured> {
        self.stderr.captured()
    }

    /// What the guest was not allowed to do, each once, in order.
    pub fn refusals(&self) -> &[Refusal] {
        self.refusals.as_slice()
    }

    /// The time, which this look at it moves on.
    pub(crate) fn tick(&mut self) -> u64 {
        self.now = self.now.saturating_add(TICK);
        self.now
    }

    /// Lets time pass.
    pub(crate) fn sleep_until(&mut self, time: u64) {
        self.now = self.now.max(time);
    }

    /// The next random number, by SplitMix64.
    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Keeps the path of a failure that is a refusal, and gives the number for the guest.
    pub(crate) fn failed(&mut self, call: &'static str, failure: Failure) -> Errno {
        if let Some(path) = failure.refused {
            self.refusals
                .record(Access::Read, call, path.display().to_string());
        }
        failure.errno
    }

    /// Refuses to change what is at a path.
    pub(crate) fn refuse_write(&mut self, call: &'static str, path: String) -> Result<(), Errno> {
        self.refusals.record(Access::Write, call, path);
        Err(Errno::ROFS)
    }

    /// Refuses to change what is at a path in the guest's memory.
    pub(crate) fn refuse_path(
        &mut self,
        memory: &Memory<'_>,
        call: &'static str,
        fd: u32,
        (path, length): (u32, u32),
    ) -> Result<(), Errno> {
        let path = memory.path(path, length)?;
        let path = self.files.directory(fd)?.join(path);
        self.refuse_write(call, path.display().to_string())
    }

    /// Refuses a socket.
    pub(crate) fn refuse_network(&mut self, call: &'static str) -> Result<(), Errno> {
        self.refusals.record(Access::Network, call, String::new());
        Err(Errno::ACCES)
    }
}
