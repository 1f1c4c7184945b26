//! Small sources with a protocol of their own, and what becomes of them when a part is changed.

use crate::source::Sources;
use crate::{ProtocolError, derive};
use fs_err as fs;
use pm_bridge::{Schema, Type, TypeId};
use std::collections::BTreeMap;
use std::error::Error;

/// What stands in `bridge/mod.rs` besides what is checked.
const BRIDGE: &str = r#"
//! A protocol.
use std::ops::{Bound, Range};
use crate::{Delimiter, Level};

/// The methods.
macro_rules! with_api {
    ($m:ident, $TokenStream: path, $Span: path, $Symbol: path) => {
        $m! {
            /// With documentation.
            fn track(path: &str, value: Option<&str>);
            fn concat(base: Option<$TokenStream>, trees: Vec<Tree<$TokenStream, $Span, $Symbol>>) -> $TokenStream;
            fn is_empty(stream: &$TokenStream) -> Result<bool, ()>;
            fn range(span: $Span, ids: (u32, NonZero<u32>)) -> Range<usize>;
            fn subspan(start: Bound<usize>) -> Option<$Span>;
            fn emit(diagnostic: Diagnostic<$Span>);
        }
    };
}

compound_traits!(enum Option<T> { Some(t), None });
compound_traits!(enum Result<T, E> { Ok(t), Err(e), });
rpc_encode_decode!(enum Bound<T> { Included(x), Excluded(x), Unbounded });
rpc_encode_decode!(struct Range<T> { start, end });
rpc_encode_decode!(enum Delimiter { Parenthesis, Brace });
rpc_encode_decode!(enum Level { Error, Help });

#[derive(Clone)]
pub enum Tree<TokenStream, Span, Symbol> {
    Group(Group<TokenStream>),
    Leaf(Leaf<Symbol, Span>),
}
compound_traits!(enum Tree<TokenStream, Span, Symbol> { Group(tt), Leaf(tt) });

pub struct Group<Stream> {
    pub delimiter: Delimiter,
    pub stream: Option<Stream>,
}
compound_traits!(struct Group<Stream> { stream, delimiter });

pub struct Leaf<Text, Place> {
    pub span: Place,
    pub ch: u8,
    pub name: Text,
}
compound_traits!(struct Leaf<Text, Place> { name, ch, span });

pub struct Diagnostic<Span> {
    pub level: Level,
    pub spans: Vec<Span>,
    pub children: Vec<Diagnostic<Span>>,
}
compound_traits!(struct Diagnostic<Span> { level, spans, children });

pub struct ExpnGlobals<Span> {
    pub def_site: Span,
    pub call_site: Span,
}
compound_traits!(struct ExpnGlobals<Span> { def_site, call_site });

mod buffer;
#[deny(unsafe_code)]
pub mod client;
mod closure;
mod handle;
#[macro_use]
mod rpc;
pub mod server;
mod symbol;
"#;

/// The files below `library/proc_macro/src/`.
struct Tree(BTreeMap<&'static str, String>);

impl Tree {
    fn new() -> Self {
        let root = "pub mod bridge; mod diagnostic; pub enum Delimiter { Brace, Parenthesis }\n";
        let integers = "rpc_encode_decode!(le u32);\nrpc_encode_decode!(le usize);\n";
        let panic = "pub enum PanicMessage { Text(String), Unknown }\n";
        let mut files = BTreeMap::from([
            ("lib.rs", root.to_owned()),
            (
                "diagnostic.rs",
                "pub enum Level { Error, Help }\npub struct Diagnostic;\n".to_owned(),
            ),
            ("bridge/mod.rs", BRIDGE.to_owned()),
            ("bridge/rpc.rs", integers.to_owned() + panic),
        ]);
        for name in ["handle", "symbol", "buffer", "closure", "client", "server"] {
            let path: &'static str = match name {
                "handle" => "bridge/handle.rs",
                "symbol" => "bridge/symbol.rs",
                "buffer" => "bridge/buffer.rs",
                "closure" => "bridge/closure.rs",
                "client" => "bridge/client.rs",
                _ => "bridge/server.rs",
            };
            files.insert(path, String::new());
        }
        Self(files)
    }

    /// With `from`, which must be there once, replaced.
    #[track_caller]
    fn with(mut self, file: &'static str, from: &str, to: &str) -> Self {
        let text = self.0.get_mut(file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {file}");
        *text = text.replace(from, to);
        self
    }

    fn and(mut self, file: &'static str, more: &str) -> Self {
        self.0.get_mut(file).unwrap().push_str(more);
        self
    }

    fn read(&self) -> Result<Schema, ProtocolError> {
        let library = tempfile::tempdir().unwrap();
        for (name, text) in &self.0 {
            let path = library.path().join("proc_macro/src").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        derive(&Sources::read(library.path())?)
    }
}

/// A type, written out; what contains itself is cut off.
fn show(schema: &Schema, id: TypeId, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    let show = |id: TypeId| show(schema, id, depth - 1);
    match &schema.types[id.0 as usize] {
        Type::Vec(element) => format!("[{}]", show(*element)),
        Type::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|id| show(*id)).collect();
            format!("({})", fields.join(" "))
        }
        Type::Enum { variants, .. } => {
            let variant = |v: &pm_bridge::Variant| match v.payload {
                Some(payload) => format!("{} {}", v.name, show(payload)),
                None => v.name.clone(),
            };
            let variants: Vec<_> = variants.iter().map(variant).collect();
            format!("{{{}}}", variants.join("|"))
        }
        plain => format!("{plain:?}").to_lowercase(),
    }
}

