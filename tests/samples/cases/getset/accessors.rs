//! Accessors by a user of `proc-macro-error2`.
#![allow(dead_code)]

use getset::{CloneGetters, CopyGetters, Getters, MutGetters, Setters, WithSetters};

#[derive(Getters, Setters, MutGetters, CopyGetters, WithSetters, CloneGetters, Default)]
pub struct Person<T: Clone, const N: usize = 2>
where
    T: Copy + Clone + Default,
{
    /// The name.
    #[getset(get = "pub", set = "pub", get_mut = "pub(crate)")]
    name: String,
    #[getset(get_copy = "pub", set_with = "pub")]
    age: u8,
    #[getset(get_copy, set)]
    generic: T,
    #[getset(get = "pub with_prefix")]
    list: Vec<Option<T>>,
    #[getset(get_clone = "pub")]
    shared: std::rc::Rc<String>,
    r#type: u8,
}

#[derive(Getters, Setters, CopyGetters)]
#[getset(get = "pub(crate)", set = "pub")]
struct Container<'a> {
    a: u8,
    #[getset(skip)]
    b: &'a str,
    größe: Vec<u8>,
}
