//! The message schema of a bridge: the types that its messages are made of, and its methods.

use std::fmt;

/// The messages of one ABI epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The types, which name each other by their place here.
    pub types: Vec<Type>,
    /// The methods, in the order of their tags.
    pub methods: Vec<Method>,
    /// The input of a derive or of a function-like macro: the globals and a stream.
    pub one_stream: TypeId,
    /// The input of an attribute: the globals and two streams.
    pub two_streams: TypeId,
    /// The output of an entry point: `Result<Option<TokenStream>, PanicMessage>`.
    pub output: TypeId,
    /// `PanicMessage`, the remains of a panic.
    pub panic: TypeId,
}

/// The place of a type in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A type by its encoding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// One byte, 0 or 1.
    Bool,
    /// One byte.
    U8,
    /// One byte, an ASCII character that rustc knows as punctuation ([`PUNCTUATION`]).
    Punctuation,
    /// Four bytes.
    U32,
    /// Four or eight bytes ([`UsizeEncoding`](crate::UsizeEncoding)).
    Usize,
    /// A handle: four bytes, never zero.
    Handle(HandleKind, Access),
    /// UTF-8, after its length in bytes.
    Str,
    /// Elements, after their number.
    Vec(TypeId),
    /// The fields of a struct or tuple, in the order of their encoding.
    Struct {
        /// Its name; empty for a tuple.
        name: String,
        /// Its fields.
        fields: Vec<Field>,
    },
    /// A byte, the place of a variant, and the variant's payload.
    Enum {
        /// Its name.
        name: String,
        /// The variants, in the order of their tags.
        variants: Vec<Variant>,
    },
}

/// The characters of [`Type::Punctuation`]. The server panics on others (rustc's
/// `rustc_expand::proc_macro_server`, `FromInternal` and `ToInternal` of token trees).
pub const PUNCTUATION: &[u8] = b"=<>!~+-*/%^&|@.,;:#$?'";

/// A kind of object that the server keeps and that handles stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HandleKind {
    /// `FreeFunctions`, up to rustc 1.94. No message creates one.
    FreeFunctions,
    /// `TokenStream`.
    TokenStream,
    /// `SourceFile`, up to rustc 1.87.
    SourceFile,
    /// `Span`. The server interns these: a handle stays valid until the expansion ends.
    Span,
}

impl HandleKind {
    /// All of them, in the order of their declaration.
    pub const ALL: [HandleKind; 4] = [
        HandleKind::FreeFunctions,
        HandleKind::TokenStream,
        HandleKind::SourceFile,
        HandleKind::Span,
    ];
}

impl fmt::Display for HandleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandleKind::FreeFunctions => "free functions",
            HandleKind::TokenStream => "token stream",
            HandleKind::SourceFile => "source file",
            HandleKind::Span => "span",
        })
    }
}

/// The way in which a message uses a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// By value: sent to the server, it gives the object back; sent to the macro, it creates a
    /// handle.
    Owned,
    /// By reference: the handle stays valid.
    Borrowed,
    /// The value of an interned handle, which is copied.
    Copied,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name; the number of a tuple's.
    pub name: String,
    /// Its type.
    pub ty: TypeId,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Its name; those of replies (`Ok`, `Err`, `Some`, `None`) have a meaning.
    pub name: String,
    /// The type that follows the tag.
    pub payload: Option<TypeId>,
}

/// A request that a macro can send to the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name since rustc 1.95: `ts_clone`. Older rustcs have `clone` in the group `TokenStream`.
    pub name: String,
    /// Its group, where a tag has two bytes; else 0.
    pub group: u8,
    /// The arguments, in the order of the signature.
    pub arguments: Vec<TypeId>,
    /// The whole reply: `Result<T, PanicMessage>`.
    pub reply: TypeId,
}

