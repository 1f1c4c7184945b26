//! Enum representations and variant attributes.
#![allow(dead_code)]

use serde_derive::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum External {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { a: u8, b: Option<Box<External>> },
    EmptyTuple(),
    EmptyStruct {},
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal<'a, T> {
    Unit,
    #[serde(rename = "new-type")]
    Newtype(Inner<T>),
    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    Struct {
        first_field: &'a str,
        second_field: T,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", content = "c", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Adjacent<T: Default> {
    UnitVariant,
    NewtypeVariant(T),
    TupleVariant(T, T),
    StructVariant { some_field: T, #[serde(default)] other_field: T },
    #[serde(skip)]
    Skipped(fn()),
    #[serde(skip_serializing)]
    In(u8),
    #[serde(skip_deserializing)]
    Out(u8),
    #[serde(alias = "one", alias = "two", alias = "drei")]
    Aliased,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a number, a text or a list")]
enum Untagged<'a> {
    Number(i64),
    #[serde(borrow)]
    Text(std::borrow::Cow<'a, str>),
    List(Vec<Untagged<'a>>),
    Map { key: u8, #[serde(flatten)] rest: BTreeMap<String, u8> },
    Nothing,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum MixedTagged {
    A { a: u8 },
    B { b: u8 },
    #[serde(untagged)]
    Rest(Inner<u8>),
    #[serde(untagged)]
    Deep { x: u8, y: u8 },
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[repr(u8)]
enum Discriminants {
    Zero = 0,
    One,
    Ten = 10,
    Max = u8::MAX - 1,
    Expression = {
        const N: u8 = 3;
        N * 7
    },
}

#[derive(Serialize, Deserialize)]
struct Inner<T> {
    value: T,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all(serialize = "UPPERCASE", deserialize = "kebab-case"))]
enum Renamed {
    FirstCase,
    #[serde(rename(serialize = "2nd", deserialize = "second"))]
    SecondCase,
    #[serde(rename = "ünï\u{e7}ödé \"quoted\" \\ \n")]
    Unicode,
    r#Type,
}

#[derive(Serialize, Deserialize)]
enum Never {}

mod identifiers {
    #[derive(serde_derive::Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    pub enum Field<'a> {
        Secs,
        Nanos,
        #[serde(borrow)]
        Other(&'a str),
    }

    #[derive(serde_derive::Deserialize)]
    #[serde(variant_identifier)]
    pub enum Variant {
        Ok,
        Err,
    }
}
