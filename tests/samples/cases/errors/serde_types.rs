//! Types that the expansion of `serde_derive` cannot handle: errors at the fields' spans.
#![allow(dead_code)]

use serde_derive::{Deserialize, Serialize};

struct Opaque;

#[derive(Serialize, Deserialize)]
struct Fields<'a, T> {
    opaque: Opaque,
    list: Vec<Option<Opaque>>,
    #[serde(with = "missing_module")]
    with: u8,
    #[serde(default = "missing_function")]
    default: u8,
    #[serde(skip_serializing_if = "u8::is_none")]
    skipped: u8,
    #[serde(deserialize_with = "wrong_type")]
    wrong: String,
    text: &'a [u16],
    generic: T,
}

fn wrong_type<'de, D: serde::Deserializer<'de>>(_: D) -> Result<u8, D::Error> {
    Ok(1)
}

#[derive(Serialize)]
enum Variants {
    A(Opaque),
    B { inner: fn(u8) },
}

macro_rules! through {
    ($name:ident { $($field:ident: $ty:ty),* }) => {
        #[derive(Deserialize)]
        struct $name { $($field: $ty),* }
    };
}
through!(Through { fine: u8, bad: Opaque });
