//! Values of any profile, written and read by its schema.

use pm_abi::Width;
use pm_abi::schema::{HandleKind, PUNCTUATION, Schema, Type, TypeId};
use std::fmt;

/// A value of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    /// A number of one byte, of four, or a `usize`.
    Number(u64),
    Handle(HandleKind, u32),
    Str(String),
    List(Vec<Value>),
    /// The fields of a struct or tuple.
    Fields(Vec<Value>),
    /// The name of a variant, and its payload.
    Variant(String, Option<Box<Value>>),
}

pub(crate) fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}

pub(crate) fn plain(variant: &str) -> Value {
    Value::Variant(variant.to_owned(), None)
}

pub(crate) fn variant(variant: &str, payload: Value) -> Value {
    Value::Variant(variant.to_owned(), Some(Box::new(payload)))
}

pub(crate) fn some(value: Value) -> Value {
    variant("Some", value)
}

impl Value {
    /// The payload of this variant.
    pub(crate) fn payload(self, name: &str) -> Value {
        match self {
            Value::Variant(found, Some(payload)) if found == name => *payload,
            value => panic!("{value} is not {name}"),
        }
    }

    /// The elements of a list, or the fields of a struct.
    pub(crate) fn parts(self) -> Vec<Value> {
        match self {
            Value::List(parts) | Value::Fields(parts) => parts,
            value => panic!("{value} has no parts"),
        }
    }
}

/// As in Rust, with the kind of a handle for the handle.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| {
            let values: Vec<_> = values.iter().map(Value::to_string).collect();
            values.join(", ")
        };
        match self {
            Value::Bool(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::Handle(kind, _) => kind.fmt(f),
            Value::Str(text) => write!(f, "{text:?}"),
            Value::List(values) => write!(f, "[{}]", list(values)),
            Value::Fields(values) => write!(f, "({})", list(values)),
            Value::Variant(name, None) => name.fmt(f),
            Value::Variant(name, Some(payload)) => write!(f, "{name}({payload})"),
        }
    }
}

/// Appends a value of this type.
///
/// # Panics
///
/// If it is not of this type.
pub(crate) fn write(schema: &Schema, ty: TypeId, value: &Value, width: Width, out: &mut Vec<u8>) {
    match (schema.ty(ty), value) {
        (Type::Bool, Value::Bool(value)) => out.push(u8::from(*value)),
        (Type::U8 | Type::Punctuation, Value::Number(value)) => {
            out.push((*value).try_into().expect("a byte"));
        }
        (Type::U32, Value::Number(value)) => {
            let value: u32 = (*value).try_into().expect("four bytes");
            out.extend(value.to_le_bytes());
        }
        (Type::Usize, Value::Number(value)) => write_usize(*value, width, out),
        (Type::Handle(kind, _), Value::Handle(found, handle)) if kind == found => {
            out.extend(handle.to_le_bytes());
        }
        (Type::Str, Value::Str(text)) => {
            write_usize(text.len() as u64, width, out);
            out.extend(text.as_bytes());
        }
        (Type::Vec(element), Value::List(values)) => {
            write_usize(values.len() as u64, width, out);
            for value in values {
                write(schema, *element, value, width, out);
            }
        }
        (Type::Struct { fields, .. }, Value::Fields(values)) => {
            assert_eq!(fields.len(), values.len());
            for (field, value) in fields.iter().zip(values) {
                write(schema, field.ty, value, width, out);
            }
        }
        (Type::Enum { variants, .. }, Value::Variant(name, payload)) => {
            let tag = variants.iter().position(|variant| variant.name == *name);
            let tag = tag.unwrap_or_else(|| panic!("no variant {name}"));
            out.push(tag as u8);
            match (variants[tag].payload, payload) {
                (None, None) => {}
                (Some(ty), Some(payload)) => write(schema, ty, payload, width, out),
                _ => panic!("{value} has another payload"),
            }
        }
        (ty, value) => panic!("{value} is not {ty:?}"),
    }
}

fn write_usize(value: u64, width: Width, out: &mut Vec<u8>) {
    match width {
        Width::Four => {
            let value: u32 = value.try_into().expect("four bytes");
            out.extend(value.to_le_bytes());
        }
        Width::Eight => out.extend(value.to_le_bytes()),
    }
}

/// Reads a whole message of this type.
///
/// # Panics
///
/// If the message is not well-formed.
pub(crate) fn read(schema: &Schema, ty: TypeId, mut bytes: &[u8], width: Width) -> Value {
    let value = read_value(schema, ty, &mut bytes, width);
    assert!(bytes.is_empty(), "{value} is followed by {bytes:?}");
    value
}

fn read_value(schema: &Schema, ty: TypeId, bytes: &mut &[u8], width: Width) -> Value {
    match schema.ty(ty) {
        Type::Bool => match take(bytes, 1)[0] {
            byte @ 0..2 => Value::Bool(byte == 1),
            byte => panic!("{byte} is not a bool"),
        },
        Type::U8 => Value::Number(take(bytes, 1)[0].into()),
        Type::Punctuation => {
            let byte = take(bytes, 1)[0];
            assert!(PUNCTUATION.contains(&byte), "{byte} is not punctuation");
            Value::Number(byte.into())
        }
        Type::U32 => Value::Number(read_u32(bytes).into()),
        Type::Usize => Value::Number(read_usize(bytes, width) as u64),
        Type::Handle(kind, _) => {
            let handle = read_u32(bytes);
            assert_ne!(handle, 0, "a {kind}");
            Value::Handle(*kind, handle)
        }
        Type::Str => {
            let len = read_usize(bytes, width);
            let text = str::from_utf8(take(bytes, len)).expect("UTF-8");
            Value::Str(text.to_owned())
        }
        Type::Vec(element) => {
            let len = read_usize(bytes, width);
            let element = |_| read_value(schema, *element, bytes, width);
            Value::List((0..len).map(element).collect())
        }
        Type::Struct { fields, .. } => {
            let field = |field: &pm_abi::schema::Field| read_value(schema, field.ty, bytes, width);
            Value::Fields(fields.iter().map(field).collect())
        }
        Type::Enum { name, variants } => {
            let tag = usize::from(take(bytes, 1)[0]);
            let variant = variants.get(tag);
            let variant = variant.unwrap_or_else(|| panic!("{tag} is not a tag of {name}"));
            let payload = variant.payload;
            let payload = payload.map(|ty| Box::new(read_value(schema, ty, bytes, width)));
            Value::Variant(variant.name.clone(), payload)
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (first, rest) = bytes.split_at_checked(len).expect("enough bytes");
    *bytes = rest;
    first
}

fn read_u32(bytes: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(bytes, 4).try_into().expect("four bytes"))
}

fn read_usize(bytes: &mut &[u8], width: Width) -> usize {
    match width {
        Width::Four => read_u32(bytes) as usize,
        Width::Eight => {
            let value = u64::from_le_bytes(take(bytes, 8).try_into().expect("eight bytes"));
            value.try_into().expect("a usize")
        }
    }
}
