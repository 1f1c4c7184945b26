//! Errors with context selectors, and the reporting attribute.
#![allow(dead_code)]

use snafu::{Backtrace, IntoError, Location, OptionExt, ResultExt};
use snafu_derive::{report, Snafu};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

/// Something with the files.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum Error {
    /// Documented.
    #[snafu(display("Could not open config from {}: {source}", filename.display()))]
    OpenConfig { filename: PathBuf, source: io::Error },
    #[snafu(display("Could not save {id} {:?} größe {{}}", id + 1))]
    SaveConfig { id: u8, source: io::Error, backtrace: Backtrace },
    #[snafu(display("missing {what}"), context(suffix(Missing)))]
    Nothing { what: &'static str, #[snafu(implicit)] location: Location },
    #[snafu(transparent)]
    Utf8 { source: std::str::Utf8Error },
    #[snafu(context(false))]
    Parse { source: std::num::ParseIntError, backtrace: Option<Backtrace> },
    #[snafu(whatever, display("{message}"))]
    Whatever {
        message: String,
        #[snafu(source(from(Box<dyn std::error::Error + Send + Sync>, Some)))]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    #[snafu(visibility(pub), display("boxed"))]
    Boxed {
        #[snafu(source(from(Inner, Box::new)))]
        source: Box<Inner>,
    },
    Undecorated { user_id: i32, source_id: u64, #[snafu(source(false))] source: String },
    Unit,
    TupleLike {},
    #[snafu(display("raw {}", r#type.len()))]
    Raw { r#type: String, r#match: u8 },
    #[snafu(context(name(CustomName)), display("custom"))]
    Renamed { #[snafu(source)] cause: io::Error, #[snafu(backtrace)] trace: Backtrace },
}

#[derive(Debug, Snafu)]
#[snafu(display("inner with {code}"))]
pub struct Inner {
    code: i64,
    cause: Option<i16>,
}

#[derive(Debug, Snafu)]
#[snafu(visibility(pub(self)), module(generic_errors))]
pub enum Generic<'a, T, E = io::Error, const N: usize = 2>
where
    T: Debug + 'a,
    E: std::error::Error + 'static,
{
    #[snafu(display("value {value:?} of {N}"))]
    Value { value: T, list: [u8; N] },
    #[snafu(display("borrowed {text}"))]
    Borrowed { text: &'a str, source: E },
}

#[derive(Debug, Snafu)]
#[snafu(module, context(suffix(false)), visibility(pub))]
enum Modular {
    First,
    Second { n: u8 },
}

#[derive(Debug, Snafu)]
pub struct Opaque(InnerOpaque);

#[derive(Debug, Snafu)]
#[snafu(source(from(exact)))]
pub struct Exact(#[allow(unused)] InnerOpaque);

#[derive(Debug, Snafu)]
#[snafu(source(from(String, |e| StringError(e))))]
pub struct Converted(StringError);

#[derive(Debug)]
pub struct StringError(String);
impl std::fmt::Display for StringError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for StringError {}
impl snafu::ErrorCompat for StringError {
    fn backtrace(&self) -> Option<&Backtrace> {
        None
    }
}

#[derive(Debug, Snafu)]
enum InnerOpaque {
    #[snafu(display("opaque {a}"))]
    A { a: u8 },
}

#[derive(Debug, Snafu)]
#[snafu(crate_root(renamed))]
#[snafu(display("other crate"))]
struct OtherCrate {
    source: io::Error,
}
use snafu as renamed;

#[derive(Debug, Snafu)]
#[snafu(display("provides {n}"))]
struct Unnamed {
    n: u8,
}

#[report]
fn main() -> Result<(), Error> {
    read(Path::new("x"))?;
    Ok(())
}

#[snafu_derive::report]
async fn asynchronous(path: &Path) -> Result<(), Error> {
    std::fs::read(path).context(OpenConfigSnafu { filename: path })?;
    Ok(())
}

fn read(path: &Path) -> Result<u64, Error> {
    let bytes = std::fs::read(path).context(OpenConfigSnafu { filename: path })?;
    let text = std::str::from_utf8(&bytes)?;
    let first = text.lines().next().context(NothingMissing { what: "line" })?;
    if first.is_empty() {
        return UnitSnafu.fail();
    }
    if first == "x" {
        Err(io::Error::other("x")).context(CustomName)?;
    }
    let n: u64 = first.parse()?;
    snafu::ensure!(n > 3, RawSnafu { r#type: "t", r#match: 1u8 });
    Err(InnerSnafu { code: 1, cause: None }.build()).context(BoxedSnafu)
}

fn modular() -> Result<(), Modular> {
    modular::First.fail().or_else(|_| modular::Second { n: 1 }.fail())
}

fn into() -> Error {
    SaveConfigSnafu { id: 3 }.into_error(io::Error::other("y"))
}

mod nested {
    pub(crate) mod deeper {
        #[derive(Debug, snafu_derive::Snafu)]
        #[snafu(visibility(pub(in crate::nested)))]
        pub enum Deep {
            #[snafu(display("deep {}", super::super::N))]
            Deepest { inner: super::super::Unnamed2 },
        }
    }
    fn make() -> deeper::Deep {
        deeper::DeepestSnafu { inner: () }.build()
    }
}
const N: usize = 1;
type Unnamed2 = ();

macro_rules! error {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variant:ident { $($field:ident: $ty:ty),* } = $text:literal $(, $arg:expr)*;)* }) => {
        #[derive(Debug, Snafu)]
        $(#[$meta])*
        $vis enum $name {
            $(#[snafu(display($text $(, $arg)*))] $variant { $($field: $ty),* },)*
        }
    };
}
error! {
    /// Made by a macro.
    #[snafu(visibility(pub(crate)))]
    pub(crate) enum Made {
        One { a: u8, b: Option<String> } = "one {}", 1 + 1;
        Two { source: std::fmt::Error } = "two";
    }
}
