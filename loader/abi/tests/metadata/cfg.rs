extern crate proc_macro;
use proc_macro::TokenStream as T;
#[cfg(any())]
pub fn gone() {}
#[cfg(any())]
mod gone_too {}
#[cfg(feature = "nothing")]
pub struct Gone;
#[proc_macro]
pub fn present(t: T) -> T { t }
#[cfg(test)]
mod tests { }
