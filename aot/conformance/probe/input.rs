//! The input of the conformance probe: each macro, on every kind of token.
//!
//! It compiles, with warnings and notes that the macros emit.

#![allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    uncommon_codepoints,
    unused_braces,
    unused_doc_comments,
    reason = "only the macros' own messages count"
)]

use pm_aot_probe as probe;

// Streams that are empty, without a handle and with one.

probe::nothing! {}
probe::nothing! { some tokens }
probe::emptied! {}
probe::echo! {}
probe::rebuild! {}

// Every kind of token. `tokens!` does not return them, so they need not be Rust.

probe::tokens! { EMPTY }

probe::tokens! {
    DELIMITERS
    () [] {} (()) [[]] {{}} ( [ { a } b ] c ) { ; } [ , ] ( . )
}

probe::tokens! {
    IDENTS
    a _ _a a1 A self Self super crate fn r#fn r#type r#a true false async await dyn union auto
    größe 名前 été r#größe macro_rules raw safe
}

probe::tokens! {
    LIFETIMES
    'a 'static '_ 'größe 'r#fn 'a: 'b &'a mut
}

probe::tokens! {
    LITERALS
    0 1 1u8 -1 - 1 0xFF 0xff_u8 0b1010 0o17 1_000 340282366920938463463374607431768211456 1foo
    1. 1.5 1.5f32 1e10 1E-7 1e+7_f64 0.1.2 tuple.0.1 1..2 1.foo
    'a' '\'' '"' '\n' '\\' '\0' '\x7f' '\u{1F4A5}' '💥' 'ö'suffix
    b'a' b'\'' b'\xff' b'a'suffix
    "" "text" "größe 名前 💥" "a\n\t\\\"\0\u{e9}" "two
lines" "continued \
        here" "text"suffix
    r"" r"raw \" r#"raw "1" "# r##"raw "#2"# "## r###"raw "##3"## "### r#"raw"#suffix
    b"" b"bytes\xff\"" b"bytes"suffix
    br"" br"raw \" br#"raw "1" "# br##"raw "#2"# "## br###"raw "##3"## "###
    c"" c"c text\xff" c"größe" c"text"suffix
    cr"" cr"raw \" cr#"raw "1" "# cr##"raw "#2"# "## cr###"raw "##3"## "### cr"größe"
}

probe::tokens! {
    PUNCTS
    = < > ! ~ + - * / % ^ & | @ . , ; : # $ ?
    == != <= >= += -= *= /= %= ^= &= |= && || << >> <<= >>= -> <- => :: .. ... ..=
    =< <> ~~ !! -- ** && &&& ||| ::: .... ==> <=> +-*%^ @@ ,, ;; ## $$ ?? =>= <<< >>>=
    a=b a<b>c a+b -a *a !a &a &&a #a $a a? @a ~a a;b
}

probe::tokens! {
    DOCS
    /// An outer line.
    //! An inner line.
    /** An outer block. */
    /*! An inner block,
        of two lines. */
    ///
    /// größe "quoted" \ 'single' 名前 💥	tab
    #[attribute] #![inner] #[doc = "text"]
    // A comment.
    /* A /* nested */ comment. */
    end
}

// Tokens from `macro_rules`, which come in groups without delimiters.

macro_rules! fragments {
    (
        $name:ident $block:block $expr:expr, $ident:ident, $raw:ident, $item:item $lifetime:lifetime
        $literal:literal $negative:literal $meta:meta, $pat:pat, $path:path, $stmt:stmt; $tt:tt
        $group:tt $ty:ty, $vis:vis, $novis:vis, $($many:expr),*
    ) => {
        probe::tokens! {
            $name own tokens (of the macro) $crate $crate::path
            $block $expr $ident $raw $item $lifetime $literal $negative #[$meta] $pat $path
            $stmt $tt $group $ty $vis $novis $($many)*
        }
        probe::spans! { SPANS_OF_FRAGMENTS $expr $ident $literal own "literal" $tt }
        probe::rebuild! { $item }
        $vis const FROM_FRAGMENTS: i32 = probe::rebuild! { $expr * $negative };
    };
}