impl Method {
    /// Returns true if a compiler may answer it on the macro's stack
    /// ([`crate::Dispatch::dispatch_in_place`]): it does so from what it has in memory, without its
    /// guard for deep recursion.
    ///
    /// These are the methods of a token stream except those that parse, expand or print, and the one
    /// that `quote_spanned!` uses (rustc's `compiler/rustc_expand/src/proc_macro_server.rs`).
    pub fn may_run_on_macro_stack(&self) -> bool {
        matches!(
            self.name.as_str(),
            "ts_drop"
                | "ts_clone"
                | "ts_is_empty"
                | "ts_from_token_tree"
                | "ts_concat_trees"
                | "ts_concat_streams"
                | "ts_into_trees"
                | "span_resolved_at"
        )
    }
}

/// The place of a method in [`Schema::methods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodId(pub u8);

impl Schema {
    /// A type of this schema.
    ///
    /// # Panics
    ///
    /// If it is another schema's.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The first difference from another schema: the item, and both sides. `None` where all messages
    /// are encoded the same, whatever the numbers of the types.
    pub fn difference(&self, expected: &Schema) -> Option<Difference> {
        let mut walk = Comparison {
            found: self,
            expected,
            compared: Default::default(),
        };
        walk.all().err().map(|difference| *difference)
    }
}

/// The first difference between two schemas. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{item}`: found {found}, expected {expected}")]
pub struct Difference {
    /// The method, or the type and its part.
    pub item: String,
    /// A description of the part that was found.
    pub found: String,
    /// A description of the part that was expected.
    pub expected: String,
}

/// A walk through two schemas at once.
struct Comparison<'a> {
    found: &'a Schema,
    expected: &'a Schema,
    /// Pairs of types that were compared, or are being compared.
    compared: std::collections::HashSet<(TypeId, TypeId)>,
}

type Compared = Result<(), Box<Difference>>;

