//! What macros are given, and where their output goes.

mod errors;
mod inputs;
mod places;
mod run;
