//! `#[instrument]` on functions of every kind.
#![allow(dead_code, unused_variables, clippy::all)]

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use tracing::{field, Level, Span};
use tracing_attributes::instrument;

#[instrument]
fn plain() {}

/// Documented.
#[instrument(level = "debug", name = "renamed", target = "app::target")]
pub(crate) fn arguments(a: u8, b: &str, mut c: Vec<String>, r#type: Option<()>) -> usize {
    c.push(b.to_owned());
    c.len() + usize::from(a)
}

#[instrument(skip_all, fields(x = 1, y.z = %text, w = ?list, empty, computed = list.len() * 2, text))]
fn fields(text: &str, list: &[u8]) -> Result<(), std::fmt::Error> {
    Span::current().record("empty", field::display("now"));
    Ok(())
}

#[instrument(skip(secret, others), err, ret)]
fn skipping(user: &str, secret: String, others: HashMap<u8, u8>) -> Result<u64, std::io::Error> {
    if secret.is_empty() {
        return Err(std::io::Error::other("empty"));
    }
    Ok(others.values().copied().map(u64::from).sum())
}

#[instrument(err(Debug, level = Level::WARN), ret(Display, level = "info"))]
fn formats(n: i32) -> Result<i32, (i32, &'static str)> {
    let half = n.checked_div(2).ok_or((n, "größe"))?;
    Ok(half)
}

#[instrument(level = Level::TRACE, parent = None, follows_from = causes)]
fn relations(causes: &[tracing::Id]) {}

#[instrument(parent = parent.id(), skip(parent), err(level = tracing::Level::INFO))]
fn with_parent(parent: &Span, (a, b): (u8, u16), [x, .., y]: [i8; 4], Point { x: px, y: ref py }: Point) -> Result<(), String> {
    Err(format!("{a}{b}{x}{y}{px}{py}"))
}

#[derive(Debug, Clone)]
struct Point {
    x: f32,
    y: f32,
}

#[instrument]
async fn asynchronous(url: String, retries: usize) -> Option<String> {
    for attempt in 0..retries {
        if let Some(found) = attempt_once(&url, attempt).await {
            return Some(found);
        }
    }
    None
}

#[instrument(skip_all, ret)]
async fn attempt_once<'a>(url: &'a str, attempt: usize) -> Option<String>
where
    'a: 'a,
{
    Some(format!("{url}#{attempt}"))
}

#[instrument(err, ret(level = "warn"))]
async fn fallible(id: u64) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let text = String::from_utf8(vec![id as u8])?;
    Ok(text.into_bytes())
}

#[instrument(skip(callback))]
fn generic<T, F, const N: usize>(items: [T; N], callback: F) -> impl Iterator<Item = T>
where
    T: std::fmt::Debug + Clone,
    F: Fn(&T) -> bool,
{
    items.into_iter().filter(move |i| callback(i))
}

#[instrument]
fn boxed(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { n })
}

#[instrument(ret)]
fn hand_written(n: u8) -> impl Future<Output = Result<u8, String>> {
    async move { Ok(n) }
}

#[instrument(fields(n, dotted.key.of.four = true))]
unsafe extern "C" fn qualifiers() {}

const KEY: &str = "constant.key";

struct Service<T> {
    state: T,
    name: &'static str,
}

impl<T: std::fmt::Debug + Send + Sync> Service<T> {
    const KEY: &'static str = "key";

    #[instrument(skip(self))]
    fn new(self, extra: T) -> Self {
        Self { state: extra, ..self }
    }

    #[instrument(skip(self), fields(self.name = self.name, otel.kind = "server", { KEY } = 3))]
    pub async fn handle(&self, request: &str) -> Result<&T, Error> {
        tracing::info!(%request, "handling");
        (!request.is_empty()).then_some(&self.state).ok_or(Error)
    }

    #[instrument(name = "mutate", skip_all, fields(len = ?values.as_ref().len()))]
    fn mutate(&mut self, values: impl AsRef<[T]>) -> &mut T {
        &mut self.state
    }

    #[instrument(skip_all)]
    fn boxed_self(self: Box<Self>) -> Pin<Box<dyn Future<Output = ()>>>
    where
        T: 'static,
    {
        Box::pin(async move {
            let _this = self;
        })
    }
}

#[derive(Debug)]
struct Error;
impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("error")
    }
}

trait Worker {
    #[instrument(skip(self))]
    fn provided(&self, times: usize) -> String {
        "x".repeat(times)
    }
    fn required(&self);
}

impl Worker for () {
    #[instrument(skip_all, level = "error")]
    fn required(&self) {
        'a: for i in 0.. {
            while i > 3 {
                break 'a;
            }
        }
    }
}

#[instrument]
#[cfg_attr(all(), must_use, doc = "by cfg_attr")]
#[allow(unused_mut)]
fn literals(flag: bool, letter: char, float: f64, big: u128, unit: (), text: &'static str) -> String {
    let _ = (r#"raw "text""#, b"bytes", b'x', c"c", 1_000u64, 0x_ff, 1e-3, '\u{1F600}');
    macro_rules! local {
        ($x:expr) => { format!("{}{letter}", $x) };
    }
    local!(text)
}

// Functions made by a declarative macro.
macro_rules! traced {
    ($($vis:vis fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? $body:block)*) => {
        $(
            #[tracing_attributes::instrument(level = "trace", fields(kind = stringify!($name)))]
            $vis fn $name($($arg: $ty),*) $(-> $ret)? $body
        )*
    };
}

traced! {
    pub fn first(a: &'static [u8], b: Option<Box<u8>>) -> usize { a.len() + usize::from(b.is_some()) }
    fn second() { let _ = 1; }
    pub(crate) fn third(f: fn(u8) -> u8) -> Vec<u8> { vec![f(1)] }
}
