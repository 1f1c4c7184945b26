//! Field attributes, remote types, conversions, and items made by declarative macros.
#![allow(dead_code)]

use serde::{de, ser, Deserializer, Serializer};
use serde_derive::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, Debug, Default)]
#[serde(default, rename_all = "camelCase", rename = "Settings")]
pub struct Config {
    #[serde(rename = "HOST", alias = "hostname", alias = "h")]
    host_name: String,
    #[serde(default = "default_port")]
    port: u16,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", with = "hex")]
    digest: Option<u64>,
    #[serde(serialize_with = "hex::serialize", deserialize_with = "hex::deserialize")]
    key: Option<u64>,
    #[serde(skip)]
    _hidden: (),
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip_deserializing, default = "<u32 as Default>::default")]
    counter: u32,
    #[serde(flatten)]
    nested: Nested,
    #[serde(flatten, skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<String, String>,
}

fn default_port() -> u16 {
    8080
}

#[derive(Serialize, Deserialize, Debug, Default)]
struct Nested {
    #[serde(flatten)]
    deeper: Option<Deeper>,
}

#[derive(Serialize, Deserialize, Debug, Default)]
struct Deeper {
    depth: u8,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<u64>, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(v) => s.collect_str(&format_args!("{v:x}")),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
        let text = <Option<String>>::deserialize(d)?;
        text.map(|t| u64::from_str_radix(&t, 16))
            .transpose()
            .map_err(serde::de::Error::custom)
    }
}

mod remote {
    pub struct Duration {
        secs: i64,
        nanos: i32,
    }
    impl Duration {
        pub fn new(secs: i64, nanos: i32) -> Self {
            Self { secs, nanos }
        }
        pub fn seconds(&self) -> i64 {
            self.secs
        }
        pub fn subsec_nanos(&self) -> i32 {
            self.nanos
        }
    }
    pub enum Shape<T> {
        Dot,
        Circle(T),
        Rect { w: T, h: T },
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "remote::Duration")]
struct DurationDef {
    #[serde(getter = "remote::Duration::seconds")]
    secs: i64,
    #[serde(getter = "remote::Duration::subsec_nanos")]
    nanos: i32,
}

impl From<DurationDef> for remote::Duration {
    fn from(def: DurationDef) -> Self {
        remote::Duration::new(def.secs, def.nanos)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "remote::Shape")]
enum ShapeDef<T> {
    Dot,
    Circle(T),
    Rect { w: T, h: T },
}

#[derive(Serialize, Deserialize)]
struct Process {
    command: String,
    #[serde(with = "DurationDef")]
    wall: remote::Duration,
    #[serde(with = "ShapeDef")]
    shape: remote::Shape<u8>,
}

#[derive(Serialize, Deserialize, Clone)]
#[serde(from = "String", into = "String")]
struct Text(String);
impl From<String> for Text {
    fn from(s: String) -> Self {
        Text(s)
    }
}
impl From<Text> for String {
    fn from(t: Text) -> Self {
        t.0
    }
}

#[derive(Deserialize)]
#[serde(try_from = "i64")]
struct Even(i64);
impl TryFrom<i64> for Even {
    type Error = String;
    fn try_from(n: i64) -> Result<Self, String> {
        if n % 2 == 0 { Ok(Even(n)) } else { Err(format!("{n} is odd")) }
    }
}

mod reexport {
    pub use serde as s;
}

#[derive(Serialize, Deserialize)]
#[serde(crate = "self::reexport::s")]
struct OtherCrate<'a, T: Copy> {
    t: T,
    s: &'a str,
}

// Items whose parts come out of a declarative macro: idents, types, expressions, paths and
// visibilities arrive in invisible groups.
macro_rules! model {
    ($(#[$meta:meta])* $vis:vis struct $name:ident<$($g:ident),*> { $($fvis:vis $field:ident : $ty:ty = $default:path),* $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        $(#[$meta])*
        $vis struct $name<$($g),*> {
            $($fvis $field: $ty,)*
            hygienic: u8,
        }
        impl<$($g),*> $name<$($g),*> {
            fn defaults() -> ($($ty,)*) {
                ($($default(),)*)
            }
        }
    };
}

model! {
    /// Documented in the macro's input.
    #[serde(rename_all = "PascalCase")]
    pub(crate) struct Model<T> {
        pub id: Vec<Option<u32>> = Vec::new,
        list: [(u8, String); 0] = Default::default,
        marker: std::marker::PhantomData<T> = Default::default,
    }
}

macro_rules! codes {
    ($enum:ident: $repr:ty { $($variant:ident = $code:expr),+ $(,)? }) => {
        #[derive(Clone, Copy, Serialize, Deserialize)]
        #[repr(u16)]
        pub enum $enum {
            $(
                #[doc = concat!("Code ", stringify!($code), " of ", stringify!($repr))]
                $variant = $code,
            )+
        }
    };
}

codes!(Status: u16 { Ok = 200, Created = 200 + 1, NotFound = 4 * 100 + 4 });

macro_rules! arrays {
    ($($name:ident => $len:expr, $lt:lifetime);* $(;)?) => {
        $(
            #[derive(Serialize, Deserialize)]
            struct $name<$lt> {
                #[serde(borrow)]
                items: [&$lt str; $len],
            }
        )*
    };
}

arrays! { Few => 1 + 1, 'x; Many => { 2 * 4 }, 'long_name; }

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[rustfmt::skip]
struct Packed { #[doc = include_str!(concat!("attributes", ".rs"))] a: u8, b : u16 , }

#[derive(Serialize)]
#[serde(into = "u8")]
#[derive(Clone)]
struct Into8;
impl From<Into8> for u8 {
    fn from(_: Into8) -> u8 {
        8
    }
}

fn uses<'de, S: Serializer, D: Deserializer<'de>>(s: S, d: D) -> Option<S::Error>
where
    S::Error: ser::Error,
    D::Error: de::Error,
{
    drop((s, d));
    None
}
