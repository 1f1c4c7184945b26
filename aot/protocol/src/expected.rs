//! The items on which this crate relies, and the check that they are as it knows them.
//!
//! What they say, in words: integers are little-endian, and a `usize` has its side's width; a `str` and
//! a `Vec` are a length and what is in them; a tuple is its parts in order; an `Option`, as every enum,
//! is a tag of one byte, counted from zero in the order of its variants, and what the variant holds; a
//! `PanicMessage` is an optional text. A token stream and a span are their handles, a symbol is its
//! text. A request is the method's tag and the arguments in order; a reply is a `Result` of what the
//! method returns, or of the message of a panic. An entry point is given the globals and one or two
//! token streams, and returns a `Result` of an optional token stream. The structs are `#[repr(C)]`,
//! with the fields that `pm-shim` and `pm-abi` know.

use crate::ProtocolError;
use crate::source::{File, Named, Sources};

/// For each file of rustc's `library/proc_macro/src/`, the items that it must have, by name, with the
/// digests of their tokens. These are rustc 1.96's; an item that a later rustc only words differently
/// gets a second line, with the digest that the error says.
const ITEMS: &[(&str, &[(&str, &str)])] = &[
    (
        "lib.rs",
        &[("struct TokenStream", "2ee3e3843b5fedd9c32e6b19082a7a16")],
    ),
    (
        "bridge/mod.rs",
        &[
            ("struct BridgeConfig", "0cda1e21e9988e1d5d5876b732698fe4"),
            (
                "macro_rules! declare_tags",
                "bf8e6ffb398741cccb7b0de681ef3832",
            ),
            (
                "with_api!(declare_tags, …)",
                "c13e1d2e979530b40a9dd9e3a73c5822",
            ),
            (
                "macro_rules! compound_traits",
                "6b444dc14df87b58dce878c3d012e602",
            ),
        ],
    ),
    (
        "bridge/rpc.rs",
        &[
            ("trait Encode", "de00859a2dca347f694cab14bf1c8cc8"),
            ("trait Decode", "50bf0bee018af9ad126ba65636b619ef"),
            (
                "macro_rules! rpc_encode_decode",
                "9f3b4ecdc968757ecd0b0cf1bc9e2121",
            ),
            ("impl Encode<S> for ()", "8aa0c3be16258151c6ba22ed30acfda0"),
            (
                "impl Decode<'_, '_, S> for ()",
                "8e15bbfb967610af35d342ab2f94264d",
            ),
            ("impl Encode<S> for u8", "9ae020926e953b895706740673d6c3b0"),
            (
                "impl Decode<'_, '_, S> for u8",
                "c6b85ab7ac31dc7391a82586a47f51b6",
            ),
            (
                "impl Encode<S> for bool",
                "0fbfa2f6e269f256d771321cbf07b4a5",
            ),
            (
                "impl Decode<'_, '_, S> for bool",
                "7b79918f74ded75877e5ee85551173da",
            ),
            (
                "impl Encode<S> for NonZero<u32>",
                "5489d3b2331ad928a3465eefd524f1dc",
            ),
            (
                "impl Decode<'_, '_, S> for NonZero<u32>",
                "8530874559b382f34805c3fdcf58e839",
            ),
            (
                "impl Encode<S> for (A, B)",
                "74bf298c0da114d68ab17f2421c5aba2",
            ),
            (
                "impl Decode<'a, '_, S> for (A, B)",
                "dfc69b8547febbf3c365f29b98c45631",
            ),
            (
                "impl Encode<S> for &str",
                "32faffabb90439f24169970844e1fe55",
            ),
            (
                "impl Decode<'a, '_, S> for &'a str",
                "c239723fa3a047be758786ebb2faf4e0",
            ),
            (
                "impl Encode<S> for String",
                "3bf7a1416ac208322773632f1b6c3fda",
            ),
            (
                "impl Decode<'_, '_, S> for String",
                "2d73b7ae1fc2d2ae5c2345a26da1f45d",
            ),
            (
                "impl Encode<S> for Vec<T>",
                "f24160c81201540f67ab6171eaa3e93f",
            ),
            (
                "impl Decode<'a, '_, S> for Vec<T>",
                "351162ca5b8064d4be64a7b05145713d",
            ),
            ("enum PanicMessage", "e32dc7f11bc83be83bfe886bce7ca64e"),
            (
                "fn PanicMessage::as_str",
                "18e51bb041e5a7381fb20f2d9f78f6f4",
            ),
            (
                "impl Encode<S> for PanicMessage",
                "a657083a1952d9a6d788f09fe7728204",
            ),
            (
                "impl Decode<'_, '_, S> for PanicMessage",
                "7edc2eca137c59a10781b7786dc8e28e",
            ),
        ],
    ),
    (
        "bridge/handle.rs",
        &[("type Handle", "af7bfe02907229ac798f827a71de19fe")],
    ),
    (
        "bridge/symbol.rs",
        &[
            (
                "impl Encode<S> for Symbol",
                "cad6610a057f683a849ae53bff1cbe43",
            ),
            (
                "impl Decode<'_, '_, server::HandleStore<S>> for server::MarkedSymbol<S>",
                "4d43df87c93ed1ec6b2d4ba550aad973",
            ),
            (
                "impl Encode<server::HandleStore<S>> for server::MarkedSymbol<S>",
                "5646833c27436688cded111365c7c67f",
            ),
            (
                "impl Decode<'_, '_, S> for Symbol",
                "7fd7288dab7c36250955814026c5134d",
            ),
        ],
    ),
    (
        "bridge/buffer.rs",
        &[
            ("struct Buffer", "1ce4aafce4296307d021f8846051227a"),
            (
                "impl From<Vec<u8>> for Buffer",
                "e893aefa5a6ee6ca17decc1430836d01",
            ),
        ],
    ),
    (
        "bridge/closure.rs",
        &[
            ("struct Closure", "410b51da87ed1b3aa4c8e7a38f5b6e47"),
            (
                "impl From<&'a mut F> for Closure<'a>",
                "e50f7c29f7a38af85987ec28adcfb744",
            ),
            ("fn Closure<'a>::call", "a9d6cd920656b06868fa92c1824d0f67"),
        ],
    ),
    (
        "bridge/client.rs",
        &[
            ("struct TokenStream", "d75788308f4a525ab7e8b8078c14b1e3"),
            (
                "impl Encode<S> for TokenStream",
                "dae91ecbbc5ef947418bfc2f815ead0c",
            ),
            (
                "impl Encode<S> for &TokenStream",
                "431ef23b572fb8a8a6450f7784609781",
            ),
            (
                "impl Decode<'_, '_, S> for TokenStream",
                "5ccd5d668a7fe9eeb1e0966ebb8829f2",
            ),
            ("struct Span", "b583520c56c610167735a75353be32c1"),
            (
                "impl Encode<S> for Span",
                "a1dca8a933736b9a446a7ee6306d8b8e",
            ),
            (
                "impl Decode<'_, '_, S> for Span",
                "de85684aa37b2d21ee60e7672d37036d",
            ),
            (
                "macro_rules! define_client_side",
                "62c75b1ed9431516c358b426581fef12",
            ),
            (
                "with_api!(define_client_side, …)",
                "411434f00eb90a97d2c44036b013c35e",
            ),
            ("fn run_client", "c31dece28cf526fc65b074be5f7aef14"),
            ("struct HandleCounters", "72f085da18645172ec2848a8499a10ea"),
            ("struct Client", "7286e1428cb06a11a3a1dac93bc90699"),
            (
                "fn Client<crate::TokenStream, crate::TokenStream>::expand1",
                "f6e7ed7704d08cf297c53534e3022788",
            ),
            (
                "fn Client<(crate::TokenStream, crate::TokenStream), crate::TokenStream>::expand2",
                "fbbb577a73e09431570cf86ae4e182c3",
            ),
            ("enum ProcMacro", "495426b9d9b056e27007f4fe752b40a1"),
        ],
    ),
    (
        "bridge/server.rs",
        &[
            ("type MarkedTokenStream", "3d06cc439bc3a68567dba2c5de7a96b9"),
            ("type MarkedSpan", "7f808b3b356eb2d4ce9d141b907469da"),
            ("type MarkedSymbol", "29e98f9c8c23f6b7188f6b6a665ab1c6"),
            (
                "impl Encode<HandleStore<S>> for MarkedTokenStream<S>",
                "916f4ab2b5fc3093e27e965c15faa435",
            ),
            (
                "impl Decode<'_, '_, HandleStore<S>> for MarkedTokenStream<S>",
                "29f936c22d03c7536ebc7f32340dc6b0",
            ),
            (
                "impl Decode<'_, 's, HandleStore<S>> for &'s MarkedTokenStream<S>",
                "c9039ed026fce36477c40cc84867a30b",
            ),
            (
                "impl Encode<HandleStore<S>> for MarkedSpan<S>",
                "2ba6ffeb9db40c40de0859fa4e333e88",
            ),
            (
                "impl Decode<'_, '_, HandleStore<S>> for MarkedSpan<S>",
                "f232f70c01f636dc505cfd33f7442fbc",
            ),
            (
                "macro_rules! define_dispatcher",
                "cef30b44ae72148073921563860b11d6",
            ),
            (
                "with_api!(define_dispatcher, …)",
                "362868b6a31a3d8e1125a3a751625ca8",
            ),
            ("fn run_server", "921a451a8afa7a97cd175c8a83d82413"),
            (
                "fn client::Client<crate::TokenStream, crate::TokenStream>::run",
                "0b2896ad93af4f42ab624831bfe85819",
            ),
            (
                "fn client::Client<(crate::TokenStream, crate::TokenStream), crate::TokenStream>::run",
                "3f97cb95acbb3967c3b7b839230b09ad",
            ),
        ],
    ),
];

