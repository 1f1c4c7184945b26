//! rust-analyzer's macro server, unpatched, with macros from their artifacts: each answer is the one that
//! it gives with the native library.

use fs_err as fs;
use pm_tests::analyzer::{Call, Server};
use pm_tests::compile::shim;
use pm_tests::workspace::{Extern, fixtures};
use serde_json::{Value, json};
use std::path::Path;

fn known(name: &str) -> &'static Extern {
    let found = fixtures().externs.iter().find(|known| known.name == name);
    found.unwrap_or_else(|| panic!("no macro crate `{name}`"))
}

const fn call<'a>(name: &'a str, body: &'a str) -> Call<'a> {
    Call {
        name,
        body,
        attributes: None,
        env: &[],
    }
}

/// Both answers, which have to be the same.
fn same(server: &mut Server, library: &Extern, call: Call<'_>) -> Value {
    let native = server.expand(&library.path, call);
    let ours = server.expand(&shim(library), call);
    assert_eq!(native, ours, "{call:?} (left: native)");
    ours
}

/// The tokens of an answer, without those that separate them.
fn texts(answer: &Value) -> &Value {
    let tokens = &answer["ExpandMacro"]["Ok"];
    assert!(tokens.is_object(), "{answer}");
    &tokens["text"]
}

fn message(answer: &Value) -> &str {
    let message = answer["ExpandMacro"]["Err"].as_str();
    message.unwrap_or_else(|| panic!("no message: {answer}"))
}

#[test]
fn lists_macros() {
    let mut server = Server::start();
    for library in &fixtures().externs {
        let native = server.list(&library.path);
        assert_eq!(native, server.list(&shim(library)), "{}", library.name);
        let list = native["ListMacros"]["Ok"].as_array().expect("a list");
        assert!(list.len() > 2, "{native}");
    }
    // To list them takes no loader: it's opened when one is called.
    assert_eq!(server.mappings("libpm_loader.so"), 0);
    assert!(server.stop().success());
}

#[test]
fn expands_each_kind() {
    let mut server = Server::start();
    let library = known("habits");
    let derived = same(
        &mut server,
        library,
        call("Fields", "struct Point { #[field] x: u32, y: [u8; 4] }"),
    );
    let texts_of_it = texts(&derived).to_string();
    assert!(texts_of_it.contains("Point"), "{derived}");
    let echoed = same(
        &mut server,
        library,
        call("echo", "a + [b, 'c'] { d :: e }"),
    );
    assert!(texts(&echoed).to_string().contains("a + "), "{echoed}");
    let attribute = Call {
        attributes: Some("some, arguments"),
        ..call("echo_attr", "fn f() -> u8 { 3 }")
    };
    let item = same(&mut server, library, attribute);
    assert!(texts(&item).to_string().contains("arguments"), "{item}");
    for (name, body) in [
        ("make", ""),
        ("nest", "60"),
        ("depth", "((([{()}])))"),
        ("recurse", "5000"),
        ("values", "\"text\" 1"),
    ] {
        texts(&same(&mut server, library, call(name, body)));
    }
    // It can't expand a macro for another one, and says so.
    same(&mut server, library, call("expand", "1 + 1"));
    assert_eq!(server.mappings("libpm_loader.so").min(1), 1);
    assert!(server.stop().success());
}

/// A panicking macro is an answer, with the message that the native one gives, and the server goes on.
#[test]
fn panics_are_answers() {
    let mut server = Server::start();
    let library = known("panics");
    for (way, expect) in [
        ("string", "a plain message"),
        ("formatted", "1 tokens, größe"),
        ("owned", "an owned payload"),
        ("index", "index out of bounds"),
        ("deep", "from the bottom"),
        ("number", ""),
        ("ident", "not an ident"),
        ("literal", ""),
    ] {
        let bang = same(&mut server, library, call("panic_now", way));
        assert!(message(&bang).contains(expect), "{bang}");
        let attribute = Call {
            attributes: Some(way),
            ..call("panics", "struct S;")
        };
        message(&same(&mut server, library, attribute));
        let body = format!("#[panics({way})] struct S;");
        message(&same(&mut server, library, call("Panics", &body)));
    }
    let missing = same(&mut server, library, call("no_such_macro", ""));
    assert!(message(&missing).contains("is missing"), "{missing}");
    texts(&same(&mut server, library, call("catch", "string")));
    assert!(server.stop().success());
}

/// What natively ends the server is an answer.
#[test]
fn a_macro_does_not_end_the_server() {
    let mut server = Server::start();
    let library = shim(known("habits"));
    for (name, body, expect) in [
        ("exit", "3", "ended its process with exit status 3"),
        ("abort", "", "the macro crashed"),
        ("recurse", "100000000", "the macro crashed"),
    ] {
        let answer = server.expand(&library, call(name, body));
        assert!(message(&answer).contains(expect), "{answer}");
    }
    let answer = server.expand(&library, call("recurse", "5"));
    assert_eq!(texts(&answer), &json!(["15"]));
    assert!(server.stop().success());
}

