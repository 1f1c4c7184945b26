//! Archived types of every shape.
#![allow(dead_code)]

use rkyv::niche::niching::{NaN, Null, Zero};
use rkyv::rancor;
use rkyv::with::{AsBox, AsOwned, AsVec, Inline, InlineAsBox, Map, Niche, NicheInto, Skip};
use rkyv_derive::{Archive, Deserialize, Portable, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::num::NonZeroU64;

/// Documented.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[rkyv(derive(Debug))]
pub struct Player {
    /// The name.
    pub name: String,
    pub position: (f32, f32, f32),
    health: u8,
    pub(crate) inventory: Vec<Option<u32>>,
    map: HashMap<u8, Vec<u8>>,
    r#type: Option<Box<str>>,
}

#[derive(Archive, Serialize, Deserialize)]
struct Unit;

#[derive(Archive, Serialize, Deserialize)]
struct Tuple(i32, pub String, #[rkyv(with = Skip)] PhantomData<u8>);

#[derive(Archive, Serialize, Deserialize, Debug, PartialEq)]
#[rkyv(compare(PartialEq), derive(Debug), archived = Shape, resolver = ResolveShape, attr(doc = "An archived one."))]
#[repr(u8)]
enum Geometry {
    Dot,
    Circle(f64),
    Rect { width: f64, height: f64 } = 7,
    Poly(Vec<(f64, f64)>),
    r#Fn,
}

#[derive(Archive, Serialize, Deserialize)]
struct Generic<T, U: Default = u8, const N: usize = 3>
where
    T: Clone,
{
    list: Vec<T>,
    array: [U; N],
    nested: Option<Box<Pair<T, U>>>,
}

#[derive(Archive, Serialize, Deserialize)]
#[rkyv(attr(allow(missing_docs), repr(C)))]
struct Pair<A, B>(A, B);

#[derive(Archive, Serialize, Deserialize)]
#[rkyv(serialize_bounds(
    __S: rkyv::ser::Writer + rkyv::ser::Allocator,
    <__S as rancor::Fallible>::Error: rancor::Source,
))]
#[rkyv(deserialize_bounds(<__D as rancor::Fallible>::Error: rancor::Source))]
#[rkyv(bytecheck(bounds(__C: rkyv::validation::ArchiveContext, __C::Error: rancor::Source)))]
pub enum JsonValue {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(#[rkyv(omit_bounds)] Vec<JsonValue>),
    Object(#[rkyv(omit_bounds)] BTreeMap<String, JsonValue>),
}

#[derive(Archive, Serialize)]
struct Wrapped<'a> {
    #[rkyv(with = InlineAsBox)]
    text: &'a str,
    #[rkyv(with = Inline)]
    number: &'a u32,
    #[rkyv(with = AsOwned)]
    cow: Cow<'a, [u8]>,
    #[rkyv(with = Map<InlineAsBox>)]
    list: Vec<&'a [u16]>,
    #[rkyv(with = AsVec)]
    set: HashMap<u8, u8>,
    #[rkyv(with = AsBox)]
    boxed: u64,
}

#[derive(Archive, Serialize, Deserialize)]
struct Niches {
    #[rkyv(with = NicheInto<Zero>)]
    non_zero: Option<NonZeroU64>,
    #[rkyv(with = NicheInto<Null>)]
    boxed: Option<Box<[u8]>>,
    #[rkyv(with = Niche)]
    old: Option<Box<u8>>,
    #[rkyv(niche = NaN)]
    float: f32,
}

mod remote {
    pub struct Foo {
        pub ch: char,
        pub bytes: [u8; 4],
        bar: u32,
    }
    impl Foo {
        pub fn new(ch: char, bytes: [u8; 4], bar: u32) -> Self {
            Self { ch, bytes, bar }
        }
        pub fn bar(&self) -> &u32 {
            &self.bar
        }
    }
    pub enum Level {
        Low,
        High(u8),
    }
}

#[derive(Archive, Serialize, Deserialize)]
#[rkyv(remote = remote::Foo, archived = ArchivedFoo)]
struct FooDef {
    ch: char,
    bytes: [u8; 4],
    #[rkyv(getter = remote::Foo::bar)]
    bar: u32,
}
impl From<FooDef> for remote::Foo {
    fn from(f: FooDef) -> Self {
        remote::Foo::new(f.ch, f.bytes, f.bar)
    }
}

#[derive(Archive, Serialize, Deserialize)]
#[rkyv(remote = remote::Level)]
enum LevelDef {
    Low,
    High(u8),
}
impl From<LevelDef> for remote::Level {
    fn from(l: LevelDef) -> Self {
        match l {
            LevelDef::Low => Self::Low,
            LevelDef::High(n) => Self::High(n),
        }
    }
}

#[derive(Archive, Serialize, Deserialize)]
struct UsesRemote {
    #[rkyv(with = FooDef)]
    foo: remote::Foo,
    #[rkyv(with = Map<LevelDef>)]
    levels: Vec<remote::Level>,
}

#[derive(Portable, Clone, Copy)]
#[repr(C)]
struct Portable1<T>(T, u8);

#[derive(Portable)]
#[repr(u8)]
enum Portable2 {
    A,
    B,
}

#[derive(Archive, Serialize, Deserialize, Portable, Clone, Copy)]
#[rkyv(as = SelfArchived)]
#[repr(transparent)]
struct SelfArchived {
    byte: u8,
}

#[derive(Archive, Serialize, Deserialize)]
#[rkyv(crate = renamed)]
struct OtherCrate {
    größe: u32,
}
use rkyv as renamed;

pub mod outer {
    pub(crate) mod inner {
        #[derive(rkyv_derive::Archive, rkyv_derive::Serialize)]
        pub(in super::super) struct Inner {
            pub(super) a: u128,
            pub(in crate::outer) b: [i8; 3],
        }
    }
}

macro_rules! records {
    ($($(#[$meta:meta])* $vis:vis $name:ident { $($field:ident: $ty:ty),* } of $n:expr;)*) => {
        $(
            #[derive(Archive, rkyv_derive::Serialize, rkyv_derive::Deserialize, Debug)]
            $(#[$meta])*
            $vis struct $name { $(pub $field: $ty,)* rest: [u8; $n] }
        )*
    };
}
records! {
    /// Made by a macro.
    #[rkyv(derive(Debug))]
    pub First { a: u8, b: Vec<Option<String>> } of 1 + 1;
    Second { list: [u16; 4] } of { 2 * 2 };
}
