//! What can be wrong with a schema, and with a message.

/// Why a schema can't be used. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// More of something than any rustc has.
    #[error("the schema has {count} {what}, where at most {limit} are believed")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// A type that isn't there.
    #[error("{what} refers to the type {id}, but there are {count}")]
    NoSuchType {
        /// What refers to it.
        what: String,
        /// The reference.
        id: u32,
        /// The number of types.
        count: usize,
    },
    /// A struct that contains itself.
    #[error("the type {0} is or contains a struct that contains itself")]
    Endless(u32),
    /// Elements without bytes: their number would not be bounded by the message.
    #[error("the type {0} is a vector of elements that can be empty")]
    EmptyElements(u32),
    /// A struct of more bytes than any real one.
    #[error("the type {id} has a part of {size} bytes, where at most {limit} are believed")]
    TooLarge {
        /// The type.
        id: u32,
        /// The size in bytes.
        size: usize,
        /// The most.
        limit: usize,
    },
    /// An answer that can't carry a panic.
    #[error("{0} is no `Result` whose `Err` is the panic message, with the same tag as everywhere")]
    NoAnswer(String),
    /// A panic message that can't carry a text.
    #[error("the panic message is no `Option` of a string")]
    NoPanicMessage,
}

/// Why a message isn't passed on. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecodeError {
    /// It ends inside a value.
    #[error("the message is truncated")]
    Truncated,
    /// Bytes follow the last value.
    #[error("the message has {0} bytes too many")]
    Trailing(usize),
    /// The first byte of a request is no method's.
    #[error("{0} is no tag of a method")]
    Method(u8),
    /// A tag that its type doesn't have.
    #[error("{tag} is no tag of {what}")]
    Tag {
        /// The type.
        what: String,
        /// The tag.
        tag: u8,
    },
    /// A `bool` that is neither.
    #[error("{0} is neither false nor true")]
    Bool(u8),
    /// A handle of zero; they start at one.
    #[error("a handle is zero")]
    ZeroHandle,
    /// A string that isn't UTF-8.
    #[error("a string is not UTF-8")]
    Utf8,
    /// A `usize` that the receiver has no room for.
    #[error("the number {0} does not fit into the receiver's `usize`")]
    TooLarge(u64),
    /// Nested deeper than any real macro does, and deep enough to use up the stack.
    #[error("a value is nested more than {0} deep")]
    TooDeep(usize),
}
