//! From Rust types to those of the schema.

use crate::ProtocolError;
use crate::api::{LEAF, Written};
use crate::definitions::{Definition, Definitions};
use crate::encodings::{Encoding, Encodings};
use crate::source::File;
use crate::tokens::{flatten, show};
use pm_bridge::{Type, TypeId, Variant};
use quote::ToTokens;
use std::collections::{BTreeMap, HashMap};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments};

/// `$TokenStream` in `with_api!`.
const STREAM: &str = "__TokenStream";

/// What the names of parameters stand for.
type Scope = BTreeMap<String, TypeId>;

/// The types so far.
pub(crate) struct Types<'a> {
    definitions: &'a Definitions<'a>,
    encodings: &'a Encodings<'a>,
    types: Vec<Type>,
    /// Those that are what they are by their parts alone.
    plain: HashMap<Type, TypeId>,
    /// Those that have a name, with their arguments.
    named: HashMap<(String, Vec<TypeId>), TypeId>,
    /// The types that `with_api!` is given.
    leaves: Scope,
}

/// Where a type stands, for errors.
#[derive(Clone, Copy)]
struct Context<'a> {
    file: &'a File,
    item: &'a str,
    scope: &'a Scope,
}

impl<'a> Types<'a> {
    /// None yet.
    pub(crate) fn new(definitions: &'a Definitions<'a>, encodings: &'a Encodings<'a>) -> Self {
        let mut new = Self {
            definitions,
            encodings,
            types: Vec::new(),
            plain: HashMap::new(),
            named: HashMap::new(),
            leaves: Scope::new(),
        };
        // `Encode` and `Decode` of client.rs, server.rs and symbol.rs, which were checked.
        for (name, ty) in [
            ("TokenStream", Type::Handle),
            ("Span", Type::Handle),
            ("Symbol", Type::Str),
        ] {
            let id = new.plain(ty);
            new.leaves.insert(format!("{LEAF}{name}"), id);
        }
        new
    }

    /// All of them.
    pub(crate) fn finish(self) -> Vec<Type> {
        self.types
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
        self.plain(Type::Handle)
    }

    /// What a function without a result returns.
    pub(crate) fn unit(&mut self) -> TypeId {
        self.tuple(Vec::new())
    }

    pub(crate) fn tuple(&mut self, parts: Vec<TypeId>) -> TypeId {
        self.plain(Type::Struct(parts))
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

    /// What each entry point is given besides streams.
    pub(crate) fn globals(&mut self) -> Result<TypeId, ProtocolError> {
        let span = self.plain(Type::Handle);
        self.internal("ExpnGlobals", vec![span])
    }

    /// A type that the functions name which this crate has checked.
    fn internal(&mut self, name: &str, arguments: Vec<TypeId>) -> Result<TypeId, ProtocolError> {
        match self.named(name, arguments)? {
            Some(id) => Ok(id),
            None => Err(ProtocolError::Missing {
                place: crate::Place {
                    file: "proc_macro/src/bridge/mod.rs".to_owned(),
                    line: 0,
                },
                item: format!("rpc_encode_decode!(… {name} …)"),
            }),
        }
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
            // rpc.rs has `&str`, client.rs and server.rs have `&TokenStream`.
            syn::Type::Reference(reference)
                if reference.mutability.is_none() && reference.lifetime.is_none() =>
            {
                let inner = &*reference.elem;
                match simple_name(inner).as_deref() {
                    Some("str") => Ok(self.plain(Type::Str)),
                    Some(STREAM) => self.resolve(inner, context),
                    _ => Err(unknown(shown())),
                }
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
            ("NonZero", [of]) if self.types[of.0 as usize] == Type::U32 => Type::Handle,
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
        // Its place is known before its parts are: it may contain itself.
        let id = self.push(Type::Struct(Vec::new()));
        self.named.insert(key, id);
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
            let name = part.clone();
            parts.push(Variant { name, payload });
        }
        self.types[id.0 as usize] = match definition.is_enum {
            true => Type::Enum {
                name: name.to_owned(),
                variants: parts,
            },
            false => Type::Struct(parts.iter().filter_map(|part| part.payload).collect()),
        };
        Ok(Some(id))
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
        found,
        expected,
    };
    let kind = |is_enum| if is_enum { "enum" } else { "struct" }.to_owned();
    if definition.is_enum != encoding.is_enum {
        return Err(differs(kind(encoding.is_enum), kind(definition.is_enum)));
    }
    if definition.parameters.len() != encoding.parameters {
        let parameters = |count| format!("{count} parameters");
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
