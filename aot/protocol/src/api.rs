//! The methods, in the order of `with_api!`, which is the order of their tags.

use crate::ProtocolError;
use crate::error::Place;
use crate::source::File;
use crate::tokens::{flatten, is_ignored, show};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, Item, ReturnType, Safety, Signature, Token, Type};

/// The name of the macro.
const WITH_API: &str = "macro_rules! with_api";

/// What its one rule takes: the macro that is given the methods, and three types.
const MATCHER: &str = "($m:ident, $TokenStream: path, $Span: path, $Symbol: path)";

/// What stands before the names of those types here: `$Span` becomes `__Span`, which no type is
/// called.
pub(crate) const LEAF: &str = "__";

/// A method as it is written.
#[derive(Debug)]
pub(crate) struct ApiMethod<'a> {
    pub(crate) name: String,
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
pub(crate) fn read(file: &File) -> Result<Vec<ApiMethod<'_>>, ProtocolError> {
    let mut found = file.syntax.items.iter().filter_map(|item| match item {
        Item::Macro(item) if item.ident.as_ref().is_some_and(|name| name == "with_api") => {
            Some(item)
        }
        _ => None,
    });
    let item = || WITH_API.to_owned();
    let with_api = found.next().ok_or_else(|| ProtocolError::Missing {
        place: file.line(0),
        item: item(),
    })?;
    if let Some(second) = found.next() {
        let place = file.place(second.mac.path.segments[0].ident.span());
        return Err(ProtocolError::Twice {
            place,
            item: item(),
        });
    }
    let methods = methods(file, with_api)?;
    let methods = replace_leaves(methods);
    let Methods(signatures) = syn::parse2(methods).map_err(|error| file.syntax(&error))?;
    signatures
        .into_iter()
        .map(|signature| method(file, signature))
        .collect()
}

/// What is between the braces of `$m! { … }`.
fn methods(file: &File, with_api: &syn::ItemMacro) -> Result<TokenStream, ProtocolError> {
    let trees: Vec<TokenTree> = with_api.mac.tokens.clone().into_iter().collect();
    let differs = |place: Place, found: String, expected: &str| ProtocolError::Differs {
        place,
        item: WITH_API.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let whole = file.place(with_api.mac.path.segments[0].ident.span());
    let (matcher, transcriber) = match trees.as_slice() {
        [
            TokenTree::Group(matcher),
            _,
            _,
            TokenTree::Group(transcriber),
            rest @ ..,
        ] if rest.len() <= 1 => (matcher, transcriber),
        _ => return Err(differs(whole, "several rules".to_owned(), "one rule")),
    };
    let text = |tokens: TokenStream| show(&flatten(tokens));
    let found = text(TokenTree::from(matcher.clone()).into());
    let expected: Vec<_> = MATCHER.parse::<TokenStream>().into_iter().collect();
    let expected = text(expected.into_iter().collect());
    if found != expected {
        let place = file.place(matcher.span_open());
        return Err(differs(place, found, &expected));
    }
    let trees: Vec<TokenTree> = transcriber.stream().into_iter().collect();
    let is = |tree: &TokenTree, text: &str| tree.to_string() == text;
    match trees.as_slice() {
        [dollar, m, bang, TokenTree::Group(methods)]
            if is(dollar, "$")
                && is(m, "m")
                && is(bang, "!")
                && methods.delimiter() == Delimiter::Brace =>
        {
            Ok(methods.stream())
        }
        _ => {
            let place = file.place(transcriber.span_open());
            let found = show(flatten(transcriber.stream()).iter().take(8));
            Err(differs(place, found, "$m! { … }"))
        }
    }
}

/// `$Span` as an identifier, so that a parser of Rust can read it.
fn replace_leaves(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        out.push(match tree {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => {
                match trees.next_if(|next| matches!(next, TokenTree::Ident(_))) {
                    Some(name) => Ident::new(&format!("{LEAF}{name}"), name.span()).into(),
                    None => dollar.into(),
                }
            }
            TokenTree::Group(group) => {
                let inner = replace_leaves(group.stream());
                let mut replaced = Group::new(group.delimiter(), inner);
                replaced.set_span(group.span());
                replaced.into()
            }
            tree => tree,
        });
    }
    out.into_iter().collect()
}

/// `fn f(…) -> …;`, any number of them.
struct Methods(Vec<Signature>);

impl Parse for Methods {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut methods = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            check_attributes(&attributes)?;
            methods.push(input.parse()?);
            input.parse::<Token![;]>()?;
        }
        Ok(Self(methods))
    }
}

/// Only what says nothing about encodings may be there.
pub(crate) fn check_attributes(attributes: &[Attribute]) -> syn::Result<()> {
    for attribute in attributes {
        let name = attribute.path().get_ident();
        if !name.is_some_and(|name| is_ignored(&name.to_string())) {
            let path = attribute.path();
            let message = "an attribute that may change what is encoded";
            return Err(syn::Error::new_spanned(path, message));
        }
    }
    Ok(())
}

fn method(file: &File, signature: Signature) -> Result<ApiMethod<'_>, ProtocolError> {
    let name = signature.ident.to_string();
    let item = format!("fn {name}");
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
        arguments,
        result,
    })
}
