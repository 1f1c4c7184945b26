//! Closures as defaults, which darling takes from a version on that needs this rustc.
//@ rustc: 1.88
#![allow(dead_code, non_snake_case)]

use darling::ast::NestedMeta;
use darling_macro::{FromDeriveInput, FromMeta};

#[derive(FromDeriveInput)]
#[darling(attributes(my_crate))]
struct InputReceiver {
    ident: syn::Ident,
    #[darling(skip, default = || 7)]
    skipped: u8,
}

macro_rules! options {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $ty:ty = $default:expr),* $(,)? }) => {
        #[derive(Debug, FromMeta)]
        $(#[$meta])*
        $vis struct $name {
            $(#[darling(default = || $default)] $field: $ty,)*
        }
    };
}
options! {
    /// Made by a macro.
    #[darling(rename_all = "lowercase")]
    pub(crate) struct Options {
        Width: u32 = 1 + 1,
        Name: String = String::from("x"),
        list: Vec<syn::LitBool> = vec![],
    }
}

fn parse(items: &[NestedMeta]) -> darling::Result<Options> {
    darling::FromMeta::from_list(items)
}