fn differ(
    item: impl Into<String>,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Compared {
    Err(Box::new(Difference {
        item: item.into(),
        found: found.into(),
        expected: expected.into(),
    }))
}

fn name_or_nothing(name: Option<&str>) -> String {
    name.map_or_else(|| "nothing".to_owned(), |name| format!("`{name}`"))
}

impl Comparison<'_> {
    fn all(&mut self) -> Compared {
        let (found, expected) = (self.found, self.expected);
        let count = found.methods.len().max(expected.methods.len());
        for tag in 0..count {
            let (ours, theirs) = (found.methods.get(tag), expected.methods.get(tag));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                let name = |method: Option<&Method>| {
                    name_or_nothing(method.map(|method| method.name.as_str()))
                };
                return differ(format!("method {tag}"), name(ours), name(theirs));
            };
            self.method(tag, ours, theirs)?;
        }
        self.ty("input", found.one_stream, expected.one_stream)?;
        self.ty("input", found.two_streams, expected.two_streams)?;
        self.ty("output", found.output, expected.output)?;
        self.ty("PanicMessage", found.panic, expected.panic)
    }

    fn method(&mut self, tag: usize, found: &Method, expected: &Method) -> Compared {
        if found.name != expected.name {
            let name = |method: &Method| format!("`{}`", method.name);
            return differ(format!("method {tag}"), name(found), name(expected));
        }
        let item = format!("fn {}", found.name);
        if found.group != expected.group {
            let group = |method: &Method| format!("group {}", method.group);
            return differ(item, group(found), group(expected));
        }
        if found.arguments.len() != expected.arguments.len() {
            let count = |method: &Method| match method.arguments.len() {
                1 => "1 argument".to_owned(),
                count => format!("{count} arguments"),
            };
            return differ(item, count(found), count(expected));
        }
        for (ours, theirs) in found.arguments.iter().zip(&expected.arguments) {
            self.ty(&item, *ours, *theirs)?;
        }
        self.ty(&item, found.reply, expected.reply)
    }

    /// Compares two types; `item` has them as a part.
    fn ty(&mut self, item: &str, found: TypeId, expected: TypeId) -> Compared {
        if !self.compared.insert((found, expected)) {
            return Ok(());
        }
        let (ours, theirs) = (self.found.ty(found), self.expected.ty(expected));
        match (ours, theirs) {
            (Type::Vec(ours), Type::Vec(theirs)) => self.ty(item, *ours, *theirs),
            (
                Type::Struct { name, fields },
                Type::Struct {
                    name: other,
                    fields: others,
                },
            ) if name == other => {
                let item = if name.is_empty() { item } else { name };
                self.fields(item, fields, others)
            }
            (
                Type::Enum { name, variants },
                Type::Enum {
                    name: other,
                    variants: others,
                },
            ) if name == other => self.variants(item, name, variants, others),
            _ if ours == theirs => Ok(()),
            _ => differ(
                item,
                self.found.describe(found),
                self.expected.describe(expected),
            ),
        }
    }

    fn fields(&mut self, item: &str, found: &[Field], expected: &[Field]) -> Compared {
        for index in 0..found.len().max(expected.len()) {
            let (ours, theirs) = (found.get(index), expected.get(index));
            let name =
                |field: Option<&Field>| name_or_nothing(field.map(|field| field.name.as_str()));
            match (ours, theirs) {
                (Some(ours), Some(theirs)) if ours.name == theirs.name => {
                    self.ty(&format!("{item}.{}", ours.name), ours.ty, theirs.ty)?;
                }
                _ => return differ(format!("{item}, field {index}"), name(ours), name(theirs)),
            }
        }
        Ok(())
    }

    /// Compares the variants of an enum that `item` has as a part.
    fn variants(
        &mut self,
        item: &str,
        name: &str,
        found: &[Variant],
        expected: &[Variant],
    ) -> Compared {
        // These are a part of nearly every method: that is the better name.
        let is_everywhere = matches!(name, "Option" | "Result" | "Bound");
        let whole = match is_everywhere {
            true => format!("{item}, {name}"),
            false => name.to_owned(),
        };
        for index in 0..found.len().max(expected.len()) {
            let (ours, theirs) = (found.get(index), expected.get(index));
            let variant = |variant: Option<&Variant>| {
                name_or_nothing(variant.map(|variant| variant.name.as_str()))
            };
            let (ours, theirs) = match (ours, theirs) {
                (Some(ours), Some(theirs)) if ours.name == theirs.name => (ours, theirs),
                _ => {
                    let item = format!("{whole}, variant {index}");
                    return differ(item, variant(ours), variant(theirs));
                }
            };
            let item = match is_everywhere {
                true => item.to_owned(),
                false => format!("{name}::{}", ours.name),
            };
            match (ours.payload, theirs.payload) {
                (None, None) => {}
                (Some(found), Some(expected)) => self.ty(&item, found, expected)?,
                (found, expected) => {
                    let of = |schema: &Schema, id: Option<TypeId>| match id {
                        Some(id) => schema.describe(id),
                        None => "nothing".to_owned(),
                    };
                    return differ(item, of(self.found, found), of(self.expected, expected));
                }
            }
        }
        Ok(())
    }
}

impl Schema {
    /// A type as a short text.
    fn describe(&self, id: TypeId) -> String {
        match self.ty(id) {
            Type::Bool => "`bool`".into(),
            Type::U8 | Type::Punctuation => "`u8`".into(),
            Type::U32 => "`u32`".into(),
            Type::Usize => "`usize`".into(),
            Type::Handle(kind, Access::Borrowed) => format!("a reference to a {kind}"),
            Type::Handle(kind, _) => format!("a {kind}"),
            Type::Str => "a string".into(),
            Type::Vec(element) => format!("a vector of {}", self.describe(*element)),
            Type::Struct { name, fields } if name.is_empty() => {
                format!("a tuple of {}", fields.len())
            }
            Type::Struct { name, .. } | Type::Enum { name, .. } => format!("`{name}`"),
        }
    }
}
