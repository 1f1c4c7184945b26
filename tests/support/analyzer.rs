//! rust-analyzer's macro server, asked in its own protocol.
//!
//! A request and a reply are a line of JSON each; tokens are flat lists of numbers (rust-analyzer's
//! `crates/proc-macro-api/src/legacy_protocol/msg.rs` and `msg/flat.rs`).

use crate::workspace::{toolchain, without_cargo};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The versions of the protocol that are spoken here: that of rustc 1.85's server, and that of rustc
/// 1.96's to 1.98's. They differ in what a span's file is called, and all spans here are one number.
pub const VERSIONS: [u32; 2] = [5, 6];

/// A running `rust-analyzer-proc-macro-srv`, that of the toolchain.
pub struct Server {
    process: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

/// What is to be expanded.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The macro's name.
    pub name: &'a str,
    /// Its input, as source code.
    pub body: &'a str,
    /// Its arguments, if it's an attribute.
    pub attributes: Option<&'a str>,
    /// The environment for it.
    pub env: &'a [(&'a str, &'a str)],
}

impl Server {
    /// Starts it.
    pub fn start() -> Server {
        let toolchain = toolchain();
        let mut command = toolchain.command(program());
        without_cargo(&mut command);
        // Only rust-analyzer is meant to run it.
        command.env("RUST_ANALYZER_INTERNALS_DO_NOT_USE", "this is unstable");
        command.args(["--format", "json-legacy"]);
        Server::of(command)
    }

    fn of(mut command: Command) -> Server {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let requests = process.stdin.take().expect("a pipe");
        let replies = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut server = Server {
            process,
            requests,
            replies,
        };
        let version = server.ask(&json!({ "ApiVersionCheck": {} }));
        let known = VERSIONS.map(|version| json!({ "ApiVersionCheck": version }));
        assert!(known.contains(&version), "{version}");
        server
    }

    /// The names and the kinds of a library's macros.
    pub fn list(&mut self, library: &Path) -> Value {
        self.ask(&json!({ "ListMacros": { "dylib_path": library } }))
    }

    /// The reply to an expansion: tokens, or a message.
    pub fn expand(&mut self, library: &Path, call: Call<'_>) -> Value {
        self.ask(&json!({ "ExpandMacro": {
            "lib": library,
            "env": call.env,
            "current_dir": null,
            "macro_body": flat(call.body),
            "macro_name": call.name,
            "attributes": call.attributes.map(flat),
        } }))
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("the server reads");
        // Macros may print to its standard output; rust-analyzer skips that too.
        loop {
            let mut line = String::new();
            let read = self.replies.read_line(&mut line).expect("a line");
            assert_ne!(read, 0, "the server is gone at {request}");
            if line.starts_with('{') {
                return serde_json::from_str(&line).expect("JSON");
            }
        }
    }

    /// A field of the kernel's about its memory, in KiB or as it stands there.
    pub fn memory(&self, field: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs_err::read_to_string(path).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|it| it.parse().ok()).expect("a number")
    }

    /// How often a file of that name is mapped into it.
    pub fn mappings(&self, name: &str) -> usize {
        let path = format!("/proc/{}/maps", self.process.id());
        let maps = fs_err::read_to_string(path).expect("Linux");
        maps.lines().filter(|line| line.contains(name)).count()
    }

    /// Ends it as rust-analyzer does, and gives its exit status.
    pub fn stop(mut self) -> std::process::ExitStatus {
        drop(self.requests);
        self.process.wait().expect("a child")
    }
}

/// The server, which every distribution of rustc puts beside its sysroot's libraries.
fn program() -> PathBuf {
    let root = toolchain().sysroot.clone();
    let program = root.join("libexec/rust-analyzer-proc-macro-srv");
    assert!(
        program.exists(),
        "{} isn't there: with rustup, add the component `rustc-dev` or `rust-analyzer`",
        program.display()
    );
    program
}

/// Source code as the protocol has tokens. All spans are 1.
fn flat(source: &str) -> Value {
    let tokens: TokenStream = source.parse().expect("tokens");
    let mut tree = Flat::default();
    let mut work = VecDeque::from([(0, tokens)]);
    tree.subtree.extend([1, 1, 0, 0, 0]);
    while let Some((index, tokens)) = work.pop_front() {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let first = tree.token_tree.len();
        tree.subtree[5 * index + 3] = first as u32;
        tree.subtree[5 * index + 4] = (first + tokens.len()) as u32;
        for token in tokens {
            let number = tree.token(token, &mut work);
            tree.token_tree.push(number);
        }
    }
    serde_json::to_value(tree).expect("plain data")
}

#[derive(Default, serde::Serialize)]
struct Flat {
    subtree: Vec<u32>,
    literal: Vec<u32>,
    punct: Vec<u32>,
    ident: Vec<u32>,
    token_tree: Vec<u32>,
    text: Vec<String>,
}

impl Flat {
    fn token(&mut self, token: TokenTree, work: &mut VecDeque<(usize, TokenStream)>) -> u32 {
        let (list, fields, tag): (_, &[u32], _) = match token {
            TokenTree::Group(group) => {
                let kind = match group.delimiter() {
                    Delimiter::None => 0,
                    Delimiter::Parenthesis => 1,
                    Delimiter::Brace => 2,
                    Delimiter::Bracket => 3,
                };
                work.push_back((self.subtree.len() / 5, group.stream()));
                (&mut self.subtree, &[1, 1, kind, 0, 0], 0)
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let string = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                let kind = if string.is_some() { 5 } else { 3 };
                let text = self.text(string.unwrap_or(&text));
                (&mut self.literal, &[1, text, kind, !0], 1)
            }
            TokenTree::Punct(punct) => {
                let joint = u32::from(punct.spacing() == Spacing::Joint);
                (&mut self.punct, &[1, punct.as_char() as u32, joint], 2)
            }
            TokenTree::Ident(ident) => {
                let text = self.text(&ident.to_string());
                (&mut self.ident, &[1, text, 0], 3)
            }
        };
        let index = (list.len() / fields.len()) as u32;
        list.extend(fields);
        index << 2 | tag
    }

    fn text(&mut self, text: &str) -> u32 {
        self.text.push(text.to_owned());
        (self.text.len() - 1) as u32
    }
}
