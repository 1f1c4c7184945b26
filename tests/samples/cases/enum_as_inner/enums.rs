//! Accessors for variants.
#![allow(dead_code)]

use enum_as_inner::EnumAsInner;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A value.
#[derive(Debug, Clone, PartialEq, EnumAsInner)]
pub enum Value {
    /// Nothing.
    Null,
    Bool(bool),
    Integer(i64),
    /// Text.
    Text(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
    Pair(u8, Option<Box<Value>>),
    Point { x: f64, y: f64 },
    Named { only: String },
    HTTPCode(u16),
    IPv4Address([u8; 4]),
}

#[derive(EnumAsInner, Debug)]
enum Borrowed<'a, 'b: 'a> {
    Str(&'a str),
    Bytes(&'b [u8], usize),
    Both { s: &'a str, b: &'b mut Vec<u8> },
}

#[derive(EnumAsInner, Debug)]
pub(crate) enum Generic<T, U = Vec<T>, const N: usize = 4>
where
    T: Debug + Clone,
    U: IntoIterator<Item = T>,
{
    Left(T),
    Right(U),
    Array([T; N]),
    Mixed { left: T, right: U, rest: (T, U) },
    Phantom(std::marker::PhantomData<fn(T) -> U>),
}

#[derive(EnumAsInner, Debug)]
enum Raw {
    r#Type(u8),
    Fn { r#fn: u8, r#match: u16 },
    Größe(u32),
    #[doc(hidden)]
    Hidden(()),
}

#[derive(EnumAsInner)]
#[repr(u8)]
#[non_exhaustive]
pub enum Discriminants {
    A = 1,
    B(u8) = 7,
    C { x: fn() -> ! } = 0x10,
}

#[derive(EnumAsInner, Debug)]
enum One {
    Only(u8),
}

mod nested {
    pub mod inner {
        #[derive(enum_as_inner::EnumAsInner, Debug)]
        pub(in super::super) enum Inner {
            A(super::super::Value),
            B { value: super::Outer },
            C,
        }
    }

    #[derive(::enum_as_inner::EnumAsInner, Debug, Clone, Copy)]
    pub enum Outer {
        X(u8, u16, u32, u64, u128),
        Y { a: (), b: ((),), c: [(); 1] },
    }
}

fn local() {
    #[derive(EnumAsInner, Debug)]
    enum Local<'x> {
        A(&'x u8),
        B,
    }
    let n = 3;
    let local = Local::A(&n);
    assert!(local.is_a() && !local.is_b());
    assert_eq!(local.as_a(), Some(&&n));
    assert_eq!(*local.into_a().unwrap(), 3);
}

fn uses(mut value: Value) -> Result<String, Value> {
    if let Some(list) = value.as_list_mut() {
        list.push(Value::Null);
    }
    if let Some((x, y)) = value.as_point() {
        return Ok(format!("{x} {y}"));
    }
    value.into_text()
}

macro_rules! messages {
    ($(#[$meta:meta])* $vis:vis enum $name:ident<$($lt:lifetime),*> { $($variant:ident($($ty:ty),*) = $code:expr),* $(,)? }) => {
        #[derive(Debug, EnumAsInner)]
        $(#[$meta])*
        $vis enum $name<$($lt),*> { $($variant($($ty),*)),* }
        impl<$($lt),*> $name<$($lt),*> {
            const CODES: &'static [u8] = &[$($code),*];
        }
    };
}
messages! {
    /// Made by a macro.
    #[allow(clippy::all)]
    pub(crate) enum Message<'m> {
        Ping(u8) = 0,
        Data(&'m [u8], Option<std::borrow::Cow<'m, str>>) = 1 + 1,
        Close(u16) = 3,
    }
}

macro_rules! wide {
    ($($variant:ident)*) => {
        #[derive(EnumAsInner, Clone, Debug)]
        pub enum Wide {
            $($variant { first: u8, second: Vec<u8>, third: String },)*
        }
    };
}
wide! { Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon }
