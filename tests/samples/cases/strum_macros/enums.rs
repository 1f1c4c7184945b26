//! Every derive of strum.
#![allow(dead_code, deprecated, non_camel_case_types)]

use strum_macros::{
    AsRefStr, AsStaticStr, Display, EnumCount, EnumDiscriminants, EnumIs, EnumIter, EnumMessage, EnumString,
    EnumTable, EnumTryAs, FromRepr, IntoStaticStr, VariantArray, VariantNames,
};

/// Colours.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, AsRefStr, Display, EnumCount, EnumIs, EnumIter, EnumMessage,
    EnumString, FromRepr, IntoStaticStr, VariantArray, VariantNames,
)]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
#[repr(u8)]
pub enum Colour {
    /// The colour of blood.
    ///
    /// And of roses.
    #[strum(serialize = "r", serialize = "rouge", props(hex = "ff0000", warm = true, rank = 1))]
    Red = 1,
    #[strum(to_string = "grün", message = "green", detailed_message = "The colour of grass")]
    DarkGreen,
    #[strum(disabled)]
    Hidden = 10 + 2,
    #[strum(ascii_case_insensitive = false, props(hex = "0000ff"))]
    Blue,
    r#Type = 0x40,
}

#[derive(Debug, EnumString, Display, AsRefStr, EnumDiscriminants, EnumIs, EnumTryAs, VariantNames, EnumCount, IntoStaticStr)]
#[strum(prefix = "cmd/", suffix = "!")]
#[strum_discriminants(derive(EnumIter, EnumString, Display, Hash), name(CommandKind), vis(pub(crate)))]
#[strum_discriminants(doc = "The kinds of command.", strum(serialize_all = "SCREAMING_SNAKE_CASE"))]
enum Command<'a, T: Default, const N: usize = 1>
where
    T: std::fmt::Debug,
    &'a str: Default,
{
    Unit,
    Tuple(u8, &'a str, T),
    Struct { text: String, list: Vec<[u8; N]> },
    #[strum_discriminants(strum(serialize = "one"))]
    One(Box<T>),
    #[strum(to_string = "say {text} {times:>4}", disabled)]
    Say { text: String, times: usize },
    #[strum(transparent)]
    #[strum(disabled)]
    Inner(Inner),
}

#[derive(Debug, Default, AsRefStr, Display, IntoStaticStr, Clone, PartialEq)]
#[strum(const_into_str)]
enum Inner {
    #[default]
    #[strum(serialize = "in")]
    A,
    B,
}

#[derive(EnumString, Display, Debug)]
#[strum(parse_err_ty = ParseFailure, parse_err_fn = failure)]
enum Custom {
    A,
    #[strum(default_with = "fallback")]
    Fallback(u8),
    #[strum(serialize = "ünïcödé \"q\" {{braces}}")]
    Unicode,
}

fn fallback() -> u8 {
    3
}

#[derive(Debug)]
struct ParseFailure(String);
fn failure(s: &str) -> ParseFailure {
    ParseFailure(s.to_owned())
}

#[derive(EnumString, Display, Debug, AsRefStr)]
enum Default_ {
    A,
    #[strum(default)]
    Rest(String),
    #[strum(to_string = "pair: {0} {1:?}")]
    Pair(u8, Option<u8>),
}

#[derive(EnumTable, Clone, Copy, Debug, EnumIter)]
enum Season {
    Spring,
    Summer,
    Autumn,
    #[strum(disabled)]
    Monsoon,
    Winter,
}

#[derive(EnumIter, EnumCount, FromRepr, Debug, Clone, EnumDiscriminants)]
#[strum_discriminants(derive(FromRepr, VariantArray))]
#[repr(i16)]
pub(crate) enum Signed<T: Default> {
    Low = -5,
    Data(T) = 7,
    Named { a: T, b: u8 },
    Top = i16::MAX,
}

#[derive(EnumMessage, Clone)]
enum Props {
    #[strum(props(Name = "a", Count = 3, Flag = false))]
    A,
    #[strum(props(Name = "b"), props(Other = "o"))]
    B(u8),
    #[strum(disabled)]
    C { x: u8 },
}

#[derive(AsStaticStr, EnumIs, EnumTryAs, Debug)]
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    HTTPText(String),
    List(Vec<Json>),
    Pair(Box<Json>, Box<Json>),
    Obj { keys: Vec<String> },
}

#[derive(EnumIter, Display, VariantNames, AsRefStr)]
#[strum(crate = "renamed", serialize_all = "title_case")]
enum OtherCrate {
    FirstOne,
    SecondOne,
}
use strum as renamed;

mod cases {
    macro_rules! cases {
        ($($name:ident = $case:literal),* $(,)?) => {
            $(
                #[derive(super::Display, super::EnumString, super::VariantNames, super::AsRefStr)]
                #[strum(serialize_all = $case)]
                pub enum $name {
                    CamelCaseName,
                    Snake_case_name,
                    HTTPServer2,
                    X,
                }
            )*
        };
    }
    cases! {
        Snake = "snake_case",
        Screaming = "SCREAMING_SNAKE_CASE",
        Kebab = "kebab-case",
        ScreamingKebab = "SCREAMING-KEBAB-CASE",
        Camel = "camelCase",
        Pascal = "PascalCase",
        Lower = "lowercase",
        Upper = "UPPERCASE",
        Mixed = "mixed_case",
        Train = "Train-Case",
    }
}

macro_rules! registry {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: $repr:ty { $($variant:ident $(($ty:ty))? = $text:expr),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, EnumIter, EnumCount, EnumDiscriminants, EnumIs)]
        #[strum_discriminants(derive(strum_macros::IntoStaticStr))]
        $vis enum $name { $($variant $(($ty))?),* }
        impl $name {
            const TEXT: &'static [&'static str] = &[$($text),*];
        }
    };
}

registry! {
    /// Registered.
    #[non_exhaustive]
    pub enum Registry: u8 {
        Nothing = "nothing",
        Number(u64) = concat!("num", "ber"),
        Text(Option<&'static str>) = stringify!(text here),
    }
}
