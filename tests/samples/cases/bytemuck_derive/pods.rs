//! Marker traits for plain data.
#![allow(dead_code, unused_imports)]

use bytemuck_derive::{
    AnyBitPattern, ByteEq, ByteHash, CheckedBitPattern, Contiguous, NoUninit, Pod, TransparentWrapper, Zeroable,
};
use std::marker::PhantomData;

/// A vertex.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable, ByteEq, ByteHash)]
#[repr(C)]
pub struct Vertex {
    /// Where.
    pub position: [f32; 3],
    pub(crate) colour: [u8; 4],
    normal: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(transparent)]
struct Newtype(u128);

#[derive(Clone, Copy, AnyBitPattern)]
#[repr(C)]
struct Padded {
    a: u8,
    b: u32,
    r#type: u16,
}

#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Initialised {
    a: u16,
    b: u8,
    c: bool,
}

#[derive(Clone, Copy, CheckedBitPattern, NoUninit)]
#[repr(C)]
struct Checked {
    flag: bool,
    letter: u8,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, CheckedBitPattern, NoUninit, Contiguous, Zeroable)]
#[repr(u8)]
enum Kind {
    Zero,
    One,
    Two = 2,
    Three,
}

#[derive(Clone, Copy, Contiguous)]
#[repr(i16)]
enum Signed {
    Minus = -1,
    Zero,
    Plus,
}

#[derive(Clone, Copy, CheckedBitPattern)]
#[repr(C, u8)]
enum Data {
    Unit,
    Tuple(u8, bool),
    Struct { a: char, b: (), c: bool },
    Nested(Kind) = 9,
}

#[derive(Clone, Copy, CheckedBitPattern)]
#[repr(u16)]
enum Prim {
    A(u32, Kind),
    B { x: bool } = 300,
    C,
}

#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
union Bits {
    int: u32,
    float: f32,
}

#[derive(Zeroable, Debug)]
#[repr(u8)]
enum WithZero<T> {
    Empty = 0,
    Full(T) = 1,
}

#[derive(Clone, Copy, Zeroable)]
#[repr(transparent)]
struct Generic<T>(T);

#[derive(Zeroable, Clone, Copy)]
#[zeroable(bound = "U: bytemuck::Zeroable")]
#[repr(C)]
struct Bound<T, U, const N: usize>
where
    U: Clone,
{
    marker: PhantomData<T>,
    items: [u32; 4],
    u: U,
}

#[derive(Clone, Copy, AnyBitPattern)]
#[repr(C, packed(2))]
struct Packed<T, const N: usize>
where
    T: Copy,
{
    a: u64,
    marker: PhantomData<[T; N]>,
}

#[derive(TransparentWrapper)]
#[repr(transparent)]
#[transparent(T)]
struct Wrapper<'a, T: ?Sized>(PhantomData<&'a ()>, T)
where
    T: std::fmt::Debug;

#[derive(TransparentWrapper)]
#[repr(transparent)]
#[transparent(Vec<T>)]
struct Named<T, M> {
    list: Vec<T>,
    marker: PhantomData<fn(M) -> M>,
}

#[derive(TransparentWrapper)]
#[repr(transparent)]
struct Slice([u8]);

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "renamed")]
#[repr(C)]
struct OtherCrate {
    größe: i64,
    rest: [Vertex; 2],
}
use bytemuck as renamed;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Unit;

pub mod outer {
    pub mod inner {
        #[derive(Clone, Copy, bytemuck_derive::Pod, bytemuck_derive::Zeroable)]
        #[repr(C)]
        pub(in super::super) struct Inner(pub(super) u8, pub(crate) [i8; 7]);
    }
}

macro_rules! vectors {
    ($($(#[$meta:meta])* $name:ident<$scalar:ty; [$n:expr]> { $($field:ident),* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, Pod, Zeroable)]
            #[repr(C)]
            pub struct $name { $(pub $field: $scalar,)* rest: [$scalar; $n] }

            #[derive(Clone, Copy, TransparentWrapper)]
            #[repr(transparent)]
            struct Hygienic($name);
            const _: () = { let _ = core::mem::size_of::<Hygienic>(); };
        )*
    };
}
vectors! {
    /// Two.
    #[derive(PartialEq)]
    Vec2<f32; [0]> { x, y }
}
macro_rules! codes {
    ($name:ident $repr:ident: $($variant:ident = $value:tt),*) => {
        #[derive(Clone, Copy, Contiguous, NoUninit, CheckedBitPattern)]
        #[repr($repr)]
        enum $name { $($variant = $value),* }
    };
}
codes!(Codes u32: A = 0, B = 1, C = 2);
