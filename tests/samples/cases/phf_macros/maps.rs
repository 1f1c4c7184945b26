//! Perfect hash maps and sets of every kind of key.
#![allow(dead_code)]

use phf_macros::{phf_map, phf_ordered_map, phf_ordered_set, phf_set};
use uncased::UncasedStr;
use unicase::{Ascii, UniCase};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keyword {
    Loop,
    Continue,
    Break,
    Fn,
    Extern,
}

static KEYWORDS: phf::Map<&'static str, Keyword> = phf_map! {
    "loop" => Keyword::Loop,
    "continue" => Keyword::Continue,
    "break" => Keyword::Break,
    "fn" => Keyword::Fn,
    "extern" => Keyword::Extern,
};

static EMPTY: phf::Map<u8, ()> = phf_map! {};
static EMPTY_SET: phf::OrderedSet<char> = phf_ordered_set! {};

const BYTES: phf::Map<&'static [u8], u8> = phf_map! { b"abc" => 1, b"d\xff" => 2, br"raw\n" => 3 };
const ARRAYS: phf::Map<[u8; 3], &str> = phf_map! { [1u8, 2u8, 3u8] => "a", [4u8, 5u8, 6u8] => "b" };
static CHARS: phf::Set<char> = phf_set! { 'a', 'ß', '\u{1F600}', '\'', '\n' };
static BOOLS: phf::Map<bool, i32> = phf_map! { true => 1, false => 0 };
static U8: phf::Map<u8, char> = phf_map! { 1u8 => 'a', b'x' => 'b', 0xffu8 => 'c' };
static U16: phf::Set<u16> = phf_set! { 1u16, 0x10_00u16, 0b101u16, 0o17u16 };
static U32: phf::OrderedMap<u32, fn(u32) -> u32> = phf_ordered_map! { 3u32 => triple, 1u32 => |x| x };
static U64: phf::Set<u64> = phf_set! { 18_446_744_073_709_551_615u64, 0u64 };
static U128: phf::Set<u128> = phf_set! { 1u128, 340282366920938463463374607431768211455u128 };
static I8: phf::Set<i8> = phf_set! { -128i8, 127i8, -1i8 };
static I32: phf::Map<i32, &[u8]> = phf_map! { -5i32 => &[1, 2], 7i32 => &[] };
static I64: phf::OrderedSet<i64> = phf_ordered_set! { 3i64, -2i64, 1i64 };
static TUPLES: phf::Map<(&'static str, u8), Option<(u8, &str)>> = phf_map! {
    ("a", 1u8) => Some((1, "x")),
    ("b", 2u8) => None,
};

fn triple(x: u32) -> u32 {
    x * 3
}

static UNICASE: phf::Map<UniCase<&'static str>, u8> = phf_map! {
    UniCase::ascii("Content-Type") => 1,
    UniCase::unicode("Größe") => 2,
};
static ASCII: phf::Set<Ascii<&'static str>> = phf_set! { Ascii::new("Host"), Ascii::new("Accept") };
static UNCASED: phf::Map<&'static UncasedStr, u8> = phf_map! {
    UncasedStr::new("foo") => 0,
    UncasedStr::new("Bar") => 1,
};

static OR_KEYS: phf::Map<&'static str, u8> = phf_map! {
    "one" | "eins" | "un" => 1,
    "two" | "zwei" => 2,
    "größe \"quoted\" \\ \n" => 3,
    r#"raw "x""# => { 2 + 2 },
};

static CONFIGURED: phf::Map<&'static str, u8> = phf_map! {
    "always" => 0,
    #[cfg(all())]
    "in" => 1,
    #[cfg(any())]
    "out" => 2,
    #[cfg(not(any()))]
    "in too" => 3,
};

struct Table<'a> {
    map: &'a phf::Map<&'static str, Keyword>,
}

impl<'a> Table<'a> {
    const INNER: phf::Set<&'static str> = phf_set!("x", "y", "z",);
    fn get(&self, key: &str) -> Option<Keyword> {
        static LOCAL: phf::OrderedMap<&str, u8> = phf_ordered_map!("k" => 1, "j" => 2);
        if LOCAL.contains_key(key) { None } else { self.map.get(key).copied() }
    }
}

macro_rules! lookup {
    ($(#[$meta:meta])* $vis:vis $name:ident: $key:ty => $value:ty { $($k:literal => $v:expr),* $(,)? }) => {
        $(#[$meta])*
        $vis static $name: phf::Map<$key, $value> = phf_macros::phf_map! { $($k => $v),* };
    };
}
lookup! {
    /// Made by a macro.
    pub(crate) COLOURS: &'static str => [u8; 3] {
        "red" => [255, 0, 0],
        "green" => [0, 255, 0],
        "blue" => { const B: u8 = 255; [0, 0, B] },
    }
}
lookup! { NUMBERS: i64 => &'static str { 1i64 => "one", 2i64 => concat!("t", "wo") } }

pub static COUNTRIES: phf::Map<&'static str, &'static str> = phf_map! {
    "AD" => "Andorra", "AE" => "United Arab Emirates", "AF" => "Afghanistan", "AG" => "Antigua and Barbuda",
    "AL" => "Albania", "AM" => "Armenia", "AO" => "Angola", "AR" => "Argentina", "AT" => "Austria",
    "AU" => "Australia", "AZ" => "Azerbaijan", "BA" => "Bosnia and Herzegovina", "BB" => "Barbados",
    "BD" => "Bangladesh", "BE" => "Belgium", "BF" => "Burkina Faso", "BG" => "Bulgaria", "BH" => "Bahrain",
    "BI" => "Burundi", "BJ" => "Benin", "BN" => "Brunei", "BO" => "Bolivia", "BR" => "Brazil", "BS" => "Bahamas",
    "BT" => "Bhutan", "BW" => "Botswana", "BY" => "Belarus", "BZ" => "Belize", "CA" => "Canada", "CD" => "Congo",
    "CF" => "Central African Republic", "CH" => "Switzerland", "CI" => "Côte d'Ivoire", "CL" => "Chile",
    "CM" => "Cameroon", "CN" => "China", "CO" => "Colombia", "CR" => "Costa Rica", "CU" => "Cuba",
    "CV" => "Cabo Verde", "CY" => "Cyprus", "CZ" => "Czechia", "DE" => "Germany", "DJ" => "Djibouti",
    "DK" => "Denmark", "DM" => "Dominica", "DO" => "Dominican Republic", "DZ" => "Algeria", "EC" => "Ecuador",
    "EE" => "Estonia", "EG" => "Egypt", "ER" => "Eritrea", "ES" => "Spain", "ET" => "Ethiopia", "FI" => "Finland",
};
