//! `TryInto` orders its impls by a hash of fixed seed over lengths and discriminants, whose width is the
//! pointer's: another order on each width, and so in wasm32.
#![allow(dead_code)]

use derive_more_impl::TryInto;

#[derive(TryInto, Debug, Clone)]
#[try_into(owned, ref, ref_mut)]
enum Choice<'a, T: Clone> {
    Nothing,
    One(u8),
    Two(&'a str, T),
    #[try_into(ignore)]
    Struct { a: T },
    Größe(i64),
    Same { value: i64 },
}
