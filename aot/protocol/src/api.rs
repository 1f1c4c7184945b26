//! The methods, in the order of `with_api!`, which is the order of their tags.

use crate::ProtocolError;
use crate::error::Place;
use crate::source::{File, Item, Items, check_attributes};
use crate::tokens::{flatten, show};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::token::Brace;
use syn::{Attribute, FnArg, ReturnType, Safety, Signature, Token, Type, braced};

/// The name of the macro.
const WITH_API: &str = "macro_rules! with_api";

/// The parameters of its one rule: the macro that is given the methods, and three types.
const FLAT: &str = "($m: ident, $TokenStream: path, $Span: path, $Symbol: path)";

/// The same in bridges with groups: the scope of the types, the name of the first argument, and the
/// macro.
const GROUPED: &str = "($S: ident, $self: ident, $m: ident)";

/// The prefix of the names of those types here: `$Span` and `$S::Span` become `__Span`, which is no
/// type's name.
pub(crate) const LEAF: &str = "__";

/// The form of the method table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One list, in which a method is one tag.
    Flat,
    /// Groups, in which a method is its group's tag and its own.
    Grouped,
}

/// The methods as they are written.
#[derive(Debug)]
pub(crate) struct Api<'a> {
    pub(crate) form: Form,
    pub(crate) methods: Vec<ApiMethod<'a>>,
    /// The macro.
    pub(crate) place: Place,
}

/// A method as it is written.
#[derive(Debug)]
pub(crate) struct ApiMethod<'a> {
    /// Its name as the bridges without groups have it.
    pub(crate) name: String,
    /// The place of its group.
    pub(crate) group: u8,
    pub(crate) line: usize,
    pub(crate) arguments: Vec<Written<'a>>,
    pub(crate) result: Option<Written<'a>>,
}

/// A type as it is written, and where.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    pub(crate) file: &'a File,
    /// The item, for errors.
    pub(crate) item: String,
    pub(crate) ty: Type,
}

/// Reads the methods.
pub(crate) fn read<'a>(items: &Items<'a>) -> Result<Api<'a>, ProtocolError> {
    let with_api = items.one("bridge/mod.rs", WITH_API)?;
    let file = with_api.file;
    if let Some(attribute) = with_api.attributes.first() {
        let reason = format!("the attribute `{attribute}` may change the bridge");
        return Err(with_api.unknown(reason));
    }
    let (form, table) = table(with_api)?;
    let table = replace_leaves(table, form);
    let syntax = |error: syn::Error| file.syntax(&error);
    let mut methods = Vec::new();
    match form {
        Form::Flat => {
            let Methods(signatures) = syn::parse2(table).map_err(syntax)?;
            for (attributes, signature) in signatures {
                methods.push(method(file, None, &attributes, signature)?);
            }
        }
        Form::Grouped => {
            let Groups(groups) = syn::parse2(table).map_err(syntax)?;
            for (place, (attributes, name, Methods(signatures))) in (0..).zip(groups) {
                let name = name.to_string();
                check_attributes(&attributes, file, &name)?;
                for (attributes, signature) in signatures {
                    let group = Some((place, name.as_str()));
                    methods.push(method(file, group, &attributes, signature)?);
                }
            }
        }
    }
    Ok(Api {
        form,
        methods,
        place: with_api.place(),
    })
}

