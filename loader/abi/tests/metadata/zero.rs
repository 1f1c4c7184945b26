extern crate proc_macro;
use proc_macro::TokenStream as T;
fn _unused(t: T) -> T { t }