fragments! {
    FRAGMENTS { let a = 1; a } 1 + 2 * 3, größe, r#fn,
    #[doc = "An item."] pub fn from_item<'a>(text: &'a str) -> &'a str { text } 'a
    "text" -5 derive(Clone), Some(_) | None, std::vec::Vec::<u8>, let x = 5; =>
    [a, (b)] &'static [Option<u8>], pub(crate), , 1, "two", f(3)
}

macro_rules! outer {
    ($name:ident $($tokens:tt)*) => {
        inner! { $name $($tokens)* from_outer }
    };
}

macro_rules! inner {
    ($name:ident $($tokens:tt)*) => {
        probe::spans! { $name $($tokens)* from_inner "literal of inner" }
    };
}

outer! { SPANS_OF_NESTED from_input "literal of input" }

// Literals, identifiers, punctuation, groups and streams that the macros make.

probe::literals! { MADE_LITERALS }
probe::idents! { MADE_IDENTS }
probe::idents! { MADE_IDENTS_AT at_this_token }
probe::puncts! { MADE_PUNCTS }
probe::groups! { MADE_GROUPS }
probe::groups! { MADE_GROUPS_OF a + größe { "text" } }
probe::streams! { MADE_STREAMS }
probe::streams! { MADE_STREAMS_OF 'a >> b - 1.5 }

// Spans of the input.

probe::spans! {
    SPANS
    a größe + "text größe 名前" 'c' 12_345_678_901 (group of
        two lines) r#fn b"" 1.0
}

// Variables, paths and expansion.

probe::environment! { ENVIRONMENT }

macro_rules! literal {
    ($text:literal) => {
        concat!($text, "-", 1, '-', true, 2.5)
    };
}

probe::expand! {
    EXPANDED
    "text"; 1; -1; -1.5f64; true; 'c'; b"bytes"; c"text"; r#"raw"#; größe; 1 + 1; -größe; -"text";
    concat!("a", 1, 'c', true); stringify!(a + größe 名前); line!(); column!(); literal!("größe");
    probe::echo!("from a macro"); probe::rebuild!(-2.5); (1); { 1 }; [1]
}

// Diagnostics.

probe::diagnostics! { DIAGNOSTICS }
probe::diagnostics! { DIAGNOSTICS_AT first größe (
    group
) "text" }

// Quoted tokens.

probe::quoted! { QUOTED a }
probe::quoted! { QUOTED_TOKENS größe + (1, "text", 'c') [b"bytes"] {} -> 'a 1.5f32 ; # ! }

// Messages that are longer than 64 KiB. The group is long enough for its text to be shortened.

probe::large! {
    LARGE
    (
        0000000000 1111111111 2222222222 3333333333 4444444444 5555555555 6666666666 7777777777
        0000000000 1111111111 2222222222 3333333333 4444444444 5555555555 6666666666 7777777777
        größe größe größe größe größe größe größe größe größe größe größe größe größe größe größe
        名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前 名前
    )
}

// Panics that the macro catches.

probe::caught! { CAUGHT }
probe::caught! { CAUGHT_WITH a b c }

// Items, expressions, patterns, types and statements that go through a macro.

probe::rebuild! {
    /// A documented module.
    pub mod rebuilt {
        //! With an inner comment.
        #![allow(unused_variables, reason = "no more")]

        pub struct Größe<'a, T: ?Sized + 'a, const N: usize = 3>(pub &'a T, pub [u8; N])
        where
            T: Fn(&u8) -> bool;

        #[repr(i8)]
        pub enum r#enum { A = -1, B = 0x70, C { a: f32, r#fn: (u8,) } }

        pub const TEXTS: (&str, &[u8], &core::ffi::CStr, char, u8) =
            (r##"a "#raw"# text"##, br#"ra"w"#, c"c text", '\u{1F4A5}', b'\xff');

        pub fn operators(mut a: i32, b: &mut [i32]) -> Option<i32> {
            'outer: loop {
                a += 1; a -= 2; a *= 3; a /= 4; a %= 5; a ^= 6; a &= 7; a |= 8; a <<= 1; a >>= 1;
                let closure = |x: i32, y: i32| -> i32 { !x & y | x ^ -y << 2 >> 1 };
                match (a, b.first()?) {
                    (..=0, _) | (100.., 1..=5) if a != 3 && a >= 2 || a <= -1 => break 'outer,
                    (n @ 1..=3, &m) => return Some(closure(n, m)),
                    _ => continue 'outer,
                }
            }
            Some(a as i32).filter(|&a| a == 1).map(<i32 as Into<i32>>::into)
        }

        macro_rules! local {
            ($($a:expr),* $(,)?) => { [$($a),*] };
        }

        pub const LOCAL: [u8; 2] = local![1, 2,];
    }
}

pub fn positions(value: Option<probe::rebuild!(&'static [u8])>) -> probe::echo! { usize } {
    probe::rebuild! {
        let first = 1usize;
    }
    let first = first + 0;
    match value {
        probe::rebuild!(Some(&[_, ref rest @ ..])) => probe::rebuild!(rest.len() + first),
        probe::echo!(None | Some([])) => probe::echo! { 0 },
    }
}

// Attributes.

#[probe::watch(WATCHED_FUNCTION)]
/// A documented function.
#[inline]
pub fn watched<'a, T>(größe: &'a T) -> &'a T
where
    T: ?Sized,
{
    größe
}

#[probe::watch(WATCHED_STRUCT, with = "arguments", and(größe, [1.5, 'c']) => {} $x)]
#[derive(Clone)]
pub struct Watched {
    #[cfg(all())]
    pub field: u8,
    #[cfg(any())]
    pub gone: u8,
}

#[probe::watch {WATCHED_MODULE}]
pub mod watched_module {
    #[crate::probe::watch[WATCHED_INSIDE]]
    pub const INSIDE: u8 = 1;
}

#[probe::leave]
#[probe::leave(with, arguments)]
pub fn left() {}

#[probe::erase]
pub fn erased() -> Unknown {}

impl Watched {
    #[probe::watch(WATCHED_METHOD)]
    pub fn method(&self) -> u8 {
        self.field
    }
}

pub trait Trait {
    #[probe::leave]
    fn required(&self);
}

extern "C" {
    #[probe::leave]
    fn foreign(a: u8, ...) -> u8;
}

// Tokens from a macro of the standard library.
std::thread_local! {
    #[probe::watch(WATCHED_THREAD_LOCAL)]
    static LOCAL: u8 = const { 1 };
}

// Derives.

#[derive(probe::Describe, probe::Nothing, probe::Name)]
#[describe]
#[describe(with, "arguments", größe = [1, 2])]
#[described_as = "a struct"]
/// A documented struct.
pub struct Struct {
    #[describe = 1.5]
    pub(crate) größe: u8,
    /// A documented field.
    #[described_as{a}]
    pub r#fn: &'static str,
}

#[derive(probe::Describe, probe::Name)]
#[repr(i8)]
pub enum Enum {
    #[describe]
    A = -1,
    B = 1 << 2,
    C,
}

#[derive(Clone, Copy, probe::Describe, probe::Name)]
pub union Union {
    a: u8,
    b: f32,
}

#[derive(probe::Describe, probe::Nothing)]
pub struct Generic<'a, T: ?Sized + Fn(&'a u8) -> bool, const N: usize>(&'a T, [u8; N]);

#[derive(probe::Describe, probe::Name)]
pub struct Unit;

pub fn inside_a_function() -> &'static str {
    #[derive(probe::Name)]
    struct Inside;
    Inside.name()
}
