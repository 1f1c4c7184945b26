//! What the integration tests share.

pub mod analyzer;
pub mod cases;
pub mod compile;
pub mod diff;
pub mod once;
pub mod verdict;
pub mod workspace;