/// Checks all.
pub(crate) fn check(sources: &Sources) -> Result<(), ProtocolError> {
    for (name, expected) in ITEMS {
        let Some(file) = sources.file(name) else {
            continue;
        };
        check_file(file, expected)?;
    }
    Ok(())
}

fn check_file(file: &File, expected: &[(&str, &str)]) -> Result<(), ProtocolError> {
    let found = file.items();
    for &(name, _) in expected {
        let mut same = found.iter().filter(|item| item.name == name);
        let item = same.next().ok_or_else(|| ProtocolError::Missing {
            place: file.line(0),
            item: name.to_owned(),
        })?;
        if let Some(second) = same.next() {
            return Err(ProtocolError::Twice {
                place: file.line(second.line),
                item: name.to_owned(),
            });
        }
        let digest = digest(item);
        if !expected.contains(&(name, &digest)) {
            return Err(ProtocolError::Changed {
                place: file.line(item.line),
                item: name.to_owned(),
                digest,
            });
        }
    }
    Ok(())
}

/// The first 16 bytes of the blake3 of an item's tokens, a line each.
fn digest(item: &Named) -> String {
    let mut hasher = blake3::Hasher::new();
    for token in &item.tokens {
        hasher.update(token.text.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{check_file, digest};
    use crate::source::File;

    const ITEM: &str = "struct Door";

    fn file(text: &str) -> File {
        File::parse("house.rs".to_owned(), text).unwrap()
    }

    /// The digest of the one item.
    fn known(text: &str) -> String {
        digest(&file(text).items()[0])
    }

    /// What is said of a file that must have one of these digests.
    fn said(text: &str, digests: &[&str]) -> String {
        let expected: Vec<_> = digests.iter().map(|digest| (ITEM, *digest)).collect();
        match check_file(&file(text), &expected) {
            Ok(()) => "known".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// A digest in the table means the same tomorrow.
    #[test]
    fn digests_stay() {
        let door = known("struct Door { wide: u8 }");
        assert_eq!(door, "0ff02eeedbfc261ec62dd88da029ff39");
    }

    /// Comments, formatting and harmless attributes are no difference.
    #[test]
    fn the_same_in_other_words() {
        let door = known("struct Door { wide: u8 }");
        for same in [
            "/// A door.\nstruct Door {\n wide: u8 /* in feet */\n}\nstruct Window;",
            "#[cfg_attr(any, doc = \"x\")] #[derive(Clone)] struct Door { #[allow(x)] wide: u8 }",
        ] {
            assert_eq!(said(same, &[&door]), "known", "{same}");
        }
    }

    #[test]
    fn other_items() {
        let door = known("struct Door { wide: u8 }");
        for other in [
            "struct Door { wide: u16 }",
            "struct Door { wide: u8, high: u8 }",
            "pub struct Door { wide: u8 }",
            "#[repr(C)] struct Door { wide: u8 }",
            "struct Door { #[cfg(unix)] wide: u8 }",
        ] {
            let found = known(other);
            let text = format!("library/house.rs:2: `{ITEM}` isn't as in rustc 1.96");
            let below = format!("struct Window;\n{other}");
            let said_of_it = said(&below, &[&door]);
            assert!(said_of_it.starts_with(&text), "{said_of_it}");
            assert!(said_of_it.contains(&found), "{said_of_it}");
            // The digest that the error says is what makes it known, beside the first.
            assert_eq!(said(&below, &[&door, &found]), "known");
            assert_eq!(said("struct Door { wide: u8 }", &[&door, &found]), "known");
        }
        assert_eq!(
            said("enum Door {}", &[&door]),
            "library/house.rs: there is no `struct Door`, so the protocol is not one that pm-aot \
             knows"
        );
        let twice = "struct Door { wide: u8 }\n#[cfg(unix)]\nstruct Door { wide: u8 }";
        assert_eq!(
            said(twice, &[&door]),
            "library/house.rs:2: there is a second `struct Door`, so it isn't clear which one counts"
        );
    }
}
