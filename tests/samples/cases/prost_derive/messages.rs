//! Protocol buffer messages, as prost-build writes them and beyond.
#![allow(dead_code)]

use prost_derive::{Enumeration, Message, Oneof};
use std::collections::{BTreeMap, HashMap};

/// A person.
#[derive(Clone, PartialEq, Message)]
pub struct Person {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(int32, tag = "2")]
    pub id: i32,
    #[prost(string, optional, tag = "3")]
    pub email: Option<String>,
    #[prost(message, repeated, tag = "4")]
    pub phones: Vec<person::PhoneNumber>,
    #[prost(message, optional, boxed, tag = "5")]
    pub parent: Option<Box<Person>>,
    #[prost(enumeration = "person::PhoneType", tag = "6", default = "Work")]
    pub preferred: i32,
    #[prost(enumeration = "person::PhoneType", repeated, packed = "false", tag = "7")]
    pub types: Vec<i32>,
    #[prost(oneof = "person::Contact", tags = "8, 9, 10, 11")]
    pub contact: Option<person::Contact>,
    #[prost(map = "string, message", tag = "12")]
    pub friends: HashMap<String, Person>,
    #[prost(btree_map = "int32, enumeration(person::PhoneType)", tag = "13")]
    pub by_id: BTreeMap<i32, i32>,
    #[prost(bytes = "vec", tag = "14")]
    pub photo: Vec<u8>,
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub chunks: Vec<prost::bytes::Bytes>,
    #[prost(group, optional, tag = "16")]
    pub group: Option<person::Group>,
    #[prost(string, tag = "17")]
    pub r#type: String,
}

pub mod person {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost_derive::Message)]
    pub struct PhoneNumber {
        #[prost(string, required, tag = "1")]
        pub number: String,
        #[prost(enumeration = "PhoneType", optional, tag = "2")]
        pub kind: ::core::option::Option<i32>,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost_derive::Enumeration)]
    #[repr(i32)]
    pub enum PhoneType {
        Mobile = 0,
        Home = 1,
        Work = 2,
        Negative = -4,
    }

    #[derive(Clone, PartialEq, ::prost_derive::Oneof)]
    pub enum Contact {
        #[prost(string, tag = "8")]
        Address(String),
        #[prost(message, tag = "9")]
        Other(Box<super::Person>),
        #[prost(fixed64, tag = "10")]
        Number(u64),
        #[prost(enumeration = "PhoneType", tag = "11")]
        Kind(i32),
    }

    #[derive(Clone, Copy, PartialEq, ::prost_derive::Message)]
    pub struct Group {
        #[prost(bool, tag = "1")]
        pub flag: bool,
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct Scalars {
    #[prost(double, tag = "1", default = "1.5")]
    pub double: f64,
    #[prost(float, tag = "2", default = "inf")]
    pub float: f32,
    #[prost(int32, tag = "3", default = "-7")]
    pub int32: i32,
    #[prost(int64, tag = "4")]
    pub int64: i64,
    #[prost(uint32, tag = "5", default = "42")]
    pub uint32: u32,
    #[prost(uint64, tag = "6")]
    pub uint64: u64,
    #[prost(sint32, tag = "7")]
    pub sint32: i32,
    #[prost(sint64, tag = "8")]
    pub sint64: i64,
    #[prost(fixed32, tag = "9")]
    pub fixed32: u32,
    #[prost(fixed64, repeated, tag = "10")]
    pub fixed64: Vec<u64>,
    #[prost(sfixed32, optional, tag = "11")]
    pub sfixed32: Option<i32>,
    #[prost(sfixed64, repeated, packed = "true", tag = "12")]
    pub sfixed64: Vec<i64>,
    #[prost(bool, tag = "13", default = "true")]
    pub boolean: bool,
    #[prost(string, tag = "14", default = "größe \"x\"")]
    pub string: String,
    #[prost(bytes, tag = "15", default = "b\"foo\\x00\"")]
    pub bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Inferred {
    #[prost(uint32)]
    pub one: u32,
    #[prost(sint64, optional)]
    pub two: Option<i64>,
    #[prost(string, tag = "20")]
    pub twenty: String,
    #[prost(bool)]
    pub next: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Tuple(
    #[prost(int32, tag = "1")] i32,
    #[prost(message, optional, tag = "2")] Option<Empty>,
    #[prost(map = "uint32, bool", tag = "3")] HashMap<u32, bool>,
);

#[derive(Clone, PartialEq, Message)]
pub struct Empty {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[prost(prost_path = "::prost")]
#[repr(i32)]
pub enum Status {
    /// Documented.
    Unknown = 0,
    #[deprecated]
    Old = 1,
    Best = 0x7fff,
}

#[derive(Clone, PartialEq, Oneof)]
enum Choice {
    #[prost(double, tag = "100")]
    Double(f64),
    #[prost(bytes = "vec", tag = "101")]
    Bytes(Vec<u8>),
    #[prost(group, tag = "102")]
    Group(person::Group),
    #[prost(sint32, tag = "103")]
    Hex(i32),
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct NoDebug {
    #[prost(string, tag = "1")]
    secret: String,
    #[prost(oneof = "Choice", tags = "100, 101, 102, 103")]
    choice: Option<Choice>,
}
impl std::fmt::Debug for NoDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoDebug")
    }
}

#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "renamed")]
struct OtherCrate {
    #[prost(string, repeated, tag = "1")]
    list: Vec<String>,
}
use prost as renamed;

macro_rules! messages {
    ($($(#[$meta:meta])* $vis:vis message $name:ident { $($kind:ident $field:ident: $ty:ty = $tag:literal;)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, prost_derive::Message)]
            $vis struct $name { $(#[prost($kind, tag = $tag)] pub $field: $ty),* }
        )*
    };
}
messages! {
    /// Made by a macro.
    #[derive(Eq, Hash)]
    pub message First { uint32 a: u32 = "1"; string b: String = "2"; }
    pub(crate) message Second { bool flag: bool = "7"; bytes data: Vec<u8> = "536870911"; }
}