/// A method with its arguments and what it returns, without the `Result` around it.
fn method(schema: &Schema, index: usize) -> String {
    let method = &schema.methods[index];
    let arguments = method.arguments.iter().map(|id| show(schema, *id, 5));
    let reply = show(schema, method.reply, 9);
    let reply = reply.strip_prefix("{Ok ").unwrap();
    let reply = reply.strip_suffix("|Err {Some str|None}}").unwrap();
    let arguments: Vec<_> = arguments.collect();
    format!("{}({}) -> {reply}", method.name, arguments.join(", "))
}

fn methods(schema: &Schema) -> Vec<String> {
    let indices = 0..schema.methods.len();
    indices.map(|index| method(schema, index)).collect()
}

#[track_caller]
fn refused(tree: Tree, expect: &str) {
    let error = tree.read().unwrap_err();
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    assert!(text.contains(expect), "{text}\n  lacks\n{expect}");
}

#[test]
fn derives_what_the_sources_say() {
    let schema = Tree::new().read().unwrap();
    let bound = "{Included usize|Excluded usize|Unbounded}";
    assert_eq!(
        methods(&schema),
        [
            "track(str, {Some str|None}) -> ()",
            "concat({Some handle|None}, [{Group ({Some handle|None} {Parenthesis|Brace})|\
             Leaf (str u8 handle)}]) -> handle",
            "is_empty(handle) -> {Ok bool|Err ()}",
            "range(handle, (u32 handle)) -> (usize usize)",
            &format!("subspan({bound}) -> {{Some handle|None}}"),
            "emit(({Error|Help} [handle] [({Error|Help} [handle] [(… … …)])])) -> ()",
        ]
    );
    let one = show(&schema, schema.one_stream, 9);
    assert_eq!(one, "((handle handle) handle)");
    let two = show(&schema, schema.two_streams, 9);
    assert_eq!(two, "((handle handle) (handle handle))");
    let output = show(&schema, schema.output, 9);
    assert_eq!(output, "{Ok {Some handle|None}|Err {Some str|None}}");
}

#[test]
fn another_order_is_another_schema() {
    let tree = Tree::new()
        .with("bridge/mod.rs", "{ name, ch, span }", "{ span, ch, name, }")
        .with(
            "bridge/mod.rs",
            "{ Error, Help });\n\n",
            "{ Help, Error });\n\n",
        )
        .with("bridge/mod.rs", "{ Some(t), None }", "{ None, Some(t) }")
        .with(
            "bridge/mod.rs",
            "            fn emit(",
            "            fn more(level: Level, more: Vec<Vec<u8>>) -> (bool, String);\n fn emit(",
        );
    let schema = tree.read().unwrap();
    let methods = schema.methods.iter().map(|method| method.name.as_str());
    let methods: Vec<_> = methods.collect();
    assert_eq!(methods[4..], ["subspan", "more", "emit"]);
    let more = &schema.methods[5].arguments;
    assert_eq!(show(&schema, more[0], 9), "{Help|Error}");
    assert_eq!(show(&schema, more[1], 9), "[[u8]]");
    let concat = &schema.methods[1].arguments;
    assert_eq!(show(&schema, concat[0], 9), "{None|Some handle}");
    let trees = show(&schema, concat[1], 9);
    assert!(trees.contains("Leaf (handle u8 str)"), "{trees}");
}

