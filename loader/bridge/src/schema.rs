//! What the messages are made of.

use crate::SchemaError;
use crate::code::Program;
use serde::{Deserialize, Serialize};

/// The types of one rustc's messages.
///
/// Plain data, so it can be stored; [`Schema::validate`] before it is believed, which
/// [`Recoder::new`](crate::Recoder::new) does too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The types, which name each other by their place here.
    pub types: Vec<Type>,
    /// The methods, in the order of their tags.
    pub methods: Vec<Method>,
    /// The input of a derive or of a function-like macro: the globals and a stream.
    pub one_stream: TypeId,
    /// The input of an attribute: the globals and two streams.
    pub two_streams: TypeId,
    /// What an entry point returns: `Result<Option<TokenStream>, PanicMessage>`.
    pub output: TypeId,
    /// `PanicMessage`, what is left of a panic.
    pub panic: TypeId,
}

/// The place of a type in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeId(pub u32);

/// A type by its encoding: what encodes the same is the same here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    /// One byte, 0 or 1.
    Bool,
    /// One byte.
    U8,
    /// Four bytes.
    U32,
    /// Four or eight bytes, by the side that encoded it.
    Usize,
    /// A token stream or a span, by number: four bytes, never zero.
    Handle,
    /// UTF-8, after its length in bytes.
    Str,
    /// Elements, after their number.
    Vec(TypeId),
    /// A struct or tuple: its fields, in the order of their encoding.
    Struct(Vec<TypeId>),
    /// A byte, the place of a variant, and the variant's payload.
    Enum {
        /// What errors call it.
        name: String,
        /// The variants, in the order of their tags.
        variants: Vec<Variant>,
    },
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    /// Its name; those of the answers (`Ok`, `Err`, `Some`, `None`) have a meaning.
    pub name: String,
    /// What follows the tag.
    pub payload: Option<TypeId>,
}

/// What a macro can ask the compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Its name in `with_api!`.
    pub name: String,
    /// The arguments, which follow the tag.
    pub arguments: Vec<TypeId>,
    /// The whole reply: `Result<T, PanicMessage>`.
    pub reply: TypeId,
}

/// The tag of a method: its place in [`Schema::methods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodId(pub u8);

impl Schema {
    /// Whether a [`Recoder`](crate::Recoder) can be made of it.
    pub fn validate(&self) -> Result<(), SchemaError> {
        Program::new(self).map(drop)
    }
}
