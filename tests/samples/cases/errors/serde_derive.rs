//! Attributes that `serde_derive` refuses, and types that its output refuses.
#![allow(dead_code)]

use serde_derive::{Deserialize, Serialize};

#[derive(Serialize)]
#[serde(unknown, rename = 3)]
struct Unknown {
    #[serde(rename = "a", rename = "b")]
    duplicate: u8,
    #[serde(default = "not a path")]
    path: u8,
    #[serde(skip_serializing_if = 1 + 1)]
    expression: u8,
    #[serde = "value"]
    value: u8,
    #[serde(with)]
    missing: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "snakecase")]
struct Case {
    a: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t")]
enum Tagged {
    Tuple(u8, u8),
    Struct { t: u8 },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, content = "c")]
enum Conflict {
    A,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Transparent {
    a: u8,
    b: u8,
}

#[derive(Deserialize)]
union Union {
    a: u8,
    b: f32,
}

#[derive(Deserialize)]
struct Same {
    #[serde(rename = "x")]
    a: u8,
    #[serde(alias = "x")]
    b: u8,
}

#[derive(Serialize)]
struct Getter {
    #[serde(getter = "never_used")]
    a: u8,
}

#[derive(Deserialize)]
enum Other {
    #[serde(other)]
    A(u8),
    B,
}

macro_rules! through {
    ($name:ident, $ty:ty, $text:expr) => {
        #[derive(Serialize, Deserialize)]
        #[serde(rename = $text)]
        struct $name {
            field: $ty,
        }
    };
}
through!(Through, u8, concat!("a", "b"));
