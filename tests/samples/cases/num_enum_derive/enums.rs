//! Conversions between enums and integers.
#![allow(dead_code)]

use num_enum_derive::{Default, FromPrimitive, IntoPrimitive, TryFromPrimitive, UnsafeFromPrimitive};

/// Numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum Number {
    /// Nothing.
    Zero,
    One,
    #[num_enum(alternatives = [12, 22])]
    Ten = 10,
    #[cfg(all())]
    Last = u8::MAX,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, FromPrimitive, Default)]
#[repr(i16)]
enum Signed {
    Minus = -300,
    Zero = 0,
    #[num_enum(default)]
    Unknown,
    #[num_enum(alternatives = [-5, 7])]
    r#Match = 0x100,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, FromPrimitive)]
#[repr(u16)]
enum CatchAll {
    A = 1,
    B = 1 << 4,
    #[num_enum(catch_all)]
    Other(u16),
}

#[derive(Debug, Default, PartialEq, Eq, TryFromPrimitive, IntoPrimitive, UnsafeFromPrimitive, Clone, Copy)]
#[repr(u64)]
pub(crate) enum WithDefault {
    #[num_enum(default)]
    First = 1_000_000_000_000,
    Second,
    Third = 7 + 1,
}

#[derive(TryFromPrimitive, Debug, PartialEq, Eq)]
#[num_enum(error_type(name = CustomError, constructor = CustomError::new))]
#[repr(u32)]
enum Custom {
    Größe = 3,
    Ünï,
}

#[derive(Debug, PartialEq, Eq)]
pub struct CustomError {
    bad: u32,
}
impl CustomError {
    fn new(bad: u32) -> CustomError {
        CustomError { bad }
    }
}

#[derive(FromPrimitive, IntoPrimitive, Debug, PartialEq, Eq, Clone, Copy)]
#[num_enum(crate = renamed)]
#[repr(i8)]
enum OtherCrate {
    A = -128,
    #[num_enum(default)]
    Rest = 127,
}
use num_enum as renamed;

#[derive(FromPrimitive, Debug, PartialEq, Eq)]
#[repr(u8)]
enum StandardDefault {
    X = 4,
    #[default]
    Y,
}

#[derive(UnsafeFromPrimitive, IntoPrimitive)]
#[repr(usize)]
enum Size {
    A = 1,
    B = 2,
    C = 4,
}

#[derive(TryFromPrimitive, IntoPrimitive)]
#[repr(isize)]
enum Isize {
    A = -1,
}

#[derive(IntoPrimitive, TryFromPrimitive, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Huge {
    Big = 18_446_744_073_709_551_615,
    Small = 0,
}

pub mod outer {
    pub(super) mod inner {
        #[derive(num_enum_derive::TryFromPrimitive, num_enum_derive::IntoPrimitive, Debug, PartialEq, Eq)]
        #[repr(i32)]
        pub(in super::super) enum Inner {
            Neg = -2147483648,
            Pos = 2147483647,
        }
    }
}

const BASE: u8 = 40;
#[derive(TryFromPrimitive, IntoPrimitive, Debug, PartialEq, Eq, Clone, Copy)]
#[repr(u8)]
enum Computed {
    A = BASE,
    B = BASE + 2,
    C,
    D = b'x',
    E = { 3 * 33 },
}

macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: $repr:ident { $($variant:ident = $value:expr),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, num_enum_derive::TryFromPrimitive, num_enum_derive::IntoPrimitive)]
        $(#[$meta])*
        #[repr($repr)]
        $vis enum $name { $($variant = $value),* }
        impl $name {
            const ALL: &'static [$name] = &[$($name::$variant),*];
            const RAW: &'static [$repr] = &[$($value),*];
        }
    };
}

codes! {
    /// Made by a macro.
    #[non_exhaustive]
    pub enum Status: u16 { Ok = 200, Created = 200 + 1, NotFound = 4 * 100 + 4, Teapot = { 418 } }
}

macro_rules! bytecode {
    ($($op:ident)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, TryFromPrimitive, IntoPrimitive, UnsafeFromPrimitive)]
        #[repr(u8)]
        pub enum Opcode { $($op),* }
    };
}
bytecode! {
    Nop Push Pop Dup Swap Add Sub Mul Div Rem Neg And Or Xor Not Shl Shr Eq Ne Lt Le Gt Ge Jump JumpIf Call Return
    Load Store LoadConst LoadLocal StoreLocal LoadGlobal StoreGlobal MakeArray Index SetIndex Len Print Halt
}
