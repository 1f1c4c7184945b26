//! The conformance probe: procedural macros that send every request of the bridge to the compiler.
//!
//! Each macro writes the replies that it gets into its output, as a constant with one line for each
//! reply. Two builds of this crate behave alike if their expansions and diagnostics are equal.
//! Nothing here depends on time, chance, addresses, the width of `usize` or where the files lie.
//!
//! The caller passes the epoch of the bridge as `--cfg bridge="1.85"` (or `1.88`, `1.95`, `1.98`).
//! Another value, or none, stands for the newest.

#![allow(
    internal_features,
    stable_features,
    unexpected_cfgs,
    unused_features,
    reason = "the crate is compiled by many versions of rustc"
)]
#![feature(
    allow_internal_unstable,
    proc_macro_def_site,
    proc_macro_diagnostic,
    proc_macro_expand,
    proc_macro_internals,
    proc_macro_quote,
    proc_macro_span,
    proc_macro_totokens
)]

extern crate proc_macro;

use std::panic::{self, AssertUnwindSafe};
use std::str::FromStr;

use proc_macro::{Delimiter, Diagnostic, Group, Ident, Level, Literal};
use proc_macro::{Punct, Spacing, Span, TokenStream, TokenTree};

use report::{Report, named, short};

/// Longer than 64 KiB, so that each side's buffer has to grow.
const LONG: usize = 70_000;

// Function-like macros

/// Walks over its input, rebuilds it, and reports each token.
#[proc_macro]
pub fn tokens(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    walk::stream(&mut report, input.clone(), 0);
    let rebuilt = walk::rebuild(input.clone());
    report.line("printed", short(&input.to_string()));
    report.line("rebuilt", short(&rebuilt.to_string()));
    report.line("debug", short(&format!("{input:?}")));
    report.line("pretty debug", short(&format!("{rebuilt:#?}")));
    report.constant(&name)
}

/// Returns its input, taken apart and put together again.
#[proc_macro]
pub fn rebuild(input: TokenStream) -> TokenStream {
    walk::rebuild(input)
}

/// Returns its input as it is.
#[proc_macro]
pub fn echo(input: TokenStream) -> TokenStream {
    input
}

/// Returns a stream that never had a handle.
#[proc_macro]
pub fn nothing(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Returns an empty stream that has a handle.
#[proc_macro]
pub fn emptied(_: TokenStream) -> TokenStream {
    parsed("")
}

/// Makes literals of all kinds, by constructor and from text.
#[proc_macro]
pub fn literals(input: TokenStream) -> TokenStream {
    let (name, _) = named(input);
    let mut report = Report::new();
    literals::constructed(&mut report);
    literals::from_text(&mut report);
    report.constant(&name)
}

/// Makes identifiers: plain, raw, with letters outside ASCII, and invalid ones.
#[proc_macro]
pub fn idents(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let span = input
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span());
    let mut report = Report::new();
    for text in [
        "a",
        "_",
        "fn",
        "self",
        "$crate",
        "größe",
        "名前",
        "e\u{301}te\u{301}",
        "",
        "1a",
        "a b",
        "r#a",
        "é b",
        "1é",
        "→",
        "💥",
    ] {
        for raw in [false, true] {
            let new = if raw { Ident::new_raw } else { Ident::new };
            let made = panic::catch_unwind(|| {
                let mut ident = new(text, Span::call_site());
                ident.set_span(span);
                let stream = TokenStream::from(TokenTree::from(ident.clone()));
                format!("{ident} {ident:?} {stream}")
            });
            let what = format!("ident {text:?} raw {raw}");
            report.caught(&what, made);
        }
    }
    let long = "ü".repeat(LONG);
    let made = panic::catch_unwind(|| Ident::new(&long, Span::mixed_site()).to_string());
    report.caught("a long ident", made);
    report.constant(&name)
}

/// Makes each punctuation character, joint and alone, and one that is invalid.
#[proc_macro]
pub fn puncts(input: TokenStream) -> TokenStream {
    let (name, _) = named(input);
    let mut report = Report::new();
    let mut all = Vec::new();
    for ch in "=<>!~+-*/%^&|@.,;:#$?'".chars() {
        for spacing in [Spacing::Joint, Spacing::Alone] {
            let mut punct = Punct::new(ch, spacing);
            punct.set_span(Span::mixed_site());
            let alone = TokenStream::from(TokenTree::from(punct.clone()));
            report.line("punct", format_args!("{punct:?} {alone}"));
            all.push(TokenTree::from(punct));
        }
    }
    let all = all.into_iter().collect::<TokenStream>();
    report.line("all", &all);
    walk::stream(&mut report, all, 0);
    let invalid = panic::catch_unwind(|| Punct::new('x', Spacing::Alone).to_string());
    report.caught("an invalid punct", invalid);
    report.constant(&name)
}

