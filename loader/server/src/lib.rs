//! A proc-macro server: the answers to a running macro's requests, without a compiler.
//!
//! [`Server`] answers the requests of a running macro ([`pm_abi::Dispatch`]) of any bridge profile
//! ([`pm_abi::Profile`]). It knows the [`protocol`] and its handles; what tokens and spans are, a
//! [`Backend`] knows. [`Standalone`] is one of its own, with rustc's lexemes, spacing and layout, so
//! that a macro sees what it would in rustc. These are those of rustc 1.96 in every profile.
//!
//! ```
//! use pm_abi::Profile;
//! use pm_server::{Edition, FileName, Input, Server, Standalone};
//!
//! let profile = Profile::by_name("1.95").ok_or("no such profile")?;
//! let mut server = Server::new(Standalone::new(Edition::E2024), profile);
//! let name = FileName::Virtual("example".to_owned());
//! let (whole, tokens) = server.backend_mut().add_file(name, "struct Point { x: u8 }")?;
//! server.backend_mut().enter(whole);
//! let input = server.encode_input(Input::Derive(tokens?));
//! // The macro runs with `input`, `server` as its `Dispatch`, and returns its output:
//! let output = server.decode_output(&[0, 0, 1, 0, 0, 0])?;
//! assert_eq!(output.to_string(), "struct Point { x: u8 }");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(
    feature = "rustc",
    feature(
        proc_macro_def_site,
        proc_macro_diagnostic,
        proc_macro_expand,
        proc_macro_internals,
        proc_macro_span,
        proc_macro_tracked_env,
        proc_macro_tracked_path
    ),
    expect(
        internal_features,
        reason = "saving spans is not meant for macros, but they do it"
    )
)]

pub mod protocol;
pub mod tokens;

mod backend;
mod edition;
mod lex;
mod print;
#[cfg(feature = "rustc")]
mod rustc;
mod server;
mod source;
mod span;
mod standalone;
mod store;

pub use backend::Backend;
pub use edition::{Edition, UnknownEdition};
pub use lex::{LexError, LiteralError};
#[cfg(feature = "rustc")]
pub use rustc::{Rustc, RustcSpan};
pub use server::{Input, OutputError, Server};
pub use source::{FileName, SourceFile, SourceMap, SourceMapFull};
pub use span::{Context, Span};
pub use standalone::Standalone;
pub use tokens::TokenStream;
