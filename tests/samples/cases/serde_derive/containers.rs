//! Every container shape with generics, lifetimes and bounds.
#![allow(dead_code, non_camel_case_types, non_snake_case)]

use serde_derive::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Unit;

#[derive(Serialize, Deserialize)]
struct EmptyBraces {}

#[derive(Serialize, Deserialize)]
struct EmptyTuple();

#[derive(Serialize, Deserialize, Debug, Clone)]
struct Newtype(u64);

#[derive(Serialize, Deserialize)]
struct Pair(pub i8, pub(crate) String);

/// A point with a doc comment, which the derive has to skip.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Point<T = f64> {
    /// Doc on a field.
    pub x: T,
    pub y: T,
    r#type: String,
    r#fn: Option<Box<Point<T>>>,
    größe: u32,
}

#[derive(Serialize, Deserialize)]
struct Wide(
    u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char,
    (), (u8,), (u8, u16), [u8; 0], [u8; 32], String, Option<Vec<Option<()>>>,
);

#[derive(Serialize, Deserialize)]
struct Borrowed<'a, 'b: 'a> {
    name: &'a str,
    #[serde(borrow)]
    alias: Cow<'b, str>,
    #[serde(borrow = "'a + 'b")]
    both: Both<'a, 'b>,
    bytes: &'a [u8],
    #[serde(borrow)]
    list: Vec<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Both<'a, 'b> {
    a: &'a str,
    b: &'b str,
}

#[derive(Serialize, Deserialize)]
struct Bounds<K, V, const N: usize>
where
    K: Ord + Debug,
    V: Display,
{
    #[serde(bound(
        serialize = "K: serde::Serialize, V: serde::Serialize",
        deserialize = "K: serde::Deserialize<'de> + Ord, V: serde::Deserialize<'de>"
    ))]
    map: BTreeMap<K, V>,
    marker: PhantomData<[V; N]>,
    #[serde(skip)]
    cache: HashMap<String, usize>,
}

#[derive(Serialize, Deserialize)]
struct Assoc<I: Iterator>
where
    I::Item: Clone + serde::Serialize + serde::de::DeserializeOwned,
{
    first: Option<I::Item>,
    second: <I as Iterator>::Item,
    #[serde(skip, default = "Option::default")]
    pointer: Option<fn() -> PhantomData<I>>,
}

trait Wrapper {
    type Inner;
    const WIDTH: usize;
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Phantom<T: ?Sized>(PhantomData<fn(&T) -> T>)
where
    T: Sized;

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "W::Inner: serde::Serialize"))]
#[serde(bound(deserialize = "W::Inner: serde::de::DeserializeOwned"))]
struct Projected<W>
where
    W: Wrapper,
{
    inner: W::Inner,
}

pub mod outer {
    pub(crate) mod inner {
        #[derive(super::super::Serialize, serde_derive::Deserialize)]
        pub(in crate::outer) struct Hidden<'de2> {
            pub(super) text: &'de2 str,
            pub(self) number: super::Number,
        }
    }

    #[derive(::serde_derive::Serialize, ::serde_derive::Deserialize)]
    #[serde(transparent)]
    #[repr(transparent)]
    pub struct Number {
        value: i64,
    }

    #[derive(serde_derive::Serialize)]
    #[serde(transparent)]
    pub struct Transparent<T: ?Sized> {
        marker: std::marker::PhantomData<u8>,
        #[serde(skip)]
        skipped: u8,
        it: Box<T>,
    }
}

fn local() {
    #[derive(Serialize, Deserialize)]
    struct Local<'a> {
        s: &'a str,
    }
    {
        #[derive(Serialize)]
        enum Nested {
            A,
            B(u8),
        }
        let _ = Nested::A;
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(all(), serde(rename = "ConfiguredIn", deny_unknown_fields))]
#[cfg_attr(any(), serde(rename = "ConfiguredOut"))]
struct Configured {
    #[cfg(all())]
    here: u8,
    #[cfg(any())]
    gone: Missing,
    #[cfg_attr(all(), serde(default))]
    set: BTreeSet<u8>,
}
