//! A macro's side of the bridge of profile 1.95, as small as it can be.

use pm_abi::{Dispatch, Profile, Width};
use pm_server::protocol::{
    Codec, Decode, ExpnGlobals, PanicMessage, Request, SpanHandle, StreamHandle, TokenTree,
    WireTree,
};
use pm_server::{Edition, FileName, Input, Server, Standalone};

pub(crate) type OwnedTree = TokenTree<StreamHandle, SpanHandle, String>;

/// The profile of this name.
pub(crate) fn profile(name: &str) -> &'static Profile {
    Profile::by_name(name).expect("a profile of that name")
}

/// A server for the macros of a profile, in an expansion on all of a file, which is called from its
/// first `call` bytes; with the input.
pub(crate) fn serve(
    profile: &'static Profile,
    width: Width,
    text: &str,
    call: u32,
) -> (Server<Standalone>, Vec<u8>) {
    let mut server = Server::new(Standalone::new(Edition::E2021), profile).with_width(width);
    let backend = server.backend_mut();
    let name = FileName::Real("src/lib.rs".into());
    let (span, tokens) = backend.add_file(name, text).expect("a small file");
    backend.enter(pm_server::Span {
        hi: span.lo + call,
        ..span
    });
    let input = server.encode_input(Input::Derive(tokens.expect("tokens")));
    (server, input)
}

/// A server, and what the macro was given at its start.
pub(crate) struct Client {
    pub(crate) codec: Codec,
    pub(crate) server: Server<Standalone>,
    pub(crate) globals: ExpnGlobals<SpanHandle>,
    pub(crate) input: StreamHandle,
}

impl Client {
    /// Starts an expansion on all of a file, called from its first `call` bytes.
    pub(crate) fn new(text: &str, call: u32) -> Self {
        let profile = profile("1.95");
        let codec = Codec::new(profile);
        let (server, input) = serve(profile, codec.width(), text, call);
        let mut r = codec.reader(&input);
        let globals = Decode::decode(&mut r).expect("globals");
        let input = Decode::decode(&mut r).expect("a stream");
        r.finish().expect("nothing else");
        Client {
            codec,
            server,
            globals,
            input,
        }
    }

    pub(crate) fn call<T: for<'a> Decode<'a>>(
        &mut self,
        request: &Request<'_>,
    ) -> Result<T, PanicMessage> {
        let mut bytes = Vec::new();
        self.codec.write_request(request, &mut bytes);
        self.send(&bytes)
    }

    pub(crate) fn send<T: for<'a> Decode<'a>>(&mut self, bytes: &[u8]) -> Result<T, PanicMessage> {
        let mut reply = Vec::new();
        self.server.dispatch(bytes, &mut reply);
        let mut r = self.codec.reader(&reply);
        let result = Decode::decode(&mut r).expect("a reply of that type");
        r.finish().expect("nothing after the reply");
        result
    }

    pub(crate) fn parse(&mut self, text: &str) -> StreamHandle {
        let stream: Result<StreamHandle, String> = self
            .call(&Request::TsFromStr { src: text })
            .expect("no panic");
        stream.expect("tokens")
    }

    pub(crate) fn print(&mut self, stream: StreamHandle) -> String {
        self.call(&Request::TsToString { stream })
            .expect("no panic")
    }

    pub(crate) fn clone(&mut self, stream: StreamHandle) -> StreamHandle {
        self.call(&Request::TsClone { stream }).expect("no panic")
    }

    pub(crate) fn trees(&mut self, stream: StreamHandle) -> Vec<OwnedTree> {
        self.call(&Request::TsIntoTrees { stream })
            .expect("no panic")
    }

    /// The trees of a copy, with what is in them as the macro would see it.
    pub(crate) fn show(&mut self, stream: StreamHandle) -> Vec<String> {
        let copy = self.clone(stream);
        let trees = self.trees(copy);
        trees.iter().map(|tree| self.show_tree(tree)).collect()
    }

    fn show_tree(&mut self, tree: &OwnedTree) -> String {
        match tree {
            TokenTree::Group(group) => {
                let inner = group
                    .stream
                    .map(|stream| self.show(stream))
                    .unwrap_or_default();
                format!("{:?}[{}]", group.delimiter, inner.join(" "))
            }
            TokenTree::Punct(punct) => {
                format!(
                    "{}{}",
                    char::from(punct.ch),
                    if punct.joint { "+" } else { "" }
                )
            }
            TokenTree::Ident(ident) => {
                format!("{}{}", if ident.is_raw { "r#" } else { "" }, ident.sym)
            }
            TokenTree::Literal(literal) => {
                let suffix = literal.suffix.as_deref().unwrap_or("-");
                format!("{:?}<{}|{}>", literal.kind, literal.symbol, suffix)
            }
        }
    }

    /// Takes a stream apart and builds it again, the groups in it too, as most macros do.
    pub(crate) fn rebuild(&mut self, stream: StreamHandle) -> StreamHandle {
        let mut trees = self.trees(stream);
        for tree in &mut trees {
            if let TokenTree::Group(group) = tree {
                group.stream = group.stream.map(|stream| self.rebuild(stream));
            }
        }
        self.concat(None, &trees)
    }

    pub(crate) fn concat(
        &mut self,
        base: Option<StreamHandle>,
        trees: &[OwnedTree],
    ) -> StreamHandle {
        let trees = trees.iter().map(borrow).collect();
        self.call(&Request::TsConcatTrees { base, trees })
            .expect("no panic")
    }
}

pub(crate) fn borrow(tree: &OwnedTree) -> WireTree<'_> {
    use pm_server::protocol::{Ident, Literal};
    match tree {
        TokenTree::Group(group) => TokenTree::Group(group.clone()),
        TokenTree::Punct(punct) => TokenTree::Punct(*punct),
        TokenTree::Ident(Ident { sym, is_raw, span }) => TokenTree::Ident(Ident {
            sym,
            is_raw: *is_raw,
            span: *span,
        }),
        TokenTree::Literal(Literal {
            kind,
            symbol,
            suffix,
            span,
        }) => {
            let suffix = suffix.as_deref();
            TokenTree::Literal(Literal {
                kind: *kind,
                symbol,
                suffix,
                span: *span,
            })
        }
    }
}