/// Makes groups with each delimiter, empty and full, and a deep nest of them.
#[proc_macro]
pub fn groups(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    let delimiters = [
        Delimiter::Parenthesis,
        Delimiter::Brace,
        Delimiter::Bracket,
        Delimiter::None,
    ];
    for delimiter in delimiters {
        for stream in [TokenStream::new(), parsed(""), input.clone()] {
            let mut group = Group::new(delimiter, stream);
            group.set_span(Span::mixed_site());
            let stream = TokenStream::from(TokenTree::from(group.clone()));
            report.line("group", format_args!("{group} {group:?} {stream}"));
            let (open, close) = (group.span_open(), group.span_close());
            report.line(
                "delimiters",
                format_args!("{open:?} {close:?} {}", group.stream()),
            );
        }
    }
    let mut nest = input;
    for depth in 0..100 {
        let group = Group::new(delimiters[depth % 4], nest);
        nest = TokenStream::from(TokenTree::from(group));
    }
    report.line("nest", nest.to_string());
    let rebuilt = walk::rebuild(nest.clone());
    report.line("rebuilt", short(&format!("{rebuilt:?}")));
    let mut depth = 0;
    while let Some(TokenTree::Group(group)) = nest.clone().into_iter().next() {
        nest = group.stream();
        depth += 1;
    }
    report.line("depth", depth);
    report.constant(&name)
}

/// Concatenates, extends, copies, parses and prints streams.
#[proc_macro]
pub fn streams(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    streams::emptiness(&mut report, &input);
    streams::concatenated(&mut report, &input);
    streams::text(&mut report);
    report.constant(&name)
}

/// Asks for all that spans can tell.
#[proc_macro]
pub fn spans(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    spans::sites(&mut report);
    spans::pairs(&mut report, input.clone());
    spans::subspans(&mut report, input.clone());
    spans::saved(&mut report, input);
    report.constant(&name)
}

/// Reads variables that are injected, set and unset, and tracks paths.
#[proc_macro]
pub fn environment(input: TokenStream) -> TokenStream {
    let (name, _) = named(input);
    let mut report = Report::new();
    for variable in [
        "PM_AOT_PROBE_INJECTED",
        "CARGO_PKG_NAME",
        "PM_AOT_PROBE_UNSET",
    ] {
        report.line(variable, format_args!("{:?}", tracked::variable(variable)));
    }
    for path in ["pm-aot-probe.txt", "pm-aot-probe größe 名前.txt", ""] {
        tracked::track(path);
        report.line("tracked", path);
    }
    report.line("available", proc_macro::is_available());
    report.constant(&name)
}

/// Expands each of its arguments, which semicolons separate.
#[proc_macro]
pub fn expand(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    report.line(
        "nothing",
        format_args!("{:?}", TokenStream::new().expand_expr()),
    );
    for argument in arguments(input) {
        let expanded = match argument.expand_expr() {
            Ok(expanded) => format!("{expanded} {expanded:?}"),
            Err(error) => format!("{error}: {error:?}"),
        };
        report.line(&argument.to_string(), expanded);
    }
    report.constant(&name)
}

/// Emits diagnostics of each level but the error, with no, one and many spans and children.
#[proc_macro]
pub fn diagnostics(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    for (level, text) in [
        (Level::Warning, "warning"),
        (Level::Note, "note"),
        (Level::Help, "help"),
    ] {
        diagnostics::emit_all(&mut report, level, text, &input);
    }
    let long = format!("long {}", "é".repeat(LONG / 2));
    Span::call_site().note(long).emit();
    report.constant(&name)
}

