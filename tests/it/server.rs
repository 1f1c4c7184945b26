//! The stand-alone server against the compiler: a macro that looks at everything it can see of its
//! input, run natively by rustc and in wasm before [`Standalone`], says the same.

use fs_err as fs;
use pm_loader::{Grants, Options, Output, WasiCtx};
use pm_server::tokens::{Group, TokenKind, Tree};
use pm_server::{Edition, FileName, Input, Server, Span, Standalone, TokenStream};
use pm_tests::diff::diff;
use pm_tests::once::{once, scratch};
use pm_tests::workspace::{rustc_minor, toolchain};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The macro: `tokens!` looks at tokens of the source, `text!` reads string literals. A rustc before
/// 1.88 has other names for files of spans, and doesn't give a literal's value (`old`).
const PROBE: &str = r##"
#![feature(proc_macro_expand, proc_macro_span)]
#![cfg_attr(not(old), feature(proc_macro_value))]
extern crate proc_macro;
use proc_macro::*;
use std::panic::catch_unwind;

fn range(span: Span) -> String {
    let bytes = span.byte_range();
    format!("{}..{} {}:{}", bytes.start, bytes.end, span.line(), span.column())
}

/// `Debug`, but for the span.
fn parts(literal: &Literal) -> String {
    let debug = format!("{literal:?}");
    debug[..debug.rfind(", span").unwrap()].to_owned()
}

fn look(out: &mut String, stream: TokenStream, depth: usize) {
    for tree in stream {
        let at = range(tree.span());
        let tree = match tree {
            TokenTree::Group(group) => {
                let (open, close) = (range(group.span_open()), range(group.span_close()));
                *out += &format!("{depth} {:?} {at} {open} {close}\n", group.delimiter());
                *out += &format!("{depth} = {:?}\n", group.stream().to_string());
                look(out, group.stream(), depth + 1);
                continue;
            }
            TokenTree::Punct(punct) => format!("{} {:?}", punct.as_char(), punct.spacing()),
            TokenTree::Ident(ident) => ident.to_string(),
            TokenTree::Literal(literal) => {
                let part = literal.subspan(1..2).map(range);
                let text = literal.span().source_text();
                format!("{} {part:?} {text:?}", parts(&literal))
            }
        };
        *out += &format!("{depth} {tree} {at}\n");
    }
}

#[cfg(not(old))]
fn file(span: Span) -> String {
    format!("{} {:?}", span.file(), span.local_file())
}
#[cfg(old)]
fn file(span: Span) -> String {
    let file = span.source_file();
    let local = file.is_real().then(|| file.path());
    format!("{} {local:?}", file.path().display())
}

#[cfg(not(old))]
fn value(literal: &Literal) -> String {
    literal.str_value().unwrap()
}
#[cfg(old)]
fn value(literal: &Literal) -> String {
    let text = literal.to_string();
    let text = text.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
    let mut chars = text.chars();
    let mut out = String::new();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        out.push(match chars.next().unwrap() {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'u' => {
                let hex: String = chars.by_ref().skip(1).take_while(|it| *it != '}').collect();
                char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap()
            }
            other => other,
        });
    }
    out
}

fn rebuild(stream: TokenStream) -> TokenStream {
    let tree = |tree| match tree {
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), rebuild(group.stream()));
            new.set_span(group.span());
            new.into()
        }
        tree => tree,
    };
    stream.into_iter().map(tree).collect()
}

#[proc_macro]
pub fn tokens(input: TokenStream) -> TokenStream {
    let mut out = String::from("\n@@ tokens\n");
    let site = Span::call_site();
    out += &format!("{} {}\n", range(site), file(site));
    let show = |span: Option<Span>| span.map(|span| (range(span), span.source_text()));
    let text = |span: Option<Span>| show(span).map(|(at, text)| (at, text.map(|t| t.len())));
    out += &format!("{:?} {:?}\n", text(site.parent()), text(Some(site.source())));
    let mut spans = input.clone().into_iter().map(|tree| tree.span());
    if let (Some(first), Some(last)) = (spans.next(), spans.last()) {
        out += &format!("{:?} {:?}\n", text(first.join(last)), text(last.join(first)));
        out += &format!("{:?} {:?}\n", show(first.parent()), show(Some(first.source())));
        let moved = site.located_at(first);
        out += &format!("{:?} {:?}\n", show(Some(moved)), text(moved.parent()));
        out += &format!("{} {}\n", range(first.start()), range(first.end()));
        out += &format!("{}\n", first.eq(&moved));
    }
    out += &format!("{:?}\n", input.to_string());
    let rebuilt = rebuild(input.clone());
    out += &format!("{:?}\n", rebuilt.to_string());
    out += &format!("{:?}\n", input.clone().into_iter().collect::<TokenStream>().to_string());
    let all: TokenStream = vec![input.clone(), rebuilt].into_iter().collect();
    out += &format!("{:?}\n", all.to_string());
    look(&mut out, input, 0);
    eprintln!("{out}@@");
    TokenStream::new()
}

