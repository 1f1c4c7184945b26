extern crate proc_macro;
use proc_macro::TokenStream as T;
#[proc_macro_attribute]
pub fn z_first(_: T, t: T) -> T { t }
#[proc_macro_derive(Builder, attributes(builder, skip, default))]
pub fn b(_: T) -> T { T::new() }
#[proc_macro]
pub fn a(t: T) -> T { t }
#[proc_macro_derive(Debug)]
pub fn d2(_: T) -> T { T::new() }
/// Docs of a macro.
#[proc_macro]
pub fn second_bang(t: T) -> T { t }
#[proc_macro_attribute]
pub fn test(_: T, t: T) -> T { t }
#[proc_macro_derive(Zero, attributes())]
pub fn zz(_: T) -> T { T::new() }
#[proc_macro_derive(One, attributes(one))]
pub fn one(_: T) -> T { T::new() }
#[doc(hidden)]
#[deprecated(note = "old")]
#[proc_macro_attribute]
pub fn last_attr(_: T, t: T) -> T { t }
#[proc_macro]
pub fn vec(t: T) -> T { t }
