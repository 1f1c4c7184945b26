//! The part of WASI preview 1 that proc macros use, deterministic and denied by default.
//!
//! A context is made at two moments: while a module is snapshot (with [`Grants::default`], so that
//! nothing of the machine can be frozen into the result) and for each expansion. What a guest
//! observes is therefore a function of the module and of its [`Grants`] alone:
//!
//! | What         | What the guest gets                                                             |
//! |--------------|---------------------------------------------------------------------------------|
//! | arguments    | none                                                                            |
//! | environment  | the granted variables, sorted by name                                           |
//! | randomness   | one constant stream, so that `HashMap`s iterate in the same order every time    |
//! | clocks       | start at the Unix epoch in each context, gain 1 µs per look; sleep ends at once |
//! | files        | the granted files and directories, read only; listings sorted by name           |
//! | streams      | empty input; output and errors go where the host says ([`Output`])              |
//! | exit         | a trap with [`Exit`] in it                                                      |
//! | all else     | refused with an error number                                                    |
//!
//! A refused path, write or socket is also kept as a [`Refusal`], so that the host can tell the
//! user which setting would allow it. A guest may ask for files and go on without them, so a
//! refusal is worth showing only when the expansion failed.
//!
//! # Paths
//!
//! There is one preopened directory: descriptor 3, named `/`. It exists without any grant too,
//! since wasi-libc may read the list of preopened directories in `_initialize`, and so into the
//! snapshot. What lies behind it is decided anew at each call: a path is followed to its canonical
//! form, through symbolic links and `..`, and that form must lie in a granted directory or be a
//! granted file. The directories above a grant can be asked for their existence and nothing else.
//!
//! **Trap:** in a guest the current directory is `/`, and wasi-libc strips the leading slash of an
//! absolute path, so `a/b` and `/a/b` arrive here as the same call. A native macro reads `a/b`
//! from cargo's working directory. A path is therefore tried from `/` first and then from
//! [`Grants::working_directory`], under the same rule. `current_dir()` and `.` thus behave as
//! under native rustc, with one difference: a guest that looks for `/x`, does not find it or may
//! not see it, and has `x` in its granted working directory gets the latter.

mod context;
mod errno;
mod files;
mod grants;
mod memory;
mod output;
mod preview1;
mod refusal;
mod resolve;

pub use context::{Exit, WasiCtx};
pub use grants::Grants;
pub use output::{CAPTURE_LIMIT, Captured, Output};
pub use preview1::{WasiView, add_to_linker, add_wanted_to_linker, is_known_import};
pub use refusal::{Access, Refusal};
