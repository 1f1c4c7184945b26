//! What a nightly compiler adds: backtraces and the provider interface.
#![feature(error_generic_member_access)]
#![allow(dead_code)]

use std::backtrace::Backtrace;
use thiserror_impl::Error;

#[derive(Error, Debug)]
#[error("plain")]
struct Plain {
    backtrace: Backtrace,
}

#[derive(Error, Debug)]
#[error("unnamed")]
struct Unnamed(#[backtrace] Backtrace);

#[derive(Error, Debug)]
#[error("delegates")]
struct Delegates {
    #[from]
    #[backtrace]
    source: Plain,
}

#[derive(Error, Debug)]
#[error(transparent)]
struct Through(#[backtrace] anyhow_like::Chain);

mod anyhow_like {
    #[derive(super::Error, Debug)]
    #[error("chain of {}", .links.len())]
    pub struct Chain {
        links: Vec<String>,
        backtrace: Option<std::sync::Arc<std::backtrace::Backtrace>>,
    }
}

#[derive(Error, Debug)]
enum Many {
    #[error("a")]
    A {
        #[from]
        source: std::io::Error,
        backtrace: Backtrace,
    },
    #[error("b {0}")]
    B(u8, #[backtrace] Backtrace),
    #[error(transparent)]
    C(#[from] Unnamed),
    #[error("d")]
    D(#[source] #[backtrace] Plain),
    #[error("e")]
    E,
}