#[proc_macro]
pub fn text(input: TokenStream) -> TokenStream {
    let mut out = String::from("\n@@ text\n");
    for tree in input {
        let TokenTree::Literal(literal) = tree else { continue };
        let text = value(&literal);
        out += &match catch_unwind(|| text.parse::<TokenStream>()) {
            Ok(Ok(stream)) => {
                let expanded = stream.expand_expr().map(|stream| stream.to_string());
                let rebuilt = rebuild(stream.clone());
                format!("{stream:?}\n{}\n{}\n{:?}\n", stream, rebuilt, expanded.ok())
            }
            Ok(Err(error)) => format!("{error}\n"),
            Err(_) => "unwinds\n".to_owned(),
        };
        out += &match catch_unwind(|| text.parse::<Literal>()) {
            Ok(Ok(literal)) => format!("{}\n", parts(&literal)),
            Ok(Err(error)) => format!("{error}\n"),
            Err(_) => "unwinds\n".to_owned(),
        };
        let ident = catch_unwind(|| Ident::new(&text, Span::call_site()).to_string());
        out += &format!("{:?}\n", ident.ok());
    }
    eprintln!("{out}@@");
    TokenStream::new()
}
"##;

/// The probe: the native library and the wasm module.
fn probe() -> (PathBuf, PathBuf) {
    once("probe", || {
        let folder = scratch().join("probe");
        fs::create_dir_all(&folder).expect("a folder");
        let source = folder.join("probe.rs");
        fs::write(&source, PROBE).expect("written");
        let toolchain = toolchain();
        let build = |output: PathBuf, args: &[&[String]]| {
            let mut rustc = toolchain.unstable_command(&toolchain.rustc);
            rustc.args([
                "--crate-name",
                "probe",
                "--crate-type",
                "proc-macro",
                "--edition",
                "2021",
            ]);
            rustc
                .args(["-Copt-level=1", "-Cmetadata=probe"])
                .args((rustc_minor() < 88).then_some("--cfg=old"))
                .arg("-o")
                .arg(&output)
                .arg(&source);
            args.iter().for_each(|args| {
                rustc.args(*args);
            });
            let done = rustc.output().expect("rustc");
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            output
        };
        let native = build(folder.join("libprobe.so"), &[]);
        let wasm = build(
            folder.join("probe.wasm"),
            &[&toolchain.wasm_args, &toolchain.link_args],
        );
        (native, wasm)
    })
}

/// What the macro says in rustc.
fn native(file: &Path, edition: &str) -> String {
    let toolchain = toolchain();
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.args([
        "--crate-type",
        "lib",
        "--emit",
        "metadata",
        "--edition",
        edition,
    ]);
    rustc
        .arg("--extern")
        .arg(format!("probe={}", probe().0.display()));
    rustc.arg("-o").arg(file.with_extension("rmeta")).arg(file);
    // It may fail: a macro that reads text that is none is a compile error.
    let done = rustc.output().expect("rustc");
    said(&String::from_utf8_lossy(&done.stderr))
}

/// What the macro says before the stand-alone server.
fn standalone(file: &Path, edition: &str) -> String {
    let loader = pm_compile::loader(Options::default()).expect("a loader");
    let macros = loader.load(&probe().1).expect("the probe");
    let mut backend = Standalone::new(edition.parse::<Edition>().expect("an edition"));
    let text = fs::read_to_string(file).expect("a source file");
    let (_, stream) = backend
        .add_file(FileName::Real(file.to_owned()), &text)
        .expect("added");
    let mut server = Server::new(backend, macros.profile());
    let mut all = String::new();
    for (name, call, group) in uses(&stream.expect("tokens")) {
        server.backend_mut().enter(call);
        let input = server.encode_input(Input::Bang(group.stream));
        let index = macros
            .declarations()
            .iter()
            .position(|known| known.name == name);
        let wasi = WasiCtx::new(Arc::new(Grants::default())).with_stderr(Output::capture());
        let index = index.expect("a macro of the probe");
        let outcome = macros.expand(index, &input, &mut server, wasi);
        let captured = outcome.wasi.stderr().expect("captured");
        assert_eq!(captured.cut(), 0, "too much to say");
        all += &String::from_utf8_lossy(captured.bytes());
        server
            .decode_output(&outcome.result.expect("an answer").output)
            .expect("no panic");
    }
    said(&all)
}

/// `probe::NAME! { … }` at the top level.
fn uses(stream: &TokenStream) -> Vec<(String, Span, Group)> {
    let trees = stream.trees();
    let uses = trees.windows(5).filter_map(|trees| {
        let [
            Tree::Token(start),
            _,
            Tree::Token(name),
            _,
            Tree::Group(group),
        ] = trees
        else {
            return None;
        };
        let is_probe = matches!(&start.kind, TokenKind::Ident { name, .. } if name == "probe");
        let TokenKind::Ident { name, .. } = &name.kind else {
            return None;
        };
        let call = start.span.with_end_of(group.close);
        is_probe.then(|| (name.to_string(), call, group.clone()))
    });
    uses.collect()
}