/// Returns tokens that `quote!` made, whose spans were saved when this crate was compiled.
#[proc_macro]
pub fn quoted(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    let value = TokenTree::from(Literal::u8_suffixed(7));
    let expression = proc_macro::quote! {{
        let größe = 1u8 + $value;
        let pair = (größe, ["text", r#"raw "text""#], 'c', b"bytes", 1.5f32);
        pair.0 != 2 && größe <= 9
    }};
    report.line("quoted", &expression);
    walk::stream(&mut report, expression.clone(), 0);
    let nothing = proc_macro::quote! {};
    report.line("nothing quoted", nothing.is_empty());
    // The function behind the macro, called as a macro of a user would.
    report.line(
        "quote",
        short(&proc_macro::quote(input.clone()).to_string()),
    );
    let first = input.into_iter().next().expect("a token");
    let span = proc_macro::quote_span(parsed("::proc_macro"), first.span());
    report.line("quote_span", span);
    let constant = format!("pub const {name}_VALUE: bool =");
    let mut output = report.constant(&name);
    output.extend([parsed(&constant), expression, parsed(";")]);
    output
}

/// Sends and receives messages that are longer than 64 KiB.
#[proc_macro]
pub fn large(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    let text = "größe \"\\ 名前 ".repeat(LONG / 16);
    let literal = Literal::string(&text);
    let back = literal.to_string().parse::<Literal>().expect("a literal");
    report.line("literal", short(&back.to_string()));
    let stream = TokenStream::from(TokenTree::from(literal));
    report.line("stream", short(&stream.to_string()));
    report.line("debug", short(&format!("{stream:?}")));

    let source = "a + größe ( \"b\" ) ; ".repeat(5_000);
    let many = parsed(&source);
    report.line("parsed", short(&many.to_string()));
    let trees = many.into_iter().collect::<Vec<TokenTree>>();
    report.line("trees", trees.len());
    let again = trees.into_iter().collect::<TokenStream>();
    report.line("collected", short(&again.to_string()));
    let copies = std::iter::repeat_with(|| input.clone())
        .take(2_000)
        .collect::<Vec<_>>();
    let all = copies.iter().cloned().collect::<TokenStream>();
    report.line("concatenated", short(&all.to_string()));
    for tree in input {
        let text = tree.span().source_text().unwrap_or_default();
        report.line("source text", short(&text));
    }
    let constant = format!("pub const {name}_TEXT: &str = {back};");
    let mut output = report.constant(&name);
    output.extend(parsed(&constant));
    output
}

/// Catches panics of its own, with each kind of payload, and goes on.
#[proc_macro]
pub fn caught(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    for kind in ["static", "string", "other", "empty", "long", "holding"] {
        let input = AssertUnwindSafe(input.clone());
        let result = panic::catch_unwind(|| failures::fail(kind, { input }.0).to_string());
        report.caught(kind, result);
    }
    report.line("after", input);
    report.constant(&name)
}

/// Panics, or gives the compiler what it refuses; its first token says how.
#[proc_macro]
pub fn fail(input: TokenStream) -> TokenStream {
    let (kind, input) = named(input);
    failures::fail(&kind.to_string(), input)
}

/// Parses text that is invalid, with the compiler's messages.
#[proc_macro]
pub fn invalid(input: TokenStream) -> TokenStream {
    let (name, _) = named(input);
    let mut report = Report::new();
    failures::invalid_text(&mut report);
    failures::invalid_literals(&mut report);
    // The report is a message, since a crate with errors is not printed.
    report.note("invalid");
    report.constant(&name)
}

/// Expands expressions that do not expand, with the compiler's messages.
#[proc_macro]
pub fn unexpandable(input: TokenStream) -> TokenStream {
    let (name, input) = named(input);
    let mut report = Report::new();
    failures::invalid_expressions(&mut report, input);
    report.note("unexpandable");
    report.constant(&name)
}

/// Emits errors with no, one and many spans and children, and returns nothing.
#[proc_macro]
pub fn errors(input: TokenStream) -> TokenStream {
    let mut report = Report::new();
    diagnostics::emit_all(&mut report, Level::Error, "error", &input);
    TokenStream::new()
}

// Attributes

/// Reports its arguments and its item, and returns the item.
#[proc_macro_attribute]
pub fn watch(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (name, arguments) = named(arguments);
    let mut report = Report::new();
    report.line("arguments", arguments.is_empty());
    walk::stream(&mut report, arguments, 0);
    walk::stream(&mut report, item.clone(), 0);
    let mut output = report.constant(&name);
    output.extend(walk::rebuild(item));
    output
}

/// Returns its item as it is.
#[proc_macro_attribute]
pub fn leave(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Removes its item.
#[proc_macro_attribute]
pub fn erase(_: TokenStream, _: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Panics as its arguments say.
#[proc_macro_attribute]
pub fn fail_attribute(arguments: TokenStream, item: TokenStream) -> TokenStream {
    failures::fail(&arguments.to_string(), item)
}

// Derives

/// Reports the item with its helper attributes.
#[proc_macro_derive(Describe, attributes(describe, described_as))]
pub fn describe(item: TokenStream) -> TokenStream {
    let mut report = Report::new();
    walk::stream(&mut report, item.clone(), 0);
    let name = name_of(item);
    report.constant(&Ident::new(&format!("DESCRIBE_{name}"), name.span()))
}

/// Implements a trait by tokens of `quote!`.
#[proc_macro_derive(Name, attributes(describe))]
pub fn name(item: TokenStream) -> TokenStream {
    let name = name_of(item);
    let text = TokenTree::from(Literal::string(&name.to_string()));
    // With a span of `quote!`, users could not call the method.
    let method = TokenTree::from(Ident::new("name", Span::call_site()));
    let name = TokenTree::from(name);
    proc_macro::quote! {
        impl $name {
            /// The name of the type.
            pub fn $method(&self) -> &'static str {
                $text
            }
        }
    }
}

/// Returns nothing.
#[proc_macro_derive(Nothing)]
pub fn derive_nothing(_: TokenStream) -> TokenStream {
    TokenStream::default()
}

/// Panics.
#[proc_macro_derive(FailDerive, attributes(fail))]
pub fn fail_derive(item: TokenStream) -> TokenStream {
    failures::fail("string", item)
}

// Parts that several macros use

/// Parses text that is known to be valid.
fn parsed(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("valid text")
}

/// Splits a stream at its semicolons.
fn arguments(input: TokenStream) -> Vec<TokenStream> {
    let trees = input.into_iter().collect::<Vec<_>>();
    trees
        .split(|tree| matches!(tree, TokenTree::Punct(punct) if *punct == ';'))
        .filter(|argument| !argument.is_empty())
        .map(|argument| argument.iter().cloned().collect())
        .collect()
}

/// Finds the name of a `struct`, `enum` or `union`.
fn name_of(item: TokenStream) -> Ident {
    let mut trees = item.into_iter();
    trees
        .find(|tree| matches!(tree.to_string().as_str(), "struct" | "enum" | "union"))
        .expect("an item of a derive has a keyword");
    match trees.next() {
        Some(TokenTree::Ident(name)) => name,
        other => panic!("the item has no name but {other:?}"),
    }
}

/// The report that a macro returns.
mod report {
    use std::any::Any;
    use std::fmt::{Display, Write};
    use std::thread;

    use super::{Ident, Span, TokenStream, TokenTree, parsed};

    pub struct Report {
        lines: Vec<String>,
    }

    impl Report {
        pub fn new() -> Report {
            Report { lines: Vec::new() }
        }

        pub fn line(&mut self, what: &str, value: impl Display) {
            self.lines.push(format!("{what}: {value}"));
        }

        /// Adds a result, or the payload of a panic.
        pub fn caught(&mut self, what: &str, result: thread::Result<String>) {
            match result {
                Ok(value) => self.line(what, short(&value)),
                Err(payload) => self.line(what, format_args!("panic, {}", payload_of(&*payload))),
            }
        }

        /// Emits the report as a message of the compiler.
        pub fn note(&self, what: &str) {
            let mut note = Span::call_site().note(format!("report: {what}"));
            for line in &self.lines {
                note = note.note(line.as_str());
            }
            note.emit();
        }

        /// Returns the report as a constant.
        pub fn constant(self, name: &Ident) -> TokenStream {
            let mut text = format!("pub const {name}: &[&str] = &[");
            for line in self.lines {
                write!(text, "{line:?}, ").expect("a string grows");
            }
            text.push_str("];");
            parsed(&text)
        }
    }

    fn payload_of(payload: &(dyn Any + Send)) -> String {
        if let Some(text) = payload.downcast_ref::<&'static str>() {
            format!("static {}", short(text))
        } else if let Some(text) = payload.downcast_ref::<String>() {
            format!("string {}", short(text))
        } else {
            "another payload".to_owned()
        }
    }

    /// Splits an input into its first identifier and what follows.
    pub fn named(input: TokenStream) -> (Ident, TokenStream) {
        let mut trees = input.into_iter();
        match trees.next() {
            Some(TokenTree::Ident(name)) => (name, trees.collect()),
            other => panic!("the input has to start with a name, not with {other:?}"),
        }
    }

    /// Returns the text, or its length and hash (FNV-1a) if it is long.
    pub fn short(text: &str) -> String {
        if text.len() <= 2_000 {
            return text.to_owned();
        }
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        format!("{} bytes with hash {hash:016x}", text.len())
    }
}

/// Reports and copies of token trees.
mod walk {
    use super::{Group, Ident, Literal, Report, TokenStream, TokenTree, spans};

    pub fn stream(report: &mut Report, stream: TokenStream, depth: usize) {
        let indent = "  ".repeat(depth);
        for tree in stream {
            let span = spans::brief(tree.span());
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = (group.span_open(), group.span_close());
                    let (open, close) = (spans::brief(open), spans::brief(close));
                    let what = format!("{indent}group {:?}", group.delimiter());
                    report.line(&what, format_args!("{span} open {open} close {close}"));
                    self::stream(report, group.stream(), depth + 1);
                }
                TokenTree::Ident(ident) => {
                    report.line(&format!("{indent}ident"), format_args!("{ident} {span}"));
                }
                TokenTree::Punct(punct) => {
                    let (ch, spacing) = (punct.as_char(), punct.spacing());
                    let what = format!("{indent}punct");
                    report.line(&what, format_args!("{ch} {spacing:?} {span}"));
                }
                TokenTree::Literal(literal) => {
                    let text = format!("{literal} {literal:?} {span}");
                    report.line(&format!("{indent}literal"), super::short(&text));
                }
            }
        }
    }

    pub fn rebuild(stream: TokenStream) -> TokenStream {
        stream.into_iter().map(tree).collect()
    }

    fn tree(tree: TokenTree) -> TokenTree {
        let span = tree.span();
        let mut new = match tree {
            TokenTree::Group(group) => {
                TokenTree::from(Group::new(group.delimiter(), rebuild(group.stream())))
            }
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                TokenTree::from(match text.strip_prefix("r#") {
                    Some(raw) => Ident::new_raw(raw, span),
                    None if text == "$crate" => ident,
                    None => Ident::new(&text, span),
                })
            }
            TokenTree::Punct(punct) => TokenTree::from(punct),
            TokenTree::Literal(literal) => {
                TokenTree::from(literal.to_string().parse::<Literal>().expect("a literal"))
            }
        };
        new.set_span(span);
        new
    }
}

