//! Indented documents: strings, byte strings, C strings, formats.
#![allow(dead_code, unused_must_use)]

use indoc::{concatdoc, eprintdoc, formatdoc, indoc, printdoc, writedoc};
use std::fmt::Write as _;

const EMPTY: &str = indoc!("");
const ONE: &str = indoc! {"one line"};
const PLAIN: &str = indoc! {"
    def hello():
        print('Hello, world!')

    hello()
"};

const ESCAPED: &str = indoc! {"
    tab\tquote\"backslash\\ unicode \u{1F600}
      größe 日本語 🦀
    continued \
        here
\x20   escaped start
    last"};

const RAW: &str = indoc! {r#"
    "raw" \n stays \
        {braces}
    # hash
"#};

const RAW_MANY: &str = indoc!(r###"
        r##"nested"##
    less
"###);

const BYTES: &[u8] = indoc! {b"
    bytes \xff\0
      more
"};

const RAW_BYTES: &[u8; 8] = indoc! {br"
    a\x
      b
"};

const C_STRING: &std::ffi::CStr = indoc! {c"
    c string größe
        indented
"};

const TABS: &str = indoc! {"
	tab
		two tabs
	    mixed
"};

const BLANK: &str = indoc! {"


    after blank lines
        
    before blank lines


"};

const FIRST_LINE: &str = indoc! {"first
    second
      third"};

fn formats<'a>(name: &'a str, list: &[u8], width: usize) -> String {
    let a = formatdoc! {"
        GET {url}
        Accept: {mime:>width$}
        {0:?} {{literal}} {name}
        ",
        list,
        url = format_args!("http://localhost/{}", name.len()),
        mime = "text/plain",
    };
    let b = formatdoc!(r#"{name:?}
        {}"#, 1 + 2);
    let mut out = String::new();
    writedoc!(out, "
        {a}
          {b}
        {name}, {:#x}
    ", 255)
    .unwrap();
    let c = formatdoc! {"no arguments {{}}"};
    out + &c
}

fn prints(items: &[(&str, Option<u32>)]) {
    for (key, value) in items {
        printdoc! {"
            {key}:
                {value:?}
            "};
        eprintdoc! {
            "
            {}
                {:>8}
            ",
            key,
            value.unwrap_or_default(),
        }
    }
    printdoc!("
        done
    ");
}

const CONCAT: &str = concatdoc! {"
    usage: ", env!("CARGO_PKG_NAME"), "
        --flag ", 1, " ", true, " ", 'c', " ", 2.5, "
    ", stringify!(a + b), "
"};

struct Writer(Vec<u8>);
impl Writer {
    fn emit(&mut self, r#type: &str) -> std::io::Result<()> {
        use std::io::Write;
        writedoc!(
            self.0,
            r#"
                <{type}>
                  {inner}
                </{type}>
            "#,
            inner = indoc! {"
                nested
                  text"},
        )
    }
}

macro_rules! docs {
    ($($name:ident = $text:literal),* $(,)?) => {
        $(const $name: &str = indoc!($text);)*
    };
}
docs! {
    FROM_MACRO = "
        in a group
          indented
    ",
    RAW_FROM_MACRO = r"
        \raw
    ",
}

macro_rules! log {
    ($text:tt $(, $arg:expr)*) => {
        formatdoc!($text $(, $arg)*)
    };
}

fn logs(x: u8) -> Vec<String> {
    vec![
        log!("
            {} and {}
              {x}
        ", x + 1, if x > 3 { "more" } else { "less" }),
        log!("plain"),
    ]
}

static LARGE: &str = indoc! {"
    Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor
      incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis
        nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.

    Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu
      fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in
        culpa qui officia deserunt mollit anim id est laborum.

    | a | b | c |
    |---|---|---|
    | 1 | 2 | 3 |
        $ cargo build
            Compiling x v0.1.0
"};

fn nested() -> &'static str {
    mod inner {
        pub fn text() -> &'static str {
            ::indoc::indoc! {"
                    deep
                  inside
            "}
        }
    }
    match inner::text() {
        indoc!("  deep\ninside\n") => "same",
        other => other,
    }
}
