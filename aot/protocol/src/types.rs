//! From Rust types to those of the schema.

use crate::ProtocolError;
use crate::api::{LEAF, Written};
use crate::definitions::{Definition, Definitions};
use crate::encodings::{Encoding, Encodings};
use crate::error::Place;
use crate::handles::Handles;
use crate::source::{File, missing};
use crate::tokens::{flatten, show};
use pm_abi::schema::{Access, Field, HandleKind, Type, TypeId, Variant};
use quote::ToTokens;
use std::collections::{BTreeMap, HashMap};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments};

/// The types that the names of parameters stand for.
type Scope = BTreeMap<String, TypeId>;

/// The types so far.
pub(crate) struct Types<'a> {
    definitions: &'a Definitions<'a>,
    encodings: &'a Encodings<'a>,
    types: Vec<Type>,
    /// Those that their parts define.
    plain: HashMap<Type, TypeId>,
    /// Those that have a name, with their arguments.
    named: HashMap<(String, Vec<TypeId>), TypeId>,
    /// The types that `with_api!` is given, and references to them.
    leaves: Scope,
    references: Scope,
    /// The places of those that have a name.
    places: BTreeMap<String, Place>,
}

/// The surroundings of a type.
#[derive(Clone, Copy)]
struct Context<'a> {
    file: &'a File,
    item: &'a str,
    scope: &'a Scope,
}

impl<'a> Types<'a> {
    /// None yet.
    pub(crate) fn new(
        definitions: &'a Definitions<'a>,
        encodings: &'a Encodings<'a>,
        handles: &Handles,
    ) -> Self {
        let mut new = Self {
            definitions,
            encodings,
            types: Vec::new(),
            plain: HashMap::new(),
            named: HashMap::new(),
            leaves: Scope::new(),
            references: Scope::new(),
            places: BTreeMap::new(),
        };
        for (name, value, reference) in handles.types() {
            let value = new.plain(value);
            new.leaves.insert(format!("{LEAF}{name}"), value);
            if let Some(reference) = reference {
                let reference = new.plain(reference);
                new.references.insert(format!("{LEAF}{name}"), reference);
            }
        }
        // `Encode` and `Decode` of symbol.rs.
        let symbol = new.plain(Type::Str);
        new.leaves.insert(format!("{LEAF}Symbol"), symbol);
        new
    }

    /// All of them, and the places of those that have a name.
    pub(crate) fn finish(self) -> (Vec<Type>, BTreeMap<String, Place>) {
        (self.types, self.places)
    }

    /// A type in the signature of a method.
    pub(crate) fn argument(&mut self, written: &Written<'_>) -> Result<TypeId, ProtocolError> {
        let scope = self.leaves.clone();
        let Written { file, item, ty } = written;
        let context = Context {
            file,
            item,
            scope: &scope,
        };
        self.resolve(ty, context)
    }

    /// A token stream.
    pub(crate) fn stream(&mut self) -> TypeId {
        self.plain(Type::Handle(HandleKind::TokenStream, Access::Owned))
    }

    /// The result of a function that names none.
    pub(crate) fn unit(&mut self) -> TypeId {
        self.tuple(Vec::new())
    }

    pub(crate) fn tuple(&mut self, parts: Vec<TypeId>) -> TypeId {
        let parts = parts.into_iter().enumerate();
        let fields = parts.map(|(index, ty)| Field {
            name: index.to_string(),
            ty,
        });
        self.plain(Type::Struct {
            name: String::new(),
            fields: fields.collect(),
        })
    }

    /// `PanicMessage`, which is encoded as an `Option<&str>`.
    pub(crate) fn panic_message(&mut self) -> Result<TypeId, ProtocolError> {
        let text = self.plain(Type::Str);
        self.option(text)
    }

    pub(crate) fn option(&mut self, of: TypeId) -> Result<TypeId, ProtocolError> {
        self.internal("Option", vec![of])
    }

    pub(crate) fn result(&mut self, ok: TypeId, err: TypeId) -> Result<TypeId, ProtocolError> {
        self.internal("Result", vec![ok, err])
    }