/// Literals of all kinds.
mod literals {
    use std::panic;

    use super::{LONG, Literal, Report, Span, TokenStream, TokenTree};

    macro_rules! constructed {
        ($report:ident $($constructor:ident($value:expr))*) => {
            $(add($report, stringify!($constructor), Literal::$constructor($value));)*
        };
    }

    fn add(report: &mut Report, what: &str, mut literal: Literal) {
        literal.set_span(Span::mixed_site());
        let stream = TokenStream::from(TokenTree::from(literal.clone()));
        let text = format!("{literal} {literal:?} {stream} {stream:?}");
        report.line(what, super::short(&text));
    }

    pub fn constructed(report: &mut Report) {
        constructed! { report
            u8_suffixed(u8::MAX) u16_suffixed(u16::MAX) u32_suffixed(u32::MAX)
            u64_suffixed(u64::MAX) u128_suffixed(u128::MAX) usize_suffixed(4_000_000_000)
            i8_suffixed(i8::MIN) i16_suffixed(i16::MIN) i32_suffixed(i32::MIN)
            i64_suffixed(i64::MIN) i128_suffixed(i128::MIN) isize_suffixed(-2_000_000_000)
            u8_unsuffixed(0) u16_unsuffixed(1) u32_unsuffixed(2) u64_unsuffixed(u64::MAX)
            u128_unsuffixed(u128::MAX) usize_unsuffixed(3)
            i8_unsuffixed(-1) i16_unsuffixed(i16::MAX) i32_unsuffixed(i32::MIN)
            i64_unsuffixed(i64::MIN) i128_unsuffixed(i128::MIN) isize_unsuffixed(-3)
            f32_unsuffixed(1.0) f32_unsuffixed(-0.5) f32_suffixed(1e30) f32_suffixed(-1.0)
            f64_unsuffixed(1e-300) f64_unsuffixed(-2.0) f64_suffixed(0.1) f64_suffixed(-1e300)
            string("") string("größe \"quoted\" \\ \n \t \0 名前 💥") string(&"é".repeat(LONG))
            character('a') character('\'') character('"') character('\n') character('💥')
            byte_character(b'a') byte_character(b'\'') byte_character(0) byte_character(255)
            byte_string(b"") byte_string(b"bytes \"\\\n\0\xff") byte_string(&[200; 30_000])
            c_string(c"") c_string(c"größe \"\\\n\xff")
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let made = panic::catch_unwind(|| Literal::f64_unsuffixed(value).to_string());
            report.caught("f64", made);
            let made = panic::catch_unwind(|| Literal::f32_suffixed(value as f32).to_string());
            report.caught("f32", made);
        }
    }

