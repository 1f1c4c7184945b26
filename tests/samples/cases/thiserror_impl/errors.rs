//! Errors of every shape: formats, sources, transparency, generics.
#![allow(dead_code)]

use std::backtrace::Backtrace as Trace;
use std::error::Error as StdError;
use std::fmt::{self, Debug, Display};
use std::io;
use std::path::PathBuf;
use thiserror_impl::Error;

#[derive(Error, Debug)]
#[error("nothing to see")]
pub struct Unit;

#[derive(Error, Debug)]
#[error("braces {{}} and a value {0:>5} {0:?} {1:#x}")]
struct Tuple(u32, u32);

#[derive(Error, Debug)]
#[error("at {line}:{column:>width$}, in {path:?}", path = .path.display().to_string(), width = *.column as usize)]
struct Named {
    line: u32,
    column: u32,
    path: PathBuf,
    #[source]
    cause: io::Error,
}

#[derive(Error, Debug)]
pub enum DataStoreError {
    #[error("data store disconnected")]
    Disconnect(#[from] io::Error),
    #[error("the data for key `{0}` is not available")]
    Redaction(String),
    #[error("invalid header (expected {expected:?}, found {found:?})")]
    InvalidHeader { expected: String, found: String },
    #[error("first letter must be lowercase but was {:?}", first_char(.0))]
    WrongCase(String),
    #[error("invalid index {idx}, expected at least {} and at most {}", .limits.lo, .limits.hi)]
    OutOfBounds { idx: usize, limits: Limits },
    #[error(transparent)]
    Other(#[from] Box<dyn StdError + Send + Sync + 'static>),
    #[error("numbered {0} {0:?} {n}", n = 1 + 2)]
    Mixed(i32),
    #[error("{source}")]
    Implicit { source: fmt::Error },
    #[error("{}: {type}", r#type.len())]
    Raw { r#type: String },
    #[error(
        "long \
         text, naïve größe 😀 {}",
        {
            let parts = [.0.len(), 2];
            parts.iter().sum::<usize>()
        }
    )]
    Block(Vec<u8>),
    #[error("{0:0>width$} {0:.2} {0:e}", width = .1)]
    Spec(f64, usize),
    #[error("{a} {b:?} {a:?}", a = Sep(.0), b = .1)]
    Args(Vec<u8>, Option<()>),
    #[error(fmt = octal)]
    Function { value: u32, digits: usize },
    #[error("{0:p} {0:#?}")]
    Pointer(&'static str),
    #[error("{var}")]
    #[allow(non_camel_case_types)]
    lower_case { var: u8 },
}

fn octal(value: &u32, digits: &usize, f: &mut fmt::Formatter) -> fmt::Result {
    write!(f, "0o{value:0digits$o}")
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    lo: usize,
    hi: usize,
}

#[derive(Debug)]
struct Sep<'a>(&'a [u8]);
impl Display for Sep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b},"))
    }
}

fn first_char(s: &str) -> Option<char> {
    s.chars().next()
}

#[derive(Error, Debug)]
pub enum Generic<T, E = fmt::Error, const N: usize = 4>
where
    E: StdError + 'static,
{
    #[error("display {0}")]
    Display(T),
    #[error("debug {0:?} and {1:x?}")]
    Debug(T, [u8; N]),
    #[error("lower hex {value:#010x}")]
    Hex { value: T },
    #[error(transparent)]
    Source(#[from] E),
    #[error("{}", .0.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(", "))]
    List(Vec<u64>, std::marker::PhantomData<fn(T)>),
}

#[derive(Error, Debug)]
#[error("assoc: {item}")]
pub struct Assoc<I: Iterator>
where
    I::Item: Debug + Display,
{
    item: I::Item,
}

#[derive(Error, Debug)]
#[error("{inner}")]
struct Lifetimes<'a> {
    inner: &'a str,
    other: std::borrow::Cow<'a, str>,
}

#[derive(Error, Debug)]
#[error(transparent)]
pub struct Wrapper(#[from] DataStoreError);

#[derive(Error, Debug)]
#[error("boxed")]
struct Boxed {
    #[from]
    source: Box<Wrapper>,
}

#[derive(Error, Debug)]
#[error("optional cause: {0:?}", self.source.as_ref().map(|s| s.to_string()))]
struct Optional {
    source: Option<io::Error>,
}

#[derive(Error, Debug)]
#[error("{}", if *.many { "many" } else { "few" })]
struct Conditional {
    many: bool,
    not_a_backtrace: std::marker::PhantomData<Trace>,
}

#[derive(Error)]
#[error("{MAX} {}", Self::LIMIT)]
#[non_exhaustive]
pub struct Constants {
    _priv: (),
}
const MAX: u8 = u8::MAX;
impl Constants {
    const LIMIT: i64 = -1;
}
impl Debug for Constants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Constants")
    }
}

#[derive(Error, Debug)]
enum Never {}

// The attribute's parts come from a declarative macro.
macro_rules! error_type {
    ($(#[$meta:meta])* $name:ident, $text:literal $(, $arg:expr)* ; $($field:ident : $ty:ty),*) => {
        #[derive(Debug, Error)]
        #[error($text $(, $arg)*)]
        $(#[$meta])*
        pub struct $name { $(pub $field: $ty),* }
    };
}

error_type!(
    /// From a macro.
    Made, "made of {a} and {b:?} with {}", 40 + 2; a: String, b: Vec<Option<u8>>
);
error_type!(Simple, "simple";);

macro_rules! error_enum {
    ($vis:vis $name:ident { $($variant:ident($ty:ty) = $fmt:expr),* $(,)? }) => {
        #[derive(thiserror_impl::Error, Debug)]
        $vis enum $name {
            $(#[error("{label}: {0}", label = $fmt)] $variant(#[source] $ty),)*
        }
    };
}
error_enum!(pub(crate) Listed {
    Io(io::Error) = "io",
    Fmt(fmt::Error) = concat!("f", "mt"),
    Utf8(std::str::Utf8Error) = MAX,
});

mod nested {
    pub mod deeper {
        #[derive(super::super::Error, Debug)]
        #[error("{0}")]
        pub(in super::super) struct Deep(pub(super) super::Shallow);
    }
    #[derive(thiserror_impl::Error, Debug, PartialEq, Eq)]
    pub enum Shallow {
        #[error("shallow")]
        Only,
    }
}

fn local() -> impl StdError {
    #[derive(Error, Debug)]
    enum Local {
        #[error("local {}", line!())]
        Variant,
    }
    Local::Variant
}