/// The macro's own lines.
fn said(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let was_inside = inside;
        inside = line.starts_with("@@ ") || inside && *line != "@@";
        was_inside || inside
    });
    let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
    without_places(&lines)
}

/// Without what `Debug` shows of spans, `#CONTEXT bytes(START..END)`: rustc numbers contexts and
/// counts bytes over everything that it has read before.
fn without_places(text: &str) -> String {
    let mut parts = text.split(" bytes(");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = |c: char| c.is_ascii_digit();
        out.truncate(out.trim_end_matches(digits).len());
        let rest = part.trim_start_matches(digits).trim_start_matches("..");
        out += rest.trim_start_matches(digits).trim_start_matches(')');
    }
    out
}

/// Holds what macros say of a text before the stand-alone server against what they say in rustc. The
/// server prints tokens and reads text as rustc 1.95 and later do (docs/COMPILERS.md).
fn same(name: &str, edition: &str, text: &str) {
    if rustc_minor() < 95 {
        eprintln!("not compared: the stand-alone server prints as rustc 1.95 and later do");
        return;
    }
    let folder = scratch().join("probe-uses");
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(format!("{name}_{edition}.rs"));
    fs::write(&file, text).expect("written");
    let (native, standalone) = (native(&file, edition), standalone(&file, edition));
    assert!(native.starts_with("@@ "), "the probe said nothing");
    assert!(
        native == standalone,
        "{name}:\n{}",
        diff(&native, &standalone)
    );
}

#[test]
fn real_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace");
    let mut names: Vec<_> = fs::read_dir(root.join("loader/server/src"))
        .expect("the server's source")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    names.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).expect("a source file");
    let uses = names
        .iter()
        .map(|path| format!("probe::tokens! {{\n{}\n}}\n", read(path)));
    same("real", "2024", &uses.collect::<String>());
}

#[test]
fn every_token() {
    let text = r####"
probe::tokens! {
    /// Doc 'x' "y" \ é
    #[derive(Debug,Clone)] pub struct A<'a, T: ?Sized+'static>(&'a T, [u8; 3 ] );
    impl<'a,T> A<'a,T>{ fn f(&self,x:u32)->u32 where T:Copy { x+1 - 2 ..=3 }
        //! inner
        /* plain */ /** block */ let r#type = 'l: loop { break 'l; };
        "s\n" b"x" r#"raw"# br##"a"## c"x" 'c' b'c' 1u8 1.0f32 0x1F 1e10 1_000i64 "x"suffix
        !x !=y && || ||| <<= >>= ... ..= . . :: -> => <- a.b.0.1 a . await ;; , , ~ @ ^ ^= %=
        if !x { println!("{}", x); macro_rules! foo { ($e:expr) => { $e $crate } } }
        return (1,2); f (3); Self(1) ; fn(x) pub(crate) let (a,b) { } {a} { a} {a } ( ) [ ] $
        async (x) r#async (x) union (x) dyn ! gen (x) try ! self ! 'r#a é e\u{301} 名前 - 1 -1
    }
}
probe::tokens!();
probe::tokens!(a);
probe::tokens![ (((((((((("deep")))))))))) a_name_that_is_long, another_name_that_is_long; x ];
"####;
    for edition in ["2018", "2021", "2024"] {
        // Both are errors in what is not the probe's edition.
        let text = match edition {
            "2021" => text.to_owned(),
            _ => text.replace("c\"x\"", "").replace("'r#a", ""),
        };
        same("tokens", edition, &text.replace("e\\u{301}", "e\u{301}"));
    }
}

#[test]
fn text() {
    let text = r#####"
probe::text! {
    "a+b" "1" "-1" " 1" "1 " "- 1" "-1u8" "--1" "-a" "\"x\"" "'c'" "(" ")" "a) b }" "(a]]"
    "{ ) ]" "#!/bin/sh\nfoo" "#![a]" "/// doc\nx" "/** doc */ x" "//! a" "" "1 + 2" "a\r\nb"
    "\"a\r\nb\"" "1.5e3f64" "r#\"x\"#" "b'x'" "0b101u8" "'a" "'a 'b" "r#fn" "é" "e\u{301}"
    "a:: b" "a..=b" "true" "-1.5" "-\"a\"" "1_u8" "::<'a>" "=>" "= >" "$crate::a" "$ crate"
}
probe::text! {
    "\"\\q\"" "\"\\xFF\"" "'ab'" "''" "b'é'" "\"a" "'a b'" "r#\"a" "r#a\"" "b'a" "/* a" "/** a"
    "0b12" "0x" "1e" "0b1.0" "\"a\"_" "k\"a\"" "r#self" "'1a" "#\"a\"" "\u{a0}\u{a0}a" "\\"
    "\u{0}" "r##a" "c\"\\0\"" "'r#a" "'r#self" "\"\\u1\"" "\"\\u{dfff}\"" "'\t'" "\"\rb\""
    "/// a\rb" "\u{feff}a" "--- a" "1.a" "1..2" "1.0.0" "0o8" "0x1f32" "1e+5" "'\\''" "'''"
}
"#####;
    same("text", "2021", text);
}
