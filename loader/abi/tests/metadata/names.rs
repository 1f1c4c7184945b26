extern crate proc_macro;
use proc_macro::TokenStream as T;
#[proc_macro]
pub fn r#try(t: T) -> T { t }
#[proc_macro_attribute]
pub fn r#async(_: T, t: T) -> T { t }
#[proc_macro_derive(r#dyn, attributes(r#type, größe))]
pub fn d(_: T) -> T { T::new() }
#[proc_macro]
pub fn größe(t: T) -> T { t }
#[proc_macro_derive(Ünïcödé, attributes(注釈))]
pub fn u(_: T) -> T { T::new() }
#[proc_macro_attribute]
pub fn 東京(_: T, t: T) -> T { t }
#[proc_macro]
pub fn _x1(t: T) -> T { t }