/// The server sets each crate's variables for its expansions alone.
#[test]
fn each_request_has_its_environment() {
    let mut server = Server::start();
    let library = known("habits");
    let environments: [&[(&str, &str)]; 4] = [
        &[("CARGO_PKG_NAME", "one"), ("CARGO_PKG_VERSION", "1.2.3")],
        &[("CARGO_PKG_NAME", "two")],
        &[],
        &[("CARGO_PKG_NAME", "one")],
    ];
    let mut seen = Vec::new();
    for env in environments {
        for name in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            let body = format!("{name:?}");
            let ask = Call {
                env,
                ..call("variable", &body)
            };
            seen.push(texts(&same(&mut server, library, ask))[0].clone());
        }
    }
    let expect = [
        "one", "1.2.3", "two", "unset", "unset", "unset", "one", "unset",
    ];
    assert_eq!(json!(seen), json!(expect));
    let root = fixtures().root.to_str().expect("UTF-8");
    let ask = Call {
        env: &[("CARGO_MANIFEST_DIR", root)],
        ..call("file", "\"Cargo.toml\"")
    };
    let text = same(&mut server, library, ask).to_string();
    assert!(text.contains("[workspace]"), "{text}");
}

/// The server unloads a library whose file is another one, and loads the new one. Its memory is that of
/// one artifact, however often that happens.
#[test]
fn loads_again_and_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = known("habits");
    let made = shim(library);
    let path = folder.path().join(made.file_name().expect("a name"));
    let mut server = Server::start();
    let mut sizes = Vec::new();
    for round in 0..100 {
        let new = folder.path().join("new");
        fs::copy(&made, &new).expect("a copy");
        let times = fs::File::options().write(true).open(&new).expect("a file");
        let modified = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(round);
        times.file().set_modified(modified).expect("a time");
        fs::rename(&new, &path).expect("a rename");
        let answer = server.expand(&path, call("recurse", "100"));
        assert_eq!(texts(&answer), &json!(["5050"]), "round {round}");
        sizes.push((server.mappings("habits"), server.memory("VmRSS")));
    }
    let (settled, last) = (sizes[20], sizes[99]);
    assert_eq!(
        settled.0, last.0,
        "mappings of the library and its artifact"
    );
    assert!(last.1 < settled.1 + 4096, "{settled:?} KiB, then {last:?}");
    assert!(server.stop().success());
}

/// What is missing or damaged is told with what to do; the server goes on.
#[test]
fn damage_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = known("panics");
    let mut server = Server::start();
    let mut shims = Vec::new();
    // Each has an artifact of its own beside it, since the one it was made for is looked for first.
    for name in ["gone", "garbage", "cut", "other"] {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        let copy = folder.join(library.path.file_name().expect("a name"));
        fs::copy(&library.path, &copy).expect("a copy");
        let artifact = artifact_of(&library.path);
        let artifact_copy = folder.join(artifact.file_name().expect("a name"));
        fs::copy(&artifact, &artifact_copy).expect("a copy");
        let shim = pm_tests::compile::make_shim(&copy, &folder.join("libshim.so"));
        fs::remove_file(&artifact_copy).expect("the artifact");
        let bytes = fs::read(&artifact).expect("the artifact");
        match name {
            "garbage" => fs::write(&artifact_copy, [7; 5000]).expect("a file"),
            "cut" => fs::write(&artifact_copy, &bytes[..bytes.len() / 2]).expect("a file"),
            "other" => {
                let other = artifact_of(&known("habits").path);
                fs::copy(other, &artifact_copy).map(drop).expect("a copy");
            }
            _ => {}
        }
        shims.push((name, shim));
    }
    for (name, shim) in &shims {
        for _ in 0..2 {
            let answer = server.expand(shim, call("panic_now", "string"));
            let text = message(&answer);
            assert!(text.starts_with("pm-aot: "), "{name}: {text}");
            assert!(text.contains("`pm-aot cargo` makes it"), "{name}: {text}");
        }
        assert!(server.list(shim)["ListMacros"]["Ok"].is_array());
    }
    same(&mut server, library, call("panic_now", "string"));
    assert!(server.stop().success());
}

/// `NAME.cwasm` beside `libNAME.so`.
fn artifact_of(library: &Path) -> std::path::PathBuf {
    let name = library.file_stem().and_then(|stem| stem.to_str());
    let name = name
        .and_then(|name| name.strip_prefix("lib"))
        .expect("a name");
    library.with_file_name(format!("{name}.cwasm"))
}