#[test]
fn missing_and_second_items() {
    refused(
        Tree::new().and("bridge/mod.rs", "macro_rules! with_api { () => {} }"),
        "there is a second `macro_rules! with_api`",
    );
    refused(
        Tree::new().and("bridge/mod.rs", "pub struct Leaf;"),
        "there is a second `Leaf`",
    );
    refused(
        Tree::new().and(
            "bridge/mod.rs",
            "rpc_encode_decode!(struct Leaf<A, B> { ch });",
        ),
        "there is a second `rpc_encode_decode! of Leaf`",
    );
    refused(
        Tree::new().with("bridge/mod.rs", "macro_rules! with_api", "macro_rules! api"),
        "library/proc_macro/src/bridge/mod.rs: there is no `macro_rules! with_api`",
    );
    refused(
        Tree::new().with(
            "bridge/mod.rs",
            "compound_traits!(struct ExpnGlobals<Span> { def_site, call_site });",
            "",
        ),
        "there is no `rpc_encode_decode!(… ExpnGlobals …)`",
    );
    refused(
        Tree::new().with("lib.rs", "pub enum Delimiter {", "pub enum Delimiters {"),
        "there is no `struct or enum Delimiter`",
    );
    let mut tree = Tree::new();
    tree.0.remove("bridge/symbol.rs");
    refused(tree, "rustc's sources can't be read: failed to open file `");
    refused(
        Tree::new().and("bridge/symbol.rs", "fn"),
        "library/proc_macro/src/bridge/symbol.rs:",
    );
}

#[test]
fn modules_elsewhere() {
    let check = |from: &str, to: &str, expect: &str| {
        refused(Tree::new().with("bridge/mod.rs", from, to), expect);
    };
    check("mod rpc;", "", "bridge/mod.rs: there is no `mod rpc;`");
    check(
        "mod rpc;",
        "mod rpc; mod rpc;",
        "there is a second `mod rpc;`",
    );
    check(
        "mod rpc;",
        "mod rpc {}",
        "bridge/mod.rs: there is no `mod rpc;`",
    );
    let attribute = "an attribute that may change what is encoded";
    check("mod rpc;", "#[path = \"other.rs\"] mod rpc;", attribute);
    check("pub mod server;", "#[cfg(unix)] pub mod server;", attribute);
    refused(
        Tree::new().with("lib.rs", "pub mod bridge;", ""),
        "library/proc_macro/src/lib.rs: there is no `mod bridge;`",
    );
}

/// A name of std's that means something else.
#[test]
fn hidden_names() {
    for (more, expect) in [
        ("pub struct String;", "the encoding of `String` is unknown"),
        ("type Vec<T> = Option<T>;", "the encoding of `Vec<"),
        ("type Result<T, E> = Option<(T, E)>;", "a second `Result`"),
    ] {
        let from = "fn range(";
        let tree = Tree::new().with("bridge/mod.rs", from, "fn f(x: String);\n fn range(");
        refused(tree.and("bridge/mod.rs", more), expect);
    }
}

#[test]
fn another_api() {
    let matcher = "($m:ident, $TokenStream: path, $Span: path, $Symbol: path) => {";
    let differs = |from: &str, to: &str, expect: &str| {
        refused(Tree::new().with("bridge/mod.rs", from, to), expect);
    };
    differs(
        matcher,
        "($S:ident, $self:ident, $m:ident) => {",
        "bridge/mod.rs:8: `macro_rules! with_api` has `($S: ident, $self: ident, $m: ident)` where \
         `($m: ident, $TokenStream: path, $Span: path, $Symbol: path)` is expected",
    );
    differs(
        matcher,
        &format!("(all) => {{}}; {matcher}"),
        "`macro_rules! with_api` has `several rules` where `one rule` is expected",
    );
    differs(
        "        $m! {",
        "        $m! [a] {",
        "`macro_rules! with_api` has `$m![a] {",
    );
}