    /// The input of each entry point besides streams.
    pub(crate) fn globals(&mut self) -> Result<TypeId, ProtocolError> {
        let span = self.plain(Type::Handle(HandleKind::Span, Access::Copied));
        self.internal("ExpnGlobals", vec![span])
    }

    /// A type that `run_client`, `run_server` and the two sides of a call name.
    fn internal(&mut self, name: &str, arguments: Vec<TypeId>) -> Result<TypeId, ProtocolError> {
        let found = self.named(name, arguments)?;
        found.ok_or_else(|| missing("bridge/mod.rs", &format!("rpc_encode_decode!(… {name} …)")))
    }

    fn plain(&mut self, ty: Type) -> TypeId {
        if let Some(id) = self.plain.get(&ty) {
            return *id;
        }
        let id = self.push(ty.clone());
        self.plain.insert(ty, id);
        id
    }

    fn push(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        TypeId(self.types.len() as u32 - 1)
    }

    fn resolve(&mut self, ty: &syn::Type, context: Context<'_>) -> Result<TypeId, ProtocolError> {
        let Context { file, item, .. } = context;
        let ty_span = ty.span();
        let unknown = |ty: String| {
            let reason = format!("the encoding of `{ty}` is unknown");
            file.unknown(ty_span, item, reason)
        };
        let shown = || show(&flatten(ty.to_token_stream())).replace(LEAF, "$");
        match ty {
            // rpc.rs has `&str`, client.rs and server.rs have `&TokenStream` and its like.
            syn::Type::Reference(reference)
                if reference.mutability.is_none() && reference.lifetime.is_none() =>
            {
                let known = match simple_name(&reference.elem).as_deref() {
                    Some("str") => Some(self.plain(Type::Str)),
                    Some(name) => self.references.get(name).copied(),
                    None => None,
                };
                known.ok_or_else(|| unknown(shown()))
            }
            // `()` and pairs are what rpc.rs has.
            syn::Type::Tuple(tuple) if matches!(tuple.elems.len(), 0 | 2) => {
                let parts = tuple.elems.iter().map(|ty| self.resolve(ty, context));
                let parts = parts.collect::<Result<_, _>>()?;
                Ok(self.tuple(parts))
            }
            syn::Type::Path(path) if path.qself.is_none() && path.path.segments.len() == 1 => {
                let segment = &path.path.segments[0];
                let mut arguments = Vec::new();
                match &segment.arguments {
                    PathArguments::None => {}
                    PathArguments::AngleBracketed(given) => {
                        for argument in &given.args {
                            let GenericArgument::Type(argument) = argument else {
                                return Err(unknown(shown()));
                            };
                            arguments.push(self.resolve(argument, context)?);
                        }
                    }
                    _ => return Err(unknown(shown())),
                }
                let name = segment.ident.to_string();
                let found = self.named_or_primitive(&name, arguments, context.scope)?;
                found.ok_or_else(|| unknown(shown()))
            }
            _ => Err(unknown(shown())),
        }
    }

    fn named_or_primitive(
        &mut self,
        name: &str,
        arguments: Vec<TypeId>,
        scope: &Scope,
    ) -> Result<Option<TypeId>, ProtocolError> {
        if let Some(id) = scope.get(name) {
            return Ok(arguments.is_empty().then_some(*id));
        }
        // A type of the bridge's own under a name of std's is not std's.
        let is_std = !self.definitions.has(name);
        let is_integer = self.encodings.integers.contains(name);
        let ty = match (name, arguments.as_slice()) {
            _ if !is_std => return self.named(name, arguments),
            ("bool", []) => Type::Bool,
            ("u8", []) => Type::U8,
            ("u32", []) if is_integer => Type::U32,
            ("usize", []) if is_integer => Type::Usize,
            ("String", []) => Type::Str,
            ("Vec", [element]) => Type::Vec(*element),
            _ => return self.named(name, arguments),
        };
        Ok(Some(self.plain(ty)))
    }

