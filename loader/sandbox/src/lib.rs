//! The sandbox of a macro crate as a policy describes it and a shim carries it.
//!
//! A policy (`pm-policy`) decides; the loader in a compiler's process obeys. These types are their
//! common language, and know neither files nor the environment.

mod sandbox;
mod setting;

pub use sandbox::Sandbox;
pub use setting::{Read, Run};
