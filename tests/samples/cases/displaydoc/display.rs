//! `Display` from doc comments.
#![allow(dead_code)]

use displaydoc::Display;
use std::fmt::Debug;
use std::path::PathBuf;

/// just a unit
#[derive(Display)]
struct Unit;

/// named {name}, debug {list:?}, padded {number:>8}, literal {{}}
#[derive(Display, Debug, Clone)]
pub struct Named<'a> {
    /// not this one
    name: &'a str,
    list: Vec<Option<u8>>,
    number: i64,
    r#type: u8,
}

/// tuple {0} and {1:#x}, {0:?} and {1:?}
#[derive(Display)]
struct Tuple(String, u32);

#[derive(Display, Debug)]
pub enum DataStoreError {
    /// data store disconnected
    Disconnect(std::io::Error),
    /// the data for key `{0}` is not available
    Redaction(String),
    /// invalid header (expected {expected:?}, found {found:?})
    InvalidHeader { expected: String, found: String },
    /// unknown data store error: größe 😀 "quotes" \ backslash
    Unknown,
    /** a block comment {0} */
    Block(u8),
    #[doc = "an attribute {0:?}"]
    Attribute(PathBuf),
    #[doc = "from an attribute: {path}"]
    Concat { path: String },
    /// {0:.3}
    Precision(f64),
    #[displaydoc("overridden: {a} {b:?}")]
    /// Documentation for people
    Override { a: u8, b: (u8, u8) },
}

/// {0}
#[derive(Display)]
struct Generic<T>(T);

/// where {value} {other:?}
#[derive(Display)]
struct Where<T, U: Debug, const N: usize = 3>
where
    T: Clone + std::fmt::Display,
    [U; N]: Sized,
{
    value: T,
    other: [U; N],
}

#[derive(Display)]
enum GenericEnum<'a, T: 'a, E = std::fmt::Error>
where
    E: std::error::Error,
    T: std::fmt::Display
{
    /// value {0}
    Value(T),
    /// error {0}: {0:?}
    Error(E),
    /// reference {text}
    Reference { text: &'a T },
}

#[derive(Display)]
#[displaydoc("a container format")]
struct OnContainer {
    field: u8,
}

/// prefix
#[derive(Display)]
enum Prefixed {
    /// one
    One,
    /// two {0}
    Two(u8),
}

#[derive(Display)]
#[ignore_extra_doc_attributes]
/// first line {a}
///
/// Then more text, which is left out.
struct Extra {
    a: u8,
}

#[derive(Display)]
#[ignore_extra_doc_attributes]
enum ExtraEnum {
    /// short {0}
    ///
    /// long
    A(u8),
    /// short
    /// second
    B,
}

mod nested {
    pub mod inner {
        /// inner {0}
        #[derive(displaydoc::Display)]
        pub(in super::super) struct Inner(pub(super) char);
    }
}

fn local() -> impl std::fmt::Display {
    #[derive(Display)]
    enum Local {
        /// a local {0}
        Variant(u8),
    }
    Local::Variant(1)
}

#[derive(Debug)]
struct Path(PathBuf);

/// at {path}
#[derive(Display, Debug)]
struct WithPath {
    path: PathBuf,
}

macro_rules! errors {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[doc = $text:expr])* $variant:ident $(($ty:ty))?),* $(,)? }) => {
        #[derive(Debug, displaydoc::Display)]
        $(#[$meta])*
        $vis enum $name { $($(#[doc = $text])* $variant $(($ty))?),* }
    };
}
errors! {
    /// Not used
    pub(crate) enum Made {
        /// made by a macro
        Plain,
        /// with a value
        With(Vec<u8>),
        #[doc = "expression"]
        Expression(Option<u8>),
    }
}
