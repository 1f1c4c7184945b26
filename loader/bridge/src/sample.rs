//! A schema for the tests, made by hand: some of rustc 1.96's methods, and one type of each kind.

use crate::{Method, Schema, Type, TypeId, Variant};

/// Collects types.
#[derive(Default)]
pub(crate) struct Types(Vec<Type>);

impl Types {
    pub(crate) fn add(&mut self, ty: Type) -> TypeId {
        self.0.push(ty);
        TypeId(self.0.len() as u32 - 1)
    }

    pub(crate) fn enumeration(
        &mut self,
        name: &str,
        variants: &[(&str, Option<TypeId>)],
    ) -> TypeId {
        let variant = |(name, payload): &(&str, Option<TypeId>)| Variant {
            name: (*name).to_owned(),
            payload: *payload,
        };
        let variants = variants.iter().map(variant).collect();
        let name = name.to_owned();
        self.add(Type::Enum { name, variants })
    }

    pub(crate) fn option(&mut self, of: TypeId) -> TypeId {
        self.enumeration("Option", &[("Some", Some(of)), ("None", None)])
    }
}

/// The methods of [`schema`], by their tags.
pub(crate) mod tag {
    pub(crate) const TRACK: u8 = 0;
    pub(crate) const CONCAT: u8 = 1;
    pub(crate) const EMIT: u8 = 2;
    pub(crate) const RANGE: u8 = 3;
    pub(crate) const SUBSPAN: u8 = 4;
    pub(crate) const FIXED: u8 = 5;
}

/// The schema.
pub(crate) fn schema() -> Schema {
    let mut types = Types::default();
    let bool = types.add(Type::Bool);
    let u8 = types.add(Type::U8);
    let u32 = types.add(Type::U32);
    let usize = types.add(Type::Usize);
    let handle = types.add(Type::Handle);
    let str = types.add(Type::Str);
    let unit = types.add(Type::Struct(vec![]));
    let panic = types.option(str);
    let some_handle = types.option(handle);

    let unit_variants = |names: &[&'static str]| -> Vec<(&str, Option<TypeId>)> {
        names.iter().map(|name| (*name, None)).collect()
    };
    let delimiter = ["Parenthesis", "Brace", "Bracket", "None"];
    let delimiter = types.enumeration("Delimiter", &unit_variants(&delimiter));
    let spans = types.add(Type::Struct(vec![handle, handle, handle]));
    let group = types.add(Type::Struct(vec![delimiter, some_handle, spans]));
    let punct = types.add(Type::Struct(vec![u8, bool, handle]));
    let ident = types.add(Type::Struct(vec![str, bool, handle]));
    let trees = [
        ("Group", Some(group)),
        ("Punct", Some(punct)),
        ("Ident", Some(ident)),
    ];
    let tree = types.enumeration("TokenTree", &trees);
    let trees = types.add(Type::Vec(tree));

    let level = types.enumeration("Level", &unit_variants(&["Error", "Warning"]));
    let handles = types.add(Type::Vec(handle));
    let diagnostic = types.add(Type::Struct(vec![]));
    let children = types.add(Type::Vec(diagnostic));
    types.0[diagnostic.0 as usize] = Type::Struct(vec![level, str, handles, children]);

    let bounds = [
        ("Included", Some(usize)),
        ("Excluded", Some(usize)),
        ("Unbounded", None),
    ];
    let bound = types.enumeration("Bound", &bounds);
    let range = types.add(Type::Struct(vec![usize, usize]));
    let fixed = types.add(Type::Struct(vec![bool, unit, u32, delimiter]));

    let mut methods = Vec::new();
    let mut method = |types: &mut Types, name: &str, arguments: &[TypeId], result: TypeId| {
        let reply = types.enumeration("Result", &[("Ok", Some(result)), ("Err", Some(panic))]);
        methods.push(Method {
            name: name.to_owned(),
            arguments: arguments.to_vec(),
            reply,
        });
        reply
    };
    method(&mut types, "track", &[str, panic], unit);
    method(&mut types, "concat", &[some_handle, trees], trees);
    method(&mut types, "emit", &[diagnostic], unit);
    method(&mut types, "range", &[handle], range);
    let output = method(&mut types, "subspan", &[handle, bound, bound], some_handle);
    method(&mut types, "fixed", &[fixed], fixed);

    let globals = types.add(Type::Struct(vec![handle, handle, handle]));
    let two = types.add(Type::Struct(vec![handle, handle]));
    let one_stream = types.add(Type::Struct(vec![globals, handle]));
    let two_streams = types.add(Type::Struct(vec![globals, two]));
    Schema {
        types: types.0,
        methods,
        one_stream,
        two_streams,
        output,
        panic,
    }
}

/// A message in the making, with one width of `usize`.
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) wide: bool,
}

impl Message {
    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.bytes.push(value);
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn usize(mut self, value: u64) -> Self {
        if self.wide {
            self.bytes.extend(value.to_le_bytes());
            self
        } else {
            self.u32(value.try_into().unwrap())
        }
    }

    pub(crate) fn str(self, value: &str) -> Self {
        let mut with = self.usize(value.len() as u64);
        with.bytes.extend(value.as_bytes());
        with
    }
}
