//! The derives of `derive_more`, on what each is for.
#![allow(dead_code, unused_imports)]

use derive_more_impl::{
    Add, AddAssign, AsMut, AsRef, Binary, BitAnd, BitOr, BitXorAssign, Constructor, Debug, Deref, DerefMut, Display, Div,
    Eq, Error, From, FromStr, Index, IndexMut, Into, IntoIterator, IsVariant, LowerExp, LowerHex, Mul, MulAssign, Neg,
    Not, Octal, PartialEq, Pointer, Product, Rem, Shl, Sub, SubAssign, Sum, TryFrom, TryInto, TryUnwrap, Unwrap,
    UpperHex,
};
use std::borrow::Cow;
use std::collections::HashMap;

#[derive(Clone, Copy, Add, Sub, AddAssign, SubAssign, Mul, MulAssign, Div, Rem, Neg, Sum, Constructor, PartialEq, Debug)]
struct Vector<T = f64> {
    x: T,
    y: T,
}

#[derive(Clone, Copy, PartialEq, Eq, Not, BitAnd, BitOr, BitXorAssign, Shl, Binary, Octal, LowerHex, UpperHex, Debug, From, Into)]
struct Flags(u32);

#[derive(Clone, Copy, Mul, Product, Display, LowerExp, From, FromStr)]
#[mul(forward)]
struct Factor(f64);

#[derive(Add, Not, Neg, Debug)]
enum Arithmetic {
    One(i32),
    Two { a: i32, b: i64 },
    #[allow(unused)]
    Unit,
    Three(i8, i16, i32),
}

#[derive(Debug, Display)]
#[display("{x:>width$} at {}, {y:?} {{}}", self.label(), width = 4)]
struct Formatted<'a, T: ?Sized> {
    x: u8,
    #[debug(skip)]
    y: &'a T,
    #[debug("<{}>", secret.len())]
    secret: String,
}

impl<T: ?Sized> Formatted<'_, T> {
    fn label(&self) -> &'static str {
        "größe"
    }
}

#[derive(Debug, Display)]
#[display("wrapper: {_variant}")]
enum Shown<T, E: std::error::Error = std::fmt::Error> {
    #[display("unit")]
    Unit,
    Implicit(T),
    #[display("{_0:?} and {}", _1.to_string())]
    Pair(T, E),
    #[display("{named} {named:?} {0}", named.clone())]
    Named { named: String },
}

#[derive(Display)]
#[display(rename_all = "SCREAMING-KEBAB-CASE")]
enum Cases {
    FirstCase,
    SecondCase,
    #[display(rename_all = "camelCase")]
    ThirdCaseHere,
}

#[derive(Display, Debug)]
#[display(bound(T: std::fmt::Display, U: std::fmt::Debug))]
#[display("{} {:?}", self.0, self.1)]
struct Bound<T, U>(T, U);

#[derive(Debug, Display, Error, From)]
enum Failure<E: std::error::Error + 'static> {
    #[display("io: {_0}")]
    Io(std::io::Error),
    #[from]
    #[display("fmt")]
    Fmt { source: std::fmt::Error },
    #[from(skip)]
    #[display("other")]
    Other(#[error(source)] E),
    #[display("none")]
    #[from(ignore)]
    NoSource(#[error(not(source))] String),
    #[display("at {line}")]
    Line { line: u32, #[error(source)] cause: std::num::ParseIntError },
}

#[derive(From, Into, AsRef, AsMut, Deref, DerefMut, Index, IndexMut, IntoIterator, Debug)]
#[into(owned, ref, ref_mut)]
#[into_iterator(owned, ref, ref_mut)]
#[deref(forward)]
#[deref_mut(forward)]
struct List(Vec<String>);

#[derive(Deref, DerefMut, AsRef, AsMut, Index, IntoIterator)]
struct Picked<K, V> {
    #[deref]
    #[deref_mut]
    #[index]
    #[into_iterator(ref)]
    map: HashMap<K, V>,
    #[as_ref(str, [u8])]
    text: String,
    #[as_mut(forward)]
    bytes: Vec<u8>,
    skipped: (),
}

#[derive(From, Into, Constructor)]
#[from(forward)]
#[into((Box<str>, Cow<'a, str>), (String, String))]
struct Names<'a>(#[into(skip)] Skipped<'a>, String, String);

#[derive(Constructor)]
struct Skipped<'a>(std::marker::PhantomData<&'a ()>);

#[derive(From)]
#[from(Cow<'static, str>, &'static str, Box<str>)]
struct Converted(String);

#[derive(From)]
enum Value {
    #[from(i8, i16, i32, i64)]
    Int(i64),
    #[from(&str, String)]
    Text(Box<str>),
    Pair(u8, String),
    #[from]
    Named { first: char, second: bool },
    Unit,
}

#[derive(IsVariant, Unwrap, TryUnwrap, Debug, Clone)]
#[unwrap(ref, ref_mut)]
#[try_unwrap(owned, ref)]
enum Choice<'a, T: Clone> {
    Nothing,
    One(u8),
    Two(&'a str, T),
    #[is_variant(ignore)]
    #[unwrap(ignore)]
    #[try_unwrap(ignore)]
    Struct { a: T },
    Größe(i64),
}

#[derive(TryInto, Debug)]
#[try_into(owned, ref, ref_mut)]
enum Single<T> {
    One(Vec<T>),
    Other { list: Vec<T> },
    #[try_into(ignore)]
    Ignored(u8),
}

#[derive(TryFrom, Debug, PartialEq, Eq)]
#[try_from(repr)]
#[repr(i16)]
enum Repr {
    Minus = -3,
    Zero = 0,
    One,
    Far = 300 + 7,
    After,
}

#[derive(FromStr, Display, Debug)]
enum Word {
    Yes,
    No,
    #[from_str(rename_all = "UPPERCASE")]
    Maybe,
}

#[derive(FromStr, Into, From)]
struct Id<const N: usize>(#[into(u64, u128)] u32);

#[derive(Pointer, Deref)]
#[pointer("{:p}", self.0)]
struct Ptr<'a, T>(&'a T);

#[derive(PartialEq, Eq, Debug, Clone)]
struct Compare<T> {
    a: T,
    #[eq(skip)]
    #[partial_eq(skip)]
    b: u8,
}

macro_rules! newtypes {
    ($($(#[$meta:meta])* $vis:vis $name:ident($ty:ty);)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, derive_more_impl::Display, derive_more_impl::From, derive_more_impl::Into)]
            #[display("{}: {_0:?}", stringify!($name))]
            $vis struct $name(pub $ty);
        )*
    };
}

newtypes! {
    /// Metres.
    pub Metres(f64);
    #[derive(AsRef, Deref)]
    pub(crate) Owned(Vec<Option<u8>>);
    Plain(&'static str);
}
