//! Formats and attributes that `thiserror_impl` or rustc refuse.
#![allow(dead_code)]

use thiserror_impl::Error;

#[derive(Error, Debug)]
#[error("braces {{}} and a value {0:>5} {1:#x}", .1, .0)]
struct Ambiguous(u32, u32);

#[derive(Error, Debug)]
enum Bad {
    #[error("{missing}")]
    Missing { present: u8 },
    #[error("{0} {1}")]
    TooMany(u8),
    #[error("unclosed {")]
    Unclosed,
    #[error("{r#type}")]
    Raw { r#type: u8 },
    #[error("{0:0>1$}")]
    Argument(u8, usize),
    NoAttribute,
    #[error(transparent)]
    Transparent(u8, u8),
    #[error("twice")]
    #[error("twice")]
    Twice,
    #[error("{}", unknown)]
    Unknown,
    #[error("{0:?}")]
    NotDebug(NotDebug),
    #[error(not_a_string)]
    NotAString,
    #[error("")]
    #[from]
    FromHere,
}

struct NotDebug;

#[derive(Error, Debug)]
#[error("two sources")]
struct Two {
    #[source]
    a: std::io::Error,
    #[source]
    b: std::fmt::Error,
}

#[derive(Error, Debug)]
#[error("from with more")]
struct From {
    #[from]
    source: std::io::Error,
    other: u8,
}

#[derive(Error, Debug)]
#[error("not an error")]
struct Source {
    source: u8,
}

#[derive(Error, Debug)]
union Union {
    a: u8,
}
