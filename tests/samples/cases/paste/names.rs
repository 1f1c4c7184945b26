//! Identifiers pasted from parts, with every modifier.
#![allow(dead_code, non_snake_case, non_camel_case_types, non_upper_case_globals)]

use paste::paste;

paste! {
    const [<QRST>]: u8 = 1;
    static [<a b c>]: u8 = 2;
    fn [<get_ 7 _ x>]() -> u8 { [<a b c>] + [<Q RST>] }
    /// Doc with [<inside brackets>] and `code`.
    struct [<Struct Number 1>] { [<field_ one>]: u8, r#type: u8 }
}

macro_rules! accessors {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        $vis struct $name { $($field: $ty),* }
        paste! {
            impl $name {
                $(
                    #[doc = "Gets `" $field "` of [`" $name "`]."]
                    pub fn [<get_ $field>](&self) -> &$ty { &self.$field }
                    pub fn [<set_ $field:lower>](&mut self, [<new_ $field>]: $ty) -> &mut Self {
                        self.$field = [<new_ $field>];
                        self
                    }
                    pub const [<$field:upper _INDEX>]: &'static str = stringify!([<$field:camel>]);
                    pub fn [<with_ $field:snake>](mut self, value: impl Into<$ty>) -> Self {
                        self.$field = value.into();
                        self
                    }
                )*
            }
        }
    };
}

accessors! {
    /// Made by a macro.
    pub(crate) struct Settings { host_name: String, port: u16, maxRetries: u32, größe: Vec<u8>, r#type: Option<u8> }
}

macro_rules! modifiers {
    ($($name:ident)*) => {
        paste! {
            $(
                mod [<m_ $name:snake>] {
                    pub const LOWER: &str = stringify!([<$name:lower>]);
                    pub const UPPER: &str = stringify!([<$name:upper>]);
                    pub const CAMEL: &str = stringify!([<$name:camel>]);
                    pub const SNAKE_UPPER: &str = stringify!([<$name:snake:upper>]);
                    pub const LOWER_CAMEL: &str = stringify!([<x $name:lower:camel y>]);
                    pub struct [<$name:camel>];
                }
            )*
        }
    };
}
modifiers! { HTTPServer snake_case_name camelCase Upper2Lower _leading trailing_ x }

macro_rules! tests {
    ($($type:ident => $value:expr, $lt:lifetime;)*) => {
        paste! {
            $(
                fn [<check_ $type:lower>]<$lt>(x: &$lt $type) -> (&$lt $type, $type) {
                    let [<local_ $type>]: $type = $value;
                    (x, [<local_ $type>])
                }
            )*
        }
    };
}
tests! { u8 => 1 + 1, 'a; i64 => { -3 }, 'long; String => format!("{}", 1), 'c; }

macro_rules! paths {
    ($($module:ident :: $item:ident),*) => {
        paste! {
            pub mod paths {
                $(
                    pub mod [<$module _mod>] {
                        pub enum [<$item Kind>] { [<Is $module:camel>], [<Is $item>] { [<f $module>]: u8 } }
                    }
                    pub use self::[<$module _mod>]::[<$item Kind>] as [<$module:camel $item>];
                )*
            }
            fn [<use_ all $(_ $module)*>]() -> usize {
                0 $(+ { let _ = paths::[<$module:camel $item>]::[<Is $item>] { [<f $module>]: 1 }; 1 })*
            }
        }
    };
}
paths! { alpha::Item, beta_gamma::Thing }

// Literals, environment variables and documentation.
macro_rules! documented {
    ($name:ident, $text:literal, $n:literal) => {
        paste! {
            #[doc = "The " $name:upper ": " $text]
            #[doc = $text]
            #[doc(alias = "alias_" $name)]
            #[allow(unused)]
            fn [<$name _ $text _ $n>]() -> [u8; $n] { [0; $n] }
            const [<VERSION_ env!("CARGO_PKG_NAME")>]: &str = concat!($text, "x");
        }
    };
}
documented!(thing, "text", 3);

paste! {
    // A bracket that is no paste, an attribute, nested groups, labels, ranges.
    #[derive(Clone, Copy, PartialEq, PartialOrd)]
    enum [<E num>] { A = 1, [<B 2>] = 2 }
    fn [<plain arrays>](list: [u8; 3]) -> bool {
        let slice = &list[0..2];
        let cmp = (1 < 2) && [1, 2] < [2, 1];
        let [<inner x>] = [<u 8>]::MAX;
        'outer: loop { if [<inner x>] > 3 { break 'outer; } }
        let _ = [[<inner x>], [<inner x>]];
        let r = { ({ [<inner x>] }, [{ [<inner x>] }]) };
        slice.len() > 1 || cmp || r.0 == 1
    }
    trait [<Tr ait>]<T> where T: [<Trait Bound>] { type [<As soc>]; fn [<me thod>]<'a>(&'a self) -> <Self as [<Tr ait>]<T>>::[<As soc>]; }
    trait [<Trait Bound>] {}
}

macro_rules! recursive {
    () => {};
    ($head:ident $($tail:ident)*) => {
        paste! {
            #[inline]
            fn [<f_ $head $(_ $tail)*>]() -> &'static str { concat!(stringify!($head) $(, "-", stringify!([<$tail:upper>]))*) }
        }
        recursive!($($tail)*);
    };
}
recursive! { a b c d e f g h }

macro_rules! call {
    ($prefix:ident, $($arg:expr),*) => { paste! { [<$prefix _join>]($($arg),*) } };
}
fn str_join(a: &str, b: usize) -> String {
    a.repeat(b)
}
fn calls() -> String {
    call!(str, concat!("a", "b"), 1 + 2 * 3)
}

macro_rules! tuples {
    ($($n:literal: $($g:ident)*;)*) => {
        paste! { $( pub struct [<Tuple $n>]<$($g),*> { $(pub [<$g:lower _ value>]: $g),* }
            impl<$($g: Default),*> [<Tuple $n>]<$($g),*> { pub fn [<new_ $n>]() -> Self { Self { $([<$g:lower _ value>]: Default::default()),* } } } )* }
    };
}
tuples! { 1: A; 2: A B; 3: A B C; 4: A B C D; }
