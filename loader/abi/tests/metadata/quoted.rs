#![feature(proc_macro_quote, proc_macro_def_site)]
extern crate proc_macro;
use proc_macro::TokenStream as T;
use proc_macro::quote;
#[proc_macro]
pub fn q0(_: T) -> T { quote!(fn a0() -> u32 { 0 + 1 }) }
#[proc_macro]
pub fn q1(_: T) -> T { quote!(fn a1() -> u32 { 1 + 1 }) }
#[proc_macro]
pub fn q2(_: T) -> T { quote!(fn a2() -> u32 { 2 + 1 }) }
#[proc_macro_derive(Quoted, attributes(quoted))]
pub fn qd(_: T) -> T { quote!(impl X {}) }