    pub fn from_text(report: &mut Report) {
        let long = format!("\"{}\"", "long ".repeat(LONG / 4));
        for text in [
            // Each kind of literal.
            "1",
            "-1",
            "1u8",
            "-1i128",
            "0xFF_u8",
            "0b1010",
            "0o17",
            "1_000_000",
            "340282366920938463463374607431768211456",
            "1foo",
            "1.5",
            "-1.5f64",
            "1e10",
            "1E-7_f32",
            "1.",
            "'a'",
            "'\\''",
            "'\\u{1F4A5}'",
            "'💥'suffix",
            "b'a'",
            "b'\\xff'",
            "\"\"",
            "\"text\"",
            "\"größe 名前 💥\"",
            "\"a\\nb\\\"c\\\\\"suffix",
            "r\"raw\"",
            "r#\"raw \"1\" \"#",
            "r##\"raw \"#2\"# \"##",
            "r###\"raw \"##3\"## \"###suffix",
            "b\"bytes\\xff\"",
            "br\"raw bytes\"",
            "br#\"raw \"1\" \"#",
            "br##\"raw \"#2\"# \"##",
            "br###\"raw \"##3\"## \"###",
            "c\"c text\"",
            "c\"größe\\xff\"",
            "cr\"raw c\"",
            "cr#\"raw \"1\" \"#",
            "cr##\"raw \"#2\"# \"##",
            "cr###\"raw \"##3\"## \"###",
            &long,
            // No literal, which the compiler answers without a message of its own.
            "",
            " 1",
            "1 ",
            "- 1",
            "--1",
            "1 2",
            "-'a'",
            "-\"text\"",
            "/* comment */ 1",
            "1 // comment",
            "true",
            "größe",
            "+",
            "()",
        ] {
            let what = super::short(&format!("from {text:?}"));
            let made = panic::catch_unwind(|| match text.parse::<Literal>() {
                Ok(literal) => {
                    let stream = TokenStream::from(TokenTree::from(literal.clone()));
                    format!("{literal} {literal:?} {stream} {stream:?}")
                }
                Err(error) => format!("{error}: {error:?}"),
            });
            report.caught(&what, made);
        }
    }
}

/// Streams of tokens.
mod streams {
    use std::mem;

    use super::{Ident, Literal, Punct, Report, Spacing, Span, TokenStream, TokenTree, parsed};

    pub fn emptiness(report: &mut Report, input: &TokenStream) {
        let streams = [
            TokenStream::new(),
            TokenStream::default(),
            parsed(""),
            input.clone(),
        ];
        for stream in streams {
            let copy = stream.clone();
            let empty = (stream.is_empty(), copy.is_empty());
            report.line("empty", format_args!("{empty:?} {stream} {copy:?}"));
            // A handle that is never given back.
            mem::forget(copy);
            report.line("count", stream.into_iter().count());
        }
    }

