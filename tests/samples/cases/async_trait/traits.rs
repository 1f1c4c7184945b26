//! Async methods in traits and impls.
#![allow(dead_code, unused_variables)]

use async_trait::async_trait;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::sync::Arc;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A repository.
#[async_trait]
pub trait Repository<Key, Value = String>: Send + Sync + 'static
where
    Key: Send + Sync + 'static,
    Value: Send + Sync + Clone + 'static,
{
    /// The error.
    type Error: Debug + Send;
    type Iter<'a>: Iterator<Item = &'a Value>
    where
        Self: 'a;
    const LIMIT: usize = 10;

    /// Required.
    async fn get(&self, key: &Key) -> Result<Option<Value>, Self::Error>;
    async fn set(&mut self, key: Key, value: Value) -> Result<(), Self::Error>;

    /// Provided, with a default body.
    #[must_use]
    async fn get_or(&self, key: &Key, default: Value) -> Result<Value, Self::Error> {
        match self.get(key).await? {
            Some(value) => Ok(value),
            None => Ok(default),
        }
    }

    fn synchronous(&self) -> usize {
        Self::LIMIT
    }

    async fn generic<T, F>(&self, f: F, t: T) -> Vec<T>
    where
        T: Display + Send + Clone + 'static,
        F: Fn(&T) -> bool + Send + Sync,
    {
        let text = t.to_string();
        if f(&t) { vec![t; text.len()] } else { Vec::new() }
    }

    async fn no_receiver(a: u8, (b, c): (u8, u8), [d, ..]: [u8; 3]) -> u8 {
        a + b + c + d
    }

    async fn consume(self: Box<Self>) -> Result<(), Self::Error>;
    async fn shared(self: Arc<Self>, mut count: usize) {
        while count > 0 {
            count -= 1;
        }
    }
    async fn pinned(self: Pin<&mut Self>) {}
}

struct Memory<'m, V> {
    map: HashMap<String, V>,
    log: &'m str,
}

#[async_trait]
impl<V> Repository<String, V> for Memory<'static, V>
where
    V: Send + Sync + Clone + 'static,
{
    type Error = std::io::Error;
    type Iter<'a> = std::collections::hash_map::Values<'a, String, V>;

    async fn get(&self, key: &String) -> Result<Option<V>, Self::Error> {
        Ok(self.map.get(key).cloned())
    }

    async fn set(&mut self, key: String, value: V) -> Result<(), Self::Error> {
        let Self { map, log: _ } = self;
        map.insert(key, value);
        Ok(())
    }

    async fn consume(self: Box<Self>) -> Result<(), Self::Error> {
        drop(self);
        Err(std::io::Error::other("größe"))
    }
}

#[async_trait(?Send)]
trait Local {
    async fn not_send(&self, rc: std::rc::Rc<u8>) -> std::rc::Rc<u8>;
    async fn elided(&self, a: &str, b: &mut [u8]) -> &str;
    async fn explicit<'a, 'b: 'a>(&'a self, a: &'a str, b: &'b str) -> &'a str {
        if a.len() > b.len() { a } else { b }
    }
    async fn closure(&self, f: &dyn Fn(&str) -> usize) -> usize {
        f("x")
    }
    async fn opaque(&self, i: impl Iterator<Item = u8> + 'static) -> u64 {
        i.map(u64::from).sum()
    }
}

#[async_trait(?Send)]
impl Local for u8 {
    async fn not_send(&self, rc: std::rc::Rc<u8>) -> std::rc::Rc<u8> {
        let inner = async { rc.clone() };
        inner.await
    }
    async fn elided(&self, a: &str, _: &mut [u8]) -> &str {
        "static"
    }
}

struct Tuple<'a, const N: usize>([&'a str; N]);

#[async_trait]
trait Visit {
    async fn visit(&mut self, depth: usize) -> usize;
    async unsafe fn danger(ptr: usize) -> u8 {
        unsafe { *(ptr as *const u8) }
    }
    #[cfg(all())]
    async fn present(&self, _: (), #[cfg(any())] gone: Missing) {}
    #[cfg(any())]
    async fn absent(&self);
}

#[async_trait]
impl<'a, const N: usize> Visit for Tuple<'a, N> {
    #[allow(clippy::unused_async)]
    async fn visit(&mut self, mut depth: usize) -> usize {
        macro_rules! myself {
            () => {
                self.0
            };
        }
        struct Inner {
            x: u8,
        }
        impl Inner {
            fn this(&self) -> u8 {
                self.x
            }
        }
        depth += myself!().len() + usize::from(Inner { x: 1 }.this());
        if depth < 10 {
            self.visit(depth).await
        } else {
            Self::count(&self.0)
        }
    }
}

impl<'a, const N: usize> Tuple<'a, N> {
    fn count(list: &[&'a str; N]) -> usize {
        list.len()
    }
}

// Traits and impls made by a declarative macro.
macro_rules! service {
    ($vis:vis trait $name:ident { $(fn $method:ident($($arg:ident: $ty:ty),*) -> $ret:ty = $body:expr;)* } for $targets:tt) => {
        #[async_trait::async_trait]
        $vis trait $name {
            $(async fn $method(&self, $($arg: $ty),*) -> $ret;)*
        }
        service!(@impl $name $targets [$(($method ($($arg: $ty),*) $ret = $body))*]);
    };
    (@impl $name:ident ($($target:ty),*) $methods:tt) => {
        $(service!(@one $name ($target) $methods);)*
    };
    (@one $name:ident ($target:ty) [$(($method:ident ($($arg:ident: $ty:ty),*) $ret:ty = $body:expr))*]) => {
        #[async_trait::async_trait]
        impl $name for $target {
            $(async fn $method(&self, $($arg: $ty),*) -> $ret { let _ = ($(&$arg,)*); $body })*
        }
    };
}

service! {
    pub(crate) trait Made {
        fn number(r#type: u8, b: Option<&'static str>) -> u64 = 1 + 2;
        fn list() -> Vec<Box<dyn Fn() -> u8 + Send>> = vec![Box::new(|| 3)];
    } for (u16, (u8, String), [i32; 4], &'static str, fn(u8) -> u8)
}
