extern crate proc_macro;
use proc_macro::TokenStream as T;
#[proc_macro]
pub fn answer(t: T) -> T { t }
