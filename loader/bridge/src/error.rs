//! The reasons for which a message is not passed on.

use pm_abi::schema::HandleKind;

/// A protocol violation: the reason for which a message is not passed on. Displayed as a lowercase
/// fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It ends inside a value.
    #[error("the message is truncated")]
    Truncated,
    /// Bytes follow the last value.
    #[error("the message has {0} bytes too many")]
    Trailing(usize),
    /// The first bytes of a request are no method's.
    #[error("unknown method {0:?}")]
    Method(Vec<u8>),
    /// A tag that its type doesn't have.
    #[error("invalid tag {tag} for {what}")]
    Tag {
        /// The type.
        what: String,
        /// The tag.
        tag: u8,
    },
    /// A `bool` that is neither.
    #[error("{0} is neither false nor true")]
    Bool(u8),
    /// A character that the compiler doesn't know as punctuation.
    #[error("{0:?} is not punctuation")]
    Punctuation(char),
    /// A handle of zero; they start at one.
    #[error("a handle is zero")]
    ZeroHandle,
    /// A handle that this expansion was not given, or that it has given back.
    #[error("{handle} is not one of its {kind} handles")]
    Handle {
        /// The kind of object.
        kind: HandleKind,
        /// The handle.
        handle: u32,
    },
    /// A string that isn't UTF-8.
    #[error("a string is not UTF-8")]
    Utf8,
    /// A literal whose text is none of its kind's.
    #[error("{text:?} is not the text of a literal of kind {kind}")]
    Literal {
        /// The kind, by rustc's name.
        kind: String,
        /// The beginning of the text.
        text: String,
    },
    /// A literal that stands for an error, where the compiler has sent none.
    #[error("a literal stands for an error that the compiler has not reported")]
    ErrorLiteral,
    /// A literal's suffix without a character.
    #[error("a literal has an empty suffix")]
    EmptySuffix,
    /// An identifier without a character.
    #[error("an identifier is empty")]
    EmptyIdentifier,
    /// A `usize` that one of the two sides has no room for.
    #[error("the number {0} does not fit into a 32-bit `usize`")]
    TooLarge(u64),
    /// Nested deeper than any real macro does, and deep enough to use up the stack.
    #[error("a value is nested more than {0} deep")]
    TooDeep(usize),
    /// The number of a saved span that the macro's crate doesn't have.
    #[error("{0} is not one of the crate's quoted spans")]
    QuotedSpan(u64),
}
