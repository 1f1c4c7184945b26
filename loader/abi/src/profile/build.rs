//! A builder of schemas, with the types that all epochs have.

use crate::schema::{Access, Field, HandleKind, Method, Schema, Type, TypeId, Variant};

/// A schema in the making.
pub(super) struct Builder {
    types: Vec<Type>,
    methods: Vec<Method>,
    group: u8,
    panic: TypeId,
    pub(super) bool: TypeId,
    pub(super) usize: TypeId,
    pub(super) str: TypeId,
    pub(super) unit: TypeId,
    pub(super) stream: TypeId,
    pub(super) stream_ref: TypeId,
    pub(super) span: TypeId,
    pub(super) literal: TypeId,
    pub(super) tree: TypeId,
    pub(super) diagnostic: TypeId,
    globals: TypeId,
}

impl Builder {
    /// The types that are the same in all epochs (`bridge/mod.rs`).
    pub(super) fn new() -> Builder {
        let none = TypeId(u32::MAX);
        let mut new = Builder {
            types: Vec::new(),
            methods: Vec::new(),
            group: 0,
            panic: none,
            bool: none,
            usize: none,
            str: none,
            unit: none,
            stream: none,
            stream_ref: none,
            span: none,
            literal: none,
            tree: none,
            diagnostic: none,
            globals: none,
        };
        let byte = new.add(Type::U8);
        new.bool = new.add(Type::Bool);
        new.usize = new.add(Type::Usize);
        new.str = new.add(Type::Str);
        new.unit = new.structure("", &[]);
        new.stream = new.handle(HandleKind::TokenStream, Access::Owned);
        new.stream_ref = new.handle(HandleKind::TokenStream, Access::Borrowed);
        new.span = new.handle(HandleKind::Span, Access::Copied);
        // `PanicMessage` is encoded as an `Option<&str>` (`bridge/rpc.rs`).
        new.panic = new.option(new.str);

        let plain = |names: &[&'static str]| -> Vec<(&'static str, Option<TypeId>)> {
            names.iter().map(|name| (*name, None)).collect()
        };
        let delimiter = plain(&["Parenthesis", "Brace", "Bracket", "None"]);
        let delimiter = new.enumeration("Delimiter", &delimiter);
        let level = plain(&["Error", "Warning", "Note", "Help"]);
        let level = new.enumeration("Level", &level);
        let lit_kind = new.enumeration(
            "LitKind",
            &[
                ("Byte", None),
                ("Char", None),
                ("Integer", None),
                ("Float", None),
                ("Str", None),
                ("StrRaw", Some(byte)),
                ("ByteStr", None),
                ("ByteStrRaw", Some(byte)),
                ("CStr", None),
                ("CStrRaw", Some(byte)),
                ("ErrWithGuar", None),
            ],
        );
        let (str, bool, span) = (new.str, new.bool, new.span);
        let delim_span = [("open", span), ("close", span), ("entire", span)];
        let delim_span = new.structure("DelimSpan", &delim_span);
        let stream = new.option(new.stream);
        let group = [
            ("delimiter", delimiter),
            ("stream", stream),
            ("span", delim_span),
        ];
        let group = new.structure("Group", &group);
        let punctuation = new.add(Type::Punctuation);
        let punct = [("ch", punctuation), ("joint", bool), ("span", span)];
        let punct = new.structure("Punct", &punct);
        let ident = [("sym", str), ("is_raw", bool), ("span", span)];
        let ident = new.structure("Ident", &ident);
        let suffix = new.option(str);
        let literal = [
            ("kind", lit_kind),
            ("symbol", str),
            ("suffix", suffix),
            ("span", span),
        ];
        new.literal = new.structure("Literal", &literal);
        new.tree = new.enumeration(
            "TokenTree",
            &[
                ("Group", Some(group)),
                ("Punct", Some(punct)),
                ("Ident", Some(ident)),
                ("Literal", Some(new.literal)),
            ],
        );
        let spans = new.vec(span);
        // It contains itself, so its place comes first.
        new.diagnostic = new.structure("Diagnostic", &[]);
        let children = new.vec(new.diagnostic);
        let diagnostic = [
            ("level", level),
            ("message", str),
            ("spans", spans),
            ("children", children),
        ];
        new.types[new.diagnostic.0 as usize] = structure("Diagnostic", &diagnostic);
        let globals = [
            ("def_site", span),
            ("call_site", span),
            ("mixed_site", span),
        ];
        new.globals = new.structure("ExpnGlobals", &globals);
        new
    }