    /// A struct or enum that has an encoding.
    fn named(
        &mut self,
        name: &str,
        arguments: Vec<TypeId>,
    ) -> Result<Option<TypeId>, ProtocolError> {
        let key = (name.to_owned(), arguments);
        if let Some(id) = self.named.get(&key) {
            return Ok(Some(*id));
        }
        let Some(encoding) = self.encodings.compound.get(name) else {
            return Ok(None);
        };
        let Some(definition) = self.definitions.get(name)? else {
            let place = encoding.file.line(encoding.line);
            let item = format!("struct or enum {name}");
            return Err(ProtocolError::Missing { place, item });
        };
        check_same(name, &definition, encoding)?;
        let arguments = &key.1;
        if arguments.len() != definition.parameters.len() {
            return Ok(None);
        }
        let names = definition.parameters.iter().cloned();
        let scope: Scope = names.zip(arguments.iter().copied()).collect();
        // Its number is known before its parts are: it may contain itself.
        let id = self.push(Type::Bool);
        self.named.insert(key, id);
        let place = encoding.file.line(encoding.line);
        self.places.insert(name.to_owned(), place);
        let item = match definition.is_enum {
            true => format!("enum {name}"),
            false => format!("struct {name}"),
        };
        let context = Context {
            file: definition.file,
            item: &item,
            scope: &scope,
        };
        let mut parts = Vec::new();
        for (part, _) in &encoding.parts {
            let mut defined = definition.parts.iter().filter(|(name, _)| name == part);
            let ty = defined.next().and_then(|(_, ty)| *ty);
            let payload = ty.map(|ty| self.resolve(ty, context)).transpose()?;
            parts.push((part.clone(), payload));
        }
        let name = name.to_owned();
        let parts = parts.into_iter();
        self.types[id.0 as usize] = if definition.is_enum {
            let variants = parts.map(|(name, payload)| Variant { name, payload });
            let variants = variants.collect();
            Type::Enum { name, variants }
        } else {
            let fields = parts.filter_map(|(name, ty)| Some(Field { name, ty: ty? }));
            let mut fields: Vec<Field> = fields.collect();
            if name == "Punct" {
                self.mark_punctuation(&mut fields);
            }
            Type::Struct { name, fields }
        };
        Ok(Some(id))
    }

    /// The server knows few characters (rustc's `rustc_expand::proc_macro_server`).
    fn mark_punctuation(&mut self, fields: &mut [Field]) {
        for field in fields {
            if field.name == "ch" && self.types[field.ty.0 as usize] == Type::U8 {
                field.ty = self.plain(Type::Punctuation);
            }
        }
    }
}

/// The name of a type that is just that.
fn simple_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) if path.qself.is_none() => {
            path.path.get_ident().map(ToString::to_string)
        }
        _ => None,
    }
}

/// The encoding has the parts of the definition, each once. The compiler sees to that; so whatever
/// differs here was not understood.
fn check_same(
    name: &str,
    definition: &Definition<'_>,
    encoding: &Encoding<'_>,
) -> Result<(), ProtocolError> {
    let differs = |found: String, expected: String| ProtocolError::Differs {
        place: encoding.file.line(encoding.line),
        item: format!("rpc_encode_decode! of {name}"),
        found: format!("`{found}`"),
        expected: format!("`{expected}`"),
    };
    let kind = |is_enum| if is_enum { "enum" } else { "struct" }.to_owned();
    if definition.is_enum != encoding.is_enum {
        return Err(differs(kind(encoding.is_enum), kind(definition.is_enum)));
    }
    if definition.parameters.len() != encoding.parameters {
        let parameters = |count| match count {
            1 => "1 parameter".to_owned(),
            count => format!("{count} parameters"),
        };
        let expected = parameters(definition.parameters.len());
        return Err(differs(parameters(encoding.parameters), expected));
    }
    let show = |(name, has_value): &(String, bool)| match definition.is_enum && *has_value {
        true => format!("{name}(…)"),
        false => name.clone(),
    };
    let mut expected: Vec<String> = definition
        .parts
        .iter()
        .map(|(name, ty)| show(&(name.clone(), ty.is_some())))
        .collect();
    let mut found: Vec<String> = encoding.parts.iter().map(show).collect();
    expected.sort_unstable();
    found.sort_unstable();
    if found != expected {
        return Err(differs(found.join(", "), expected.join(", ")));
    }
    Ok(())
}