#[test]
fn unknown_signatures_and_types() {
    let signature = "fn subspan(start: Bound<usize>) -> Option<$Span>;";
    let check = |method: &str, expect: &str| {
        refused(Tree::new().with("bridge/mod.rs", signature, method), expect);
    };
    let unknown = |ty: &str, shown: &str| {
        let expect = format!(
            "library/proc_macro/src/bridge/mod.rs:15: `fn f`: the encoding of `{shown}` is unknown"
        );
        check(&format!("fn f(x: {ty});"), &expect);
        check(&format!("fn f() -> {ty};"), &expect);
    };
    unknown("u64", "u64");
    unknown("Vec<char>", "char");
    unknown("Vec<u8, u8>", "Vec<u8, u8>");
    unknown("&mut str", "&mut str");
    unknown("&'static str", "&'static str");
    unknown("&String", "&String");
    unknown("&$Span", "&$Span");
    unknown("[u8; 4]", "[u8; 4]");
    unknown("(u8, u8, u8)", "(u8, u8, u8)");
    unknown("std::ops::Range<usize>", "std::ops::Range<usize>");
    unknown("NonZero<u8>", "NonZero<u8>");
    unknown("Tree<u8>", "Tree<u8>");
    unknown("$Other", "$Other");
    unknown("Span", "Span");
    unknown("BridgeConfig", "BridgeConfig");
    check(
        "fn f(&self);",
        "`fn f`: an argument is not just a name and a type",
    );
    check("unsafe fn f();", "`fn f`: it is not a plain function");
    check("fn f<T>(x: T);", "`fn f`: it is generic");
    check(
        "#[cfg(unix)] fn f();",
        "bridge/mod.rs:15: an attribute that may change what is encoded",
    );
    check("fn f() {}", "bridge/mod.rs:15: expected `;`");
}

#[test]
fn unknown_definitions() {
    let check = |from: &str, to: &str, expect: &str| {
        refused(Tree::new().with("bridge/mod.rs", from, to), expect);
    };
    check(
        "    pub ch: u8,",
        "    #[cfg(unix)]\n    pub ch: u8,",
        "library/proc_macro/src/bridge/mod.rs:43: an attribute that may change",
    );
    check(
        "    pub ch: u8,",
        "    pub ch: char,",
        "`struct Leaf`: the encoding of `char`",
    );
    check(
        "    pub ch: u8,",
        "    pub ch: u8, pub more: u8,",
        "`rpc_encode_decode! of Leaf` has `ch, name, span` where `ch, more, name, span` is expected",
    );
    check(
        "{ name, ch, span }",
        "{ name, name, ch, span }",
        "has `ch, name, name, span` where",
    );
    check(
        "    Leaf(Leaf<Symbol, Span>),",
        "    Leaf(Leaf<Symbol, Span>, u8),",
        "bridge/mod.rs:31: a variant that has neither nothing nor one value",
    );
    check(
        "    Leaf(Leaf<Symbol, Span>),",
        "    Leaf,",
        "has `Group(…), Leaf(…)` where `Group(…), Leaf` is expected",
    );
    check(
        "Leaf(tt) }",
        "Leaf(tt, more) }",
        "bridge/mod.rs:33: more than one value",
    );
    check(
        "pub struct Group<Stream> {",
        "pub struct Group<const N: usize> {",
        "bridge/mod.rs:35: a parameter that is no type",
    );
    check(
        "compound_traits!(struct Group<Stream>",
        "compound_traits!(struct Group<Stream, More>",
        "`rpc_encode_decode! of Group` has `2 parameters` where `1 parameters` is expected",
    );
    check(
        "compound_traits!(struct Group<Stream>",
        "compound_traits!(enum Group<Stream>",
        "`rpc_encode_decode! of Group` has `enum` where `struct` is expected",
    );
    check(
        "compound_traits!(struct Group<Stream>",
        "compound_traits!(be Group<Stream>",
        "bridge/mod.rs:39: neither `le`, `struct` nor `enum`",
    );
    check(
        "    pub stream: Option<Stream>,",
        "    pub stream: Group<Stream>,",
        "the protocol makes no sense: the type ",
    );
    refused(
        Tree::new().with("bridge/rpc.rs", "rpc_encode_decode!(le u32);\n", ""),
        "`fn range`: the encoding of `u32` is unknown",
    );
}
