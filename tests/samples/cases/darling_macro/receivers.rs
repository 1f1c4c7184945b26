//! Receivers of attribute arguments.
#![allow(dead_code, non_snake_case)]

use darling::ast::{self, NestedMeta};
use darling::util::{Flag, Ignored, Override, PathList, SpannedValue};
use darling_macro::{FromAttributes, FromDeriveInput, FromField, FromMeta, FromTypeParam, FromVariant};
use std::collections::HashMap;
use syn::{Expr, Generics, Ident, Path, Type, Visibility};

/// A field.
#[derive(Debug, Clone, FromField)]
#[darling(attributes(shape, form), forward_attrs(allow, doc, cfg))]
struct FieldReceiver {
    ident: Option<Ident>,
    vis: Visibility,
    ty: Type,
    attrs: Vec<syn::Attribute>,
    #[darling(default)]
    skip: bool,
    #[darling(rename = "type", default = "default_kind")]
    kind: Kind,
    #[darling(multiple, rename = "alias")]
    aliases: Vec<String>,
    #[darling(map = "positive")]
    size: u32,
    #[darling(and_then = check)]
    checked: Option<i64>,
    r#match: Flag,
}

fn default_kind() -> Kind {
    Kind::Plain
}
fn positive(n: u8) -> u32 {
    u32::from(n)
}
fn check(n: Option<i64>) -> darling::Result<Option<i64>> {
    match n {
        Some(n) if n < 0 => Err(darling::Error::custom("negative größe")),
        n => Ok(n),
    }
}

#[derive(Debug, Clone, Default, PartialEq, FromMeta)]
#[darling(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Plain,
    #[darling(word)]
    Word,
    #[darling(rename = "tuple")]
    Newtype(String),
    StructLike {
        a: u8,
        #[darling(default)]
        b: Vec<u16>,
    },
    #[darling(skip)]
    Skipped,
}

#[derive(FromDeriveInput)]
#[darling(attributes(my_crate), supports(struct_named, struct_newtype, enum_unit, enum_tuple), map = finish)]
struct InputReceiver<V: darling::FromVariant = VariantReceiver> {
    ident: Ident,
    vis: Visibility,
    generics: ast::Generics<ast::GenericParam<ParamReceiver>>,
    data: ast::Data<V, FieldReceiver>,
    #[darling(default, flatten)]
    shared: Shared,
    name: SpannedValue<String>,
    #[darling(default, with = parse_with)]
    with: usize,
    #[darling(skip, default = "seven")]
    skipped: u8,
}

fn seven() -> u8 {
    7
}
fn finish<V: darling::FromVariant>(mut input: InputReceiver<V>) -> InputReceiver<V> {
    input.with += 1;
    input
}

fn parse_with(meta: &syn::Meta) -> darling::Result<usize> {
    Ok(quote_len(meta))
}
fn quote_len(_: &syn::Meta) -> usize {
    3
}

#[derive(Debug, Clone, Default, FromMeta)]
#[darling(default, allow_unknown_fields)]
struct Shared {
    level: Option<f32>,
    paths: PathList,
    table: HashMap<String, u8>,
    over: Option<Override<u64>>,
    #[darling(rename = "where")]
    where_: Option<Path>,
    expression: Option<Expr>,
}

#[derive(Debug, FromVariant)]
#[darling(attributes(my_crate), forward_attrs, supports(unit, newtype), from_ident)]
struct VariantReceiver {
    ident: Ident,
    discriminant: Option<Expr>,
    fields: ast::Fields<FieldReceiver>,
    attrs: Vec<syn::Attribute>,
    #[darling(default)]
    rename: Option<String>,
}

impl From<Ident> for VariantReceiver {
    fn from(ident: Ident) -> Self {
        Self { ident, discriminant: None, fields: ast::Style::Unit.into(), attrs: vec![], rename: None }
    }
}

#[derive(Debug, Clone, FromTypeParam)]
#[darling(attributes(param))]
struct ParamReceiver {
    ident: Ident,
    bounds: Vec<syn::TypeParamBound>,
    default: Option<Type>,
    #[darling(default)]
    bound: Option<String>,
}

#[derive(Debug, FromAttributes)]
#[darling(attributes(one, two))]
struct Attributes<T: Default>
where
    T: Clone,
{
    first: T,
    #[darling(default)]
    second: Option<Box<T>>,
    #[darling(with = darling::util::parse_expr::preserve_str_literal, map = Some)]
    third: Option<Expr>,
}

#[derive(FromMeta)]
struct Newtype(u64);

#[derive(FromMeta)]
struct Unit;

#[derive(FromMeta, Debug)]
#[darling(from_word = word, from_none = || Some(Default::default()), from_expr = |e| Err(darling::Error::unexpected_expr_type(e)))]
#[derive(Default)]
struct Callbacks {
    a: u8,
    b: Ignored,
}
fn word() -> darling::Result<Callbacks> {
    Ok(Callbacks::default())
}

#[derive(FromMeta)]
#[darling(and_then = Self::validate, bound = "T: FromMeta2")]
struct Validated<T: FromMeta2> {
    inner: T,
}
use darling::FromMeta as FromMeta2;

impl<T: FromMeta2> Validated<T> {
    fn validate(self) -> darling::Result<Self> {
        Ok(self)
    }
}

#[derive(FromDeriveInput)]
#[darling(supports(any))]
struct Magic {
    ident: Ident,
    generics: Generics,
    #[darling(with = data_with)]
    data: usize,
}
fn data_with(_: &syn::Data) -> darling::Result<usize> {
    Ok(1)
}

mod nested {
    pub mod inner {
        #[derive(darling_macro::FromMeta, Debug)]
        #[darling(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(in super::super) struct Inner {
            pub(super) field_name: char,
            pub(crate) other: (),
        }
    }
}

macro_rules! options {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $ty:ty = $default:tt),* $(,)? }) => {
        #[derive(Debug, FromMeta)]
        $(#[$meta])*
        $vis struct $name {
            $(#[darling(default = $default)] $field: $ty,)*
        }
    };
}
options! {
    /// Made by a macro.
    #[darling(rename_all = "lowercase")]
    pub(crate) struct Options {
        Width: u32 = "u32::default",
        Name: String = "String::new",
        list: Vec<syn::LitBool> = "Vec::new",
    }
}

fn parse(items: &[NestedMeta]) -> darling::Result<Options> {
    FromMeta2::from_list(items)
}