    fn add(&mut self, ty: Type) -> TypeId {
        let known = self.types.iter().position(|known| *known == ty);
        let place = known.unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        });
        TypeId(place as u32)
    }

    pub(super) fn handle(&mut self, kind: HandleKind, access: Access) -> TypeId {
        self.add(Type::Handle(kind, access))
    }

    pub(super) fn vec(&mut self, element: TypeId) -> TypeId {
        self.add(Type::Vec(element))
    }

    pub(super) fn option(&mut self, of: TypeId) -> TypeId {
        self.enumeration("Option", &[("Some", Some(of)), ("None", None)])
    }

    pub(super) fn result(&mut self, ok: TypeId, err: TypeId) -> TypeId {
        self.enumeration("Result", &[("Ok", Some(ok)), ("Err", Some(err))])
    }

    pub(super) fn range(&mut self) -> TypeId {
        self.structure("Range", &[("start", self.usize), ("end", self.usize)])
    }

    pub(super) fn bound(&mut self) -> TypeId {
        let of = Some(self.usize);
        let variants = [("Included", of), ("Excluded", of), ("Unbounded", None)];
        self.enumeration("Bound", &variants)
    }

    fn structure(&mut self, name: &str, fields: &[(&str, TypeId)]) -> TypeId {
        self.add(structure(name, fields))
    }

    fn tuple(&mut self, parts: &[TypeId]) -> TypeId {
        let names: Vec<String> = (0..parts.len()).map(|index| index.to_string()).collect();
        let names = names.iter().map(String::as_str);
        let fields: Vec<(&str, TypeId)> = names.zip(parts.iter().copied()).collect();
        self.structure("", &fields)
    }

    fn enumeration(&mut self, name: &str, variants: &[(&str, Option<TypeId>)]) -> TypeId {
        let variant = |(name, payload): &(&str, Option<TypeId>)| Variant {
            name: (*name).to_owned(),
            payload: *payload,
        };
        self.add(Type::Enum {
            name: name.to_owned(),
            variants: variants.iter().map(variant).collect(),
        })
    }

    /// Starts the next group of methods.
    pub(super) fn next_group(&mut self) {
        self.group += 1;
    }

    /// Adds a method of the current group.
    pub(super) fn method(&mut self, name: &str, arguments: &[TypeId], result: TypeId) {
        let reply = self.result(result, self.panic);
        self.methods.push(Method {
            name: name.to_owned(),
            group: self.group,
            arguments: arguments.to_vec(),
            reply,
        });
    }

    pub(super) fn finish(mut self) -> Schema {
        let (globals, stream) = (self.globals, self.stream);
        let streams = self.tuple(&[stream, stream]);
        let output = self.option(stream);
        Schema {
            one_stream: self.tuple(&[globals, stream]),
            two_streams: self.tuple(&[globals, streams]),
            output: self.result(output, self.panic),
            panic: self.panic,
            types: self.types,
            methods: self.methods,
        }
    }
}

fn structure(name: &str, fields: &[(&str, TypeId)]) -> Type {
    let field = |(name, ty): &(&str, TypeId)| Field {
        name: (*name).to_owned(),
        ty: *ty,
    };
    Type::Struct {
        name: name.to_owned(),
        fields: fields.iter().map(field).collect(),
    }
}
