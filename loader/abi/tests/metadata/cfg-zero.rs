extern crate proc_macro;
use proc_macro::TokenStream as T;
#[cfg(any())]
pub fn gone() {}
#[cfg(any())]
mod gone_too {}