    pub fn concatenated(report: &mut Report, input: &TokenStream) {
        let trees = || {
            [
                TokenTree::from(Ident::new("first", Span::call_site())),
                TokenTree::from(Punct::new('+', Spacing::Joint)),
                TokenTree::from(Literal::i8_suffixed(-8)),
                TokenTree::from(Literal::f64_unsuffixed(-8.5)),
            ]
        };
        for count in 0..=4 {
            let collected = trees().into_iter().take(count).collect::<TokenStream>();
            report.line("trees", format_args!("{count} {collected}"));
            for base in [TokenStream::new(), parsed(""), input.clone()] {
                let mut extended = base;
                extended.extend(trees().into_iter().take(count));
                report.line("extended by trees", format_args!("{count} {extended}"));
            }
        }
        let streams = || {
            [
                input.clone(),
                TokenStream::new(),
                parsed("a - b"),
                parsed(""),
            ]
        };
        for count in 0..=4 {
            let collected = streams().into_iter().take(count).collect::<TokenStream>();
            report.line("streams", format_args!("{count} {collected}"));
            for base in [TokenStream::new(), parsed(""), input.clone()] {
                let mut extended = base;
                extended.extend(streams().into_iter().take(count));
                report.line("extended by streams", format_args!("{count} {extended}"));
            }
        }
        // Operators that are put together from single characters.
        let joined = ["<", "<=", "'a", "&&", "..", "=", ":", ":"];
        let joined = joined.map(parsed).into_iter().collect::<TokenStream>();
        report.line("joined", format_args!("{joined} {joined:?}"));
    }

    pub fn text(report: &mut Report) {
        for text in [
            "",
            " \n\t",
            "a",
            "/* comment */ // comment",
            "/// größe \"quoted\"\nfn f() {}",
            "{ ( [ ] ) }",
            "a += b >>= c && 'a 'b' r#fn größe 名前",
            "1 1.5 'c' \"s\" r#\"r\"# b'b' b\"b\" br\"b\" c\"c\" cr\"c\" 1u8 -1",
            "$ # ? @ ~ ! % ^ & * - + = | ; : , . < > /",
            "impl<'a, T: ?Sized> Größe<'a> for T where T: Fn(&u8) -> bool {}",
        ] {
            let stream = parsed(text);
            report.line("parsed", format_args!("{text:?} {stream}"));
            report.line("debug", super::short(&format!("{stream:?}")));
        }
        #[cfg(not(any(bridge = "1.85", bridge = "1.88")))]
        for text in ["(", ")", "{ größe", "größe ]"] {
            let error = text.parse::<TokenStream>().expect_err("invalid text");
            report.line("invalid", format_args!("{text:?} {error}: {error:?}"));
        }
    }
}

/// Spans and the places that they name.
mod spans {
    use std::ops::Bound;

    use super::{Literal, Report, Span, TokenStream, TokenTree};

    /// Describes a span by all requests that have one span.
    pub fn brief(span: Span) -> String {
        let (start, end) = (span.start(), span.end());
        let place = format!(
            "{}:{}-{}:{}",
            start.line(),
            start.column(),
            end.line(),
            end.column()
        );
        let bytes = span.byte_range();
        let text = super::short(&format!("{:?}", span.source_text()));
        let (source, file) = (span.source(), file(span));
        let mut parents = Vec::new();
        let mut parent = span.parent();
        while let Some(span) = parent.filter(|_| parents.len() < 10) {
            parents.push(span);
            parent = span.parent();
        }
        format!("[{span:?} {place} {bytes:?} {file} {text} source {source:?} in {parents:?}]")
    }

    #[cfg(bridge = "1.85")]
    fn file(span: Span) -> String {
        let (file, here) = (span.source_file(), Span::call_site().source().source_file());
        let copy = file.clone();
        let (same, real) = (file == here, copy.is_real());
        // The server panics when a remapped path of another crate is asked for.
        let path = if copy == here {
            base_name(&copy.path().to_string_lossy())
        } else {
            "".into()
        };
        format!("{path} real {real} same {same}")
    }

    #[cfg(not(bridge = "1.85"))]
    fn file(span: Span) -> String {
        let local = span.local_file();
        let local = local.map(|path| base_name(&path.to_string_lossy()));
        format!("{} local {local:?}", base_name(&span.file()))
    }