/// The part between the braces of `$m! { … }`.
fn table(with_api: &Item<'_>) -> Result<(Form, TokenStream), ProtocolError> {
    let syn::Item::Macro(syntax) = with_api.syntax else {
        return Err(with_api.unknown("it is not a macro"));
    };
    let file = with_api.file;
    let trees: Vec<TokenTree> = syntax.mac.tokens.clone().into_iter().collect();
    let differs = |place: Place, found: String, expected: &str| ProtocolError::Differs {
        place,
        item: WITH_API.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let (matcher, transcriber) = match trees.as_slice() {
        [
            TokenTree::Group(matcher),
            _,
            _,
            TokenTree::Group(transcriber),
            rest @ ..,
        ] if rest.len() <= 1 => (matcher, transcriber),
        _ => {
            return Err(differs(
                with_api.place(),
                "several rules".into(),
                "one rule",
            ));
        }
    };
    let parameters = show(&flatten(TokenTree::from(matcher.clone()).into()));
    let form = match parameters.as_str() {
        FLAT => Form::Flat,
        GROUPED => Form::Grouped,
        _ => {
            let place = file.place(matcher.span_open());
            let expected = format!("`{FLAT}` or `{GROUPED}`");
            return Err(differs(place, format!("`{parameters}`"), &expected));
        }
    };
    let trees: Vec<TokenTree> = transcriber.stream().into_iter().collect();
    let is = |tree: &TokenTree, text: &str| tree.to_string() == text;
    match trees.as_slice() {
        [dollar, m, bang, TokenTree::Group(methods)]
            if is(dollar, "$")
                && is(m, "m")
                && is(bang, "!")
                && methods.delimiter() == Delimiter::Brace =>
        {
            Ok((form, methods.stream()))
        }
        _ => {
            let place = file.place(transcriber.span_open());
            let found = show(flatten(transcriber.stream()).iter().take(8));
            Err(differs(place, format!("`{found}`"), "`$m! { … }`"))
        }
    }
}

/// `$Span` or `$S::Span` as an identifier, so that a parser of Rust can read it.
fn replace_leaves(tokens: TokenStream, form: Form) -> TokenStream {
    let mut out = Vec::new();
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = trees.as_slice();
    let is = |tree: &TokenTree, text: &str| tree.to_string() == text;
    let leaf = |name: &Ident| TokenTree::from(Ident::new(&format!("{LEAF}{name}"), name.span()));
    while let [tree, after @ ..] = rest {
        rest = match rest {
            [
                dollar,
                scope,
                colon,
                second,
                TokenTree::Ident(name),
                after @ ..,
            ] if form == Form::Grouped
                && is(dollar, "$")
                && is(scope, "S")
                && is(colon, ":")
                && is(second, ":") =>
            {
                out.push(leaf(name));
                after
            }
            [dollar, TokenTree::Ident(name), after @ ..] if is(dollar, "$") => {
                out.push(leaf(name));
                after
            }
            _ => {
                out.push(match tree {
                    TokenTree::Group(group) => {
                        let inner = replace_leaves(group.stream(), form);
                        let mut replaced = Group::new(group.delimiter(), inner);
                        replaced.set_span(group.span());
                        replaced.into()
                    }
                    tree => tree.clone(),
                });
                after
            }
        };
    }
    out.into_iter().collect()
}

/// `fn f(…) -> …;`, any number of them.
struct Methods(Vec<(Vec<Attribute>, Signature)>);

impl Parse for Methods {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut methods = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            methods.push((attributes, input.parse()?));
            input.parse::<Token![;]>()?;
        }
        Ok(Self(methods))
    }
}

/// `Name { fn f(…) -> …; … },`, any number of them.
struct Groups(Vec<(Vec<Attribute>, Ident, Methods)>);

impl Parse for Groups {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut groups = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            let name = input.parse()?;
            let inner;
            let _: Brace = braced!(inner in input);
            groups.push((attributes, name, inner.parse()?));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Self(groups))
    }
}

fn method<'a>(
    file: &'a File,
    group: Option<(u8, &str)>,
    attributes: &[Attribute],
    signature: Signature,
) -> Result<ApiMethod<'a>, ProtocolError> {
    let (group, name) = match group {
        None => (0, signature.ident.to_string()),
        Some((place, group)) => (place, canonical(group, &signature.ident.to_string())),
    };
    let line = signature.ident.span().start().line;
    let item = format!("fn {name}");
    check_attributes(attributes, file, &item)?;
    let unknown = |span: Span, reason: &str| file.unknown(span, item.clone(), reason);
    // Destructured, so that a new part of a signature can't be forgotten.
    let Signature {
        constness: None,
        asyncness: None,
        safety: Safety::Default,
        abi: None,
        inputs,
        output,
        variadic: None,
        generics,
        ident: _,
        fn_token: _,
        paren_token: _,
    } = &signature
    else {
        let span = signature.ident.span();
        return Err(unknown(span, "it is not a plain function"));
    };
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        let span = signature.ident.span();
        return Err(unknown(span, "it is generic"));
    }
    let written = |ty: &Type| Written {
        file,
        item: item.clone(),
        ty: ty.clone(),
    };
    let mut arguments = Vec::new();
    for input in inputs {
        match input {
            FnArg::Typed(argument) if argument.attrs.is_empty() => {
                arguments.push(written(&argument.ty));
            }
            _ => {
                let span = signature.ident.span();
                return Err(unknown(span, "an argument is not just a name and a type"));
            }
        }
    }
    let result = match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(written(ty)),
    };
    Ok(ApiMethod {
        name,
        group,
        line,
        arguments,
        result,
    })
}

/// The name of a method in a group, as the bridges without groups have it.
fn canonical(group: &str, method: &str) -> String {
    let prefix = match group {
        "FreeFunctions" if method != "drop" => return method.to_owned(),
        "TokenStream" => "ts".to_owned(),
        group => snake_case(group),
    };
    format!("{prefix}_{method}")
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
