//! Byte-level traits on structs, enums and unions.
#![allow(dead_code, non_camel_case_types)]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy_derive::{
    ByteEq, ByteHash, FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, SplitAt, TryFromBytes, Unaligned,
};
use zerocopy::Unaligned as IsUnaligned;

/// An UDP header.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, ByteEq, ByteHash)]
#[repr(C)]
pub struct UdpHeader {
    /// Source.
    pub src_port: U16,
    pub dst_port: U16,
    pub length: U16,
    checksum: [u8; 2],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C, packed)]
struct Packed {
    a: u64,
    b: u16,
    c: [u32; 3],
}

#[derive(FromBytes, KnownLayout, Immutable, SplitAt)]
#[repr(C)]
pub struct Packet<T> {
    kind: u8,
    flags: u8,
    pub id: u16,
    r#type: u32,
    body: [T],
}

#[derive(TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(transparent)]
struct Transparent<T: ?Sized>(PhantomData<u8>, T);

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Bounds<A, B, const N: usize>
where
    A: Copy + IsUnaligned,
    B: Clone,
    [A; N]: Sized,
{
    list: [u8; N],
    pair: (),
    a: PhantomData<A>,
    b: PhantomData<[B; N]>,
}

#[derive(FromZeros, KnownLayout)]
#[repr(C, align(16))]
struct Aligned<'a, T> {
    cell: UnsafeCell<T>,
    marker: PhantomData<&'a T>,
    optional: Option<std::num::NonZeroU8>,
    function: Option<fn(u8) -> u8>,
}

#[derive(TryFromBytes, Debug, Clone, Copy, PartialEq)]
struct Plain {
    flag: bool,
    letter: char,
    number: std::num::NonZeroU16,
}

#[derive(FromZeros, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    A,
    B = 7,
    C,
    D = 0x20 + 1,
}

#[derive(TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(i16)]
enum Signed {
    Low = -300,
    Minus = -1,
    Zero,
}

#[derive(TryFromBytes, KnownLayout, Immutable)]
#[repr(u8)]
enum Data<'a, T: TryLike, const N: usize = 2> {
    Unit,
    Tuple(u8, bool, T),
    Struct { a: [bool; N], marker: PhantomData<&'a str> } = 9,
    r#Raw(()),
}

trait TryLike {}

#[derive(TryFromBytes, KnownLayout, Immutable)]
#[repr(u16)]
enum Nested {
    One(Kind),
    Two { kind: Kind, flag: bool },
    Three,
}

#[derive(FromBytes, KnownLayout, Immutable)]
#[repr(C)]
union Bits {
    int: u32,
    float: f32,
    bytes: [u8; 4],
}

#[derive(TryFromBytes, Immutable, KnownLayout)]
#[repr(C)]
union Generic<T: Copy, U>
where
    U: Copy,
{
    t: T,
    u: ManuallyDrop<U>,
    flag: bool,
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Unit;

#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Braces {}

#[derive(FromBytes, Immutable, KnownLayout)]
#[zerocopy(crate = "zerocopy")]
#[repr(C)]
struct OtherCrate(u8, u16, [UdpHeader; 2]);

mod nested {
    pub(crate) mod inner {
        #[derive(zerocopy_derive::FromBytes, zerocopy_derive::IntoBytes, zerocopy_derive::Immutable)]
        #[repr(C)]
        pub(in super::super) struct Inner {
            pub(super) größe: u32,
            pub(crate) other: super::super::U32,
        }
    }
}

// The bits of every value of a u8.
macro_rules! bytes {
    ($name:ident: $($variant:ident)*) => {
        #[derive(FromZeros, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(u8)]
        enum $name { $($variant),* }
    };
}
bytes!(Sixteen: V0 V1 V2 V3 V4 V5 V6 V7 V8 V9 VA VB VC VD VE VF);

macro_rules! wire {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $ty:ty [$len:expr]),* $(,)? }) => {
        #[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        $(#[$meta])*
        #[repr(C)]
        $vis struct $name { $($field: [$ty; $len]),* }
    };
}
wire! {
    /// Made by a macro.
    pub(crate) struct Wire {
        head: u8 [1 + 1],
        port: U16 [{ const N: usize = 2; N }],
        rest: Packed [3],
    }
}