    /// Returns the last part of a path, since the rest belongs to the machine.
    fn base_name(path: &str) -> String {
        path.rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn sites(report: &mut Report) {
        let sites = [
            ("call", Span::call_site()),
            ("def", Span::def_site()),
            ("mixed", Span::mixed_site()),
        ];
        for (name, site) in sites {
            report.line(name, brief(site));
            report.line("start", brief(site.start()));
            report.line("end", brief(site.end()));
            report.line("source", brief(site.source()));
            for (other_name, other) in sites {
                let what = format!("{name} and {other_name}");
                pair(report, &what, site, other);
            }
        }
    }

    /// Compares each token's span with its neighbour's and with the three sites.
    pub fn pairs(report: &mut Report, input: TokenStream) {
        let spans = input
            .into_iter()
            .map(|tree| tree.span())
            .collect::<Vec<_>>();
        for (index, &span) in spans.iter().enumerate() {
            report.line("token", brief(span));
            let next = spans[(index + 1) % spans.len()];
            let sites = [
                next,
                Span::call_site(),
                Span::def_site(),
                Span::mixed_site(),
            ];
            for (other, site) in sites.into_iter().enumerate() {
                pair(report, &format!("token {index} and {other}"), span, site);
                pair(report, &format!("{other} and token {index}"), site, span);
            }
        }
    }

    fn pair(report: &mut Report, what: &str, first: Span, second: Span) {
        let joined = first.join(second).map(brief);
        report.line(
            what,
            format_args!("equal {} joined {joined:?}", first.eq(&second)),
        );
        report.line("resolved", brief(first.resolved_at(second)));
        report.line("located", brief(first.located_at(second)));
    }

    /// Takes parts of each literal's span.
    pub fn subspans(report: &mut Report, input: TokenStream) {
        let literals = input.into_iter().filter_map(|tree| match tree {
            TokenTree::Literal(literal) => Some(literal),
            _ => None,
        });
        let made = [Literal::string("made by the macro")];
        for literal in literals.chain(made) {
            report.line("literal", &literal);
            let bounds = [
                Bound::Unbounded,
                Bound::Included(0),
                Bound::Included(2),
                Bound::Excluded(0),
                Bound::Excluded(3),
                Bound::Included(1_000_000),
                Bound::Excluded(1_000_000),
                Bound::Included(u32::MAX as usize),
                Bound::Excluded(u32::MAX as usize),
            ];
            for start in bounds {
                for end in bounds {
                    let part = literal.subspan((start, end)).map(brief);
                    report.line("part", format_args!("{start:?} {end:?} {part:?}"));
                }
            }
        }
    }

    /// Saves spans, and recovers those that `quote!` saved in this crate.
    pub fn saved(report: &mut Report, input: TokenStream) {
        for tree in input {
            report.line("saved", tree.span().save_span());
        }
        for id in [0, 1, 2, 0] {
            let span = Span::recover_proc_macro_span(id);
            report.line("recovered", brief(span));
        }
    }
}

/// Tracked variables and paths.
///
/// Between 1.88 and 1.95 `tracked_env::var` and `tracked_path::path` became `tracked::env_var` and
/// `tracked::path`, and a feature got another name. A glob import in a block comes before the
/// modules around it, so each path below leads to `proc_macro` where that has it, and to a
/// substitute here where it does not. A macro may use unstable functions by features that this
/// rustc does not know.
mod tracked {
    use std::env::VarError;

    #[allow_internal_unstable(proc_macro_tracked_env, proc_macro_tracked_path, track_path)]
    macro_rules! call {
        (new variable $name:ident) => {
            call!(with use proc_macro::*; tracked::env_var($name))
        };
        (new path $name:ident) => {
            call!(with use proc_macro::*; tracked::path($name))
        };
        (old variable $name:ident) => {
            call!(with use proc_macro::*; tracked_env::var($name))
        };
        (old path $name:ident) => {
            call!(with use proc_macro::*; tracked_path::path($name))
        };
        (with $import:item $call:expr) => {{
            #[allow(unused_imports, reason = "the name may be that of a substitute")]
            $import
            $call
        }};
    }

    pub fn variable(name: &str) -> Result<String, VarError> {
        call!(new variable name)
    }

    pub fn track(path: &str) {
        call!(new path path)
    }

    /// The new names, for a `proc_macro` with the old ones.
    #[allow(dead_code, reason = "no version uses all of the substitutes")]
    mod tracked {
        use std::env::VarError;

        pub fn env_var(name: &str) -> Result<String, VarError> {
            call!(old variable name)
        }

        pub fn path(path: &str) {
            call!(old path path)
        }

        /// The old names, for a `proc_macro` with the new ones.
        mod tracked_env {
            use std::env::VarError;

            pub fn var(name: &str) -> Result<String, VarError> {
                panic!("this proc_macro cannot track the variable {name}")
            }
        }

        mod tracked_path {
            pub fn path(path: &str) {
                panic!("this proc_macro cannot track the path {path}")
            }
        }
    }
}

/// Diagnostics of all shapes.
mod diagnostics {
    use super::{Diagnostic, Level, Report, Span, TokenStream};

