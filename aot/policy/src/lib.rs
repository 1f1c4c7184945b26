//! Which macro crates run from wasm, and what they may read.
//!
//! A [`Policy`] is read once a build, from several sources of which the first that speaks about a
//! crate wins, setting by setting: the environment (`PM_AOT_POLICY`), `.config/pm-aot.toml` in the
//! workspace's folder, `[workspace.metadata.pm-aot]` in its `Cargo.toml`, and the defaults. Within
//! a source a crate's own name goes before `*`. [`Policy::decide`] answers for one crate, with the
//! reason; the part of the answer that a loader needs is a [`Sandbox`], which travels in the shim.
//!
//! # Features
//!
//! `sources` (default) reads policies. Without it the crate is [`Run`], [`Read`] and [`Sandbox`]:
//! that is what the loader uses.

#[cfg(feature = "sources")]
mod known;
#[cfg(feature = "sources")]
mod policy;
mod sandbox;
mod setting;

#[cfg(feature = "sources")]
pub use policy::{Decision, FILE, Policy, PolicyError, UnknownName, VARIABLE, Version};
pub use sandbox::Sandbox;
pub use setting::{Read, Run};
