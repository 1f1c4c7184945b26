//! The policy for macro crates: which run from wasm, and what they may read.
//!
//! A [`Policy`] is read once a build, from several sources of which the first that speaks about a
//! crate wins, setting by setting: the environment (`PM_AOT_POLICY`), `.config/pm-aot.toml` in the
//! workspace's folder, `[workspace.metadata.pm-aot]` in its `Cargo.toml`, and the defaults. Within
//! a source a crate's own name goes before `*`. [`Policy::decide`] answers for one crate, with the
//! reason; the part of the answer that a loader needs is a [`Sandbox`], which travels in the shim.

mod known;
mod policy;

pub use pm_sandbox::{Read, Run, Sandbox};
pub use policy::{Decision, FILE, Policy, PolicyError, UnknownName, VARIABLE, Version};