    pub fn emit_all(report: &mut Report, level: Level, text: &str, input: &TokenStream) {
        let spans = input
            .clone()
            .into_iter()
            .map(|tree| tree.span())
            .collect::<Vec<_>>();
        let one = spans.first().copied().unwrap_or_else(Span::call_site);
        let message = |what: &str| format!("{text} {what}, größe 名前 \"quoted\"");

        Diagnostic::new(level, message("without spans")).emit();
        Diagnostic::spanned(Vec::new(), level, message("with an empty list of spans")).emit();
        Diagnostic::spanned(one, level, message("with one span")).emit();
        Diagnostic::spanned(&spans[..], level, message("with many spans")).emit();
        let site = Span::mixed_site();
        Diagnostic::spanned(vec![site, one], level, message("at the mixed site")).emit();
        let hygiene = one.resolved_at(Span::def_site());
        Diagnostic::spanned(hygiene, level, message("resolved at the definition")).emit();
        Diagnostic::spanned(one, level, message("of many\nlines\n\n")).emit();
        Diagnostic::new(level, "").emit();

        let method = match level {
            Level::Error => Span::error,
            Level::Warning => Span::warning,
            Level::Note => Span::note,
            _ => Span::help,
        };
        method(one, message("by a method of the span")).emit();

        let children = Diagnostic::spanned(one, level, message("with children"))
            .warning(message("warning"))
            .note(message("note"))
            .help(message("help"))
            .span_warning(one, message("warning with a span"))
            .span_note(one, message("note with a span"))
            .span_help(one, message("help with a span"))
            .span_note(spans.clone(), message("note with many spans"))
            .span_help(Vec::new(), message("help with an empty list of spans"));
        // rustc 1.85 asserts that no child is an error.
        #[cfg(not(any(bridge = "1.85", bridge = "1.88")))]
        let children = children
            .error(message("error"))
            .span_error(one, message("error with a span"))
            .span_error(&spans[..], message("error with many spans"));
        for child in children.children() {
            let (level, spans) = (child.level(), child.spans().len());
            report.line(
                "child",
                format_args!("{level:?} {spans} {}", child.message()),
            );
        }
        children.emit();

        let mut changed = Diagnostic::new(Level::Help, "the old message");
        changed.set_level(level);
        changed.set_message(message("changed"));
        changed.set_spans(spans);
        report.line("changed", super::short(&format!("{changed:?}")));
        let copy = changed.clone();
        changed.emit();
        // The compiler leaves out a message that it has already printed.
        copy.emit();
    }
}

/// Panics, and what the compiler refuses.
mod failures {
    use std::panic;

    use super::{Delimiter, parsed};
    use super::{
        Group, Ident, LONG, Literal, Punct, Report, Spacing, Span, TokenStream, TokenTree,
    };

    pub fn fail(kind: &str, input: TokenStream) -> TokenStream {
        match kind {
            "static" => panic!("a panic with a static text, größe"),
            "string" => panic!("a panic with a string, {}", "größe 名前"),
            "other" => panic::panic_any(42_u64),
            "empty" => panic!(""),
            "long" => panic!("{}", "long panic ".repeat(LONG / 10)),
            "holding" => {
                // The handles are given back while the stack unwinds.
                let held = [input.clone(), parsed("a b c"), input];
                panic!("a panic with {} streams", held.len());
            }
            "ident" => TokenTree::from(Ident::new("größe →", Span::call_site())).into(),
            "punct" => TokenTree::from(Punct::new('ö', Spacing::Alone)).into(),
            "float" => TokenTree::from(Literal::f64_suffixed(f64::NAN)).into(),
            "unparsable" => parsed("fn = ;"),
            "unfinished" => {
                let group = Group::new(Delimiter::None, parsed("pub const A: u8 = 1 +"));
                TokenTree::from(group).into()
            }
            _ => panic!("no failure has the name {kind}"),
        }
    }

    /// Expands expressions for which the compiler emits errors.
    pub fn invalid_expressions(report: &mut Report, input: TokenStream) {
        let mut arguments = super::arguments(input);
        arguments.insert(0, parsed(""));
        for argument in arguments {
            report.line(
                &argument.to_string(),
                format_args!("{:?}", argument.expand_expr()),
            );
        }
    }

    /// Parses invalid text, for which the compiler returns an error, or emits it and unwinds.
    pub fn invalid_text(report: &mut Report) {
        for text in [
            "(",
            ")",
            "\"unterminated",
            "/* unterminated",
            "r#\"unterminated\"",
            "größe \u{201c}quoted\u{201d}",
            "\\ a",
            "r#self",
            "'ab'",
            "0b",
            "b'é'",
            "unknown_prefix\"text\"",
        ] {
            let result = panic::catch_unwind(|| match text.parse::<TokenStream>() {
                Ok(stream) => format!("{stream} {stream:?}"),
                Err(error) => format!("{error}: {error:?}"),
            });
            report.caught(&format!("{text:?}"), result);
        }
    }

    /// Parses literals for which the compiler emits errors, and sends them back.
    pub fn invalid_literals(report: &mut Report) {
        for text in [
            "0b",
            "0x",
            "0b12",
            "1e",
            "''",
            "'ab'",
            "b'é'",
            "\"\\z\"",
            "\"\\u{FFFFFF}\"",
            "b\"é\"",
            "c\"\\0\"",
            "\"unterminated",
            "r#\"unterminated\"",
        ] {
            let result = panic::catch_unwind(|| match text.parse::<Literal>() {
                Ok(literal) => {
                    let stream = TokenStream::from(TokenTree::from(literal.clone()));
                    format!("{literal} {literal:?} {stream} {stream:?}")
                }
                Err(error) => format!("{error}: {error:?}"),
            });
            report.caught(&format!("literal {text:?}"), result);
        }
    }
}
