//! Token trees as they cross the bridge: a group holds the handle of its stream.

use super::{
    Decode, DecodeError, Encode, Reader, SpanHandle, StreamHandle, Writer, wire_enum, wire_struct,
};

wire_enum! {
    /// What surrounds a group.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Delimiter {
        /// `(…)`
        Parenthesis = 0,
        /// `{…}`
        Brace = 1,
        /// `[…]`
        Bracket = 2,
        /// Invisible: only precedence.
        None = 3,
    }
}

wire_enum! {
    /// The kind of a literal; a raw one's number is that of its `#`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum LitKind {
        /// `b'x'`
        Byte = 0,
        /// `'x'`
        Char = 1,
        /// `1`
        Integer = 2,
        /// `1.0`
        Float = 3,
        /// `"x"`
        Str = 4,
        /// `r#"x"#`
        StrRaw(n: u8) = 5,
        /// `b"x"`
        ByteStr = 6,
        /// `br#"x"#`
        ByteStrRaw(n: u8) = 7,
        /// `c"x"`
        CStr = 8,
        /// `cr#"x"#`
        CStrRaw(n: u8) = 9,
        /// Not a literal; an error was reported. The symbol is the whole text.
        ErrWithGuar = 10,
    }
}

wire_struct! {
    /// The places of a group's delimiters.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DelimSpan<S> {
        /// The opening delimiter.
        pub open: S,
        /// The closing delimiter.
        pub close: S,
        /// From the one to the other.
        pub entire: S,
    }
}

wire_struct! {
    /// A delimited stream.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Group<T, S> {
        /// What surrounds it.
        pub delimiter: Delimiter,
        /// What it contains; `None` is empty.
        pub stream: Option<T>,
        /// Where it is.
        pub span: DelimSpan<S>,
    }
}

wire_struct! {
    /// One character of punctuation.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Punct<S> {
        /// The character.
        pub ch: u8,
        /// Whether it may form an operator, or a lifetime, with the next token.
        pub joint: bool,
        /// Where it is.
        pub span: S,
    }
}

wire_struct! {
    /// An identifier or keyword.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Ident<S, Y> {
        /// The name, without `r#`.
        pub sym: Y,
        /// Whether `r#` stands before it.
        pub is_raw: bool,
        /// Where it is.
        pub span: S,
    }
}

wire_struct! {
    /// A literal. That of a negative number has the sign in its symbol.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Literal<S, Y> {
        /// Its kind.
        pub kind: LitKind,
        /// The text between the quotes, with its escapes.
        pub symbol: Y,
        /// `u8` in `1u8`.
        pub suffix: Option<Y>,
        /// Where it is.
        pub span: S,
    }
}

wire_enum! {
    /// A token, or a delimited stream of them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum TokenTree<T, S, Y> {
        /// A delimited stream.
        Group(tree: Group<T, S>) = 0,
        /// A character of punctuation.
        Punct(tree: Punct<S>) = 1,
        /// An identifier.
        Ident(tree: Ident<S, Y>) = 2,
        /// A literal.
        Literal(tree: Literal<S, Y>) = 3,
    }
}

/// A token tree in a message.
pub type WireTree<'a> = TokenTree<StreamHandle, SpanHandle, &'a str>;

impl<T, S, Y> TokenTree<T, S, Y> {
    /// Replaces what stands for streams and spans.
    pub fn try_map<T2, S2, E>(
        self,
        stream: impl FnOnce(T) -> Result<T2, E>,
        mut span: impl FnMut(S) -> Result<S2, E>,
    ) -> Result<TokenTree<T2, S2, Y>, E> {
        Ok(match self {
            TokenTree::Group(Group {
                delimiter,
                stream: inner,
                span:
                    DelimSpan {
                        open,
                        close,
                        entire,
                    },
            }) => TokenTree::Group(Group {
                delimiter,
                stream: inner.map(stream).transpose()?,
                span: DelimSpan {
                    open: span(open)?,
                    close: span(close)?,
                    entire: span(entire)?,
                },
            }),
            TokenTree::Punct(Punct { ch, joint, span: s }) => TokenTree::Punct(Punct {
                ch,
                joint,
                span: span(s)?,
            }),
            TokenTree::Ident(Ident {
                sym,
                is_raw,
                span: s,
            }) => TokenTree::Ident(Ident {
                sym,
                is_raw,
                span: span(s)?,
            }),
            TokenTree::Literal(Literal {
                kind,
                symbol,
                suffix,
                span: s,
            }) => TokenTree::Literal(Literal {
                kind,
                symbol,
                suffix,
                span: span(s)?,
            }),
        })
    }
}
