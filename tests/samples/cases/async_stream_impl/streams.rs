//! `stream!` and `try_stream!`, through a local copy of the facade's wrappers.
#![allow(dead_code, unused_variables, unreachable_code, clippy::all)]

use futures_util::{pin_mut, Stream, StreamExt};
use std::io;
use tokio::sync::mpsc;

macro_rules! stream {
    ($($tt:tt)*) => { async_stream_impl::stream_inner!((async_stream) $($tt)*) };
}
macro_rules! try_stream {
    ($($tt:tt)*) => { async_stream_impl::try_stream_inner!((async_stream) $($tt)*) };
}

fn empty() -> impl Stream<Item = ()> {
    stream! {}
}

fn numbers(limit: u32) -> impl Stream<Item = u32> {
    stream! {
        for i in 0..limit {
            yield i;
        }
        let mut n = limit;
        while n > 0 {
            n -= 1;
            if n % 3 == 0 { continue; }
            yield n * 2;
        }
        loop {
            yield { let x = 1; x + 1 };
            break;
        }
    }
}

/// The stream borrows its input.
fn borrowed<'a>(words: &'a [String]) -> impl Stream<Item = &'a str> + 'a {
    stream! {
        for word in words {
            match word.as_str() {
                "" => continue,
                "stop" => return,
                w if w.len() > 3 => yield w,
                other => {
                    yield &other[..1];
                    yield "größe";
                }
            }
        }
    }
}

fn doubled<S: Stream<Item = u8> + Unpin>(input: S) -> impl Stream<Item = (u8, u8)> {
    stream! {
        for await value in input {
            if value > 100 {
                yield (value, 0);
            } else {
                yield (value, value * 2);
            }
        }
        #[allow(unused)]
        let unit: () = yield (0, 0);
    }
}

fn nested() -> impl Stream<Item = usize> {
    stream! {
        let inner = stream! {
            yield 1usize;
            yield 2usize;
        };
        pin_mut!(inner);
        while let Some(n) = inner.next().await {
            yield n;
        }
        let closure = |x: usize| x + 1;
        let block = async { 3usize };
        yield closure(block.await);
        fn item() -> usize { 4 }
        yield item();
    }
}

fn fallible(lines: Vec<&'static str>) -> impl Stream<Item = Result<i64, std::num::ParseIntError>> {
    try_stream! {
        let mut total = 0i64;
        for line in lines {
            let n: i64 = line.trim().parse()?;
            total += n;
            yield n;
        }
        yield total;
    }
}

fn accept(mut rx: mpsc::Receiver<io::Result<Vec<u8>>>) -> impl Stream<Item = io::Result<String>> {
    try_stream! {
        while let Some(message) = rx.recv().await {
            let bytes = message?;
            let text = String::from_utf8(bytes).map_err(|e| io::Error::other(e))?;
            if text.is_empty() {
                Err(io::Error::other("empty"))?;
            }
            for await part in numbers(2) {
                yield format!("{text}#{part}");
            }
        }
    }
}

fn macros_inside() -> impl Stream<Item = String> {
    macro_rules! label {
        ($e:expr) => { format!("<{}>", $e) };
    }
    stream! {
        let text = label!(1 + 1);
        yield text;
        yield vec!["a", "b"].join(", ");
        yield format!("{:?}", (1, [2; 3]));
        let item = tokio::select! {
            biased;
            v = async { 1 } => v,
            _ = std::future::pending::<()>() => unreachable!(),
        };
        println!("{item}");
        yield item.to_string()
    }
}

fn labels() -> impl Stream<Item = char> {
    stream! {
        'outer: for c in "ab\u{e7}".chars() {
            let Some(d) = c.to_digit(16) else { continue 'outer };
            if let 'a'..='c' = c { yield c; }
            unsafe { yield char::from_u32_unchecked(d) };
            yield *&c;
        }
    }
}

struct Source {
    queue: Vec<u8>,
    r#type: &'static str,
}

impl Source {
    fn drain(&mut self) -> impl Stream<Item = u8> + '_ {
        stream! {
            while let Some(item) = self.queue.pop() {
                yield item;
            }
            yield self.r#type.len() as u8;
        }
    }

    fn boxed<'s>(&'s self) -> std::pin::Pin<Box<dyn Stream<Item = Result<u8, String>> + 's>> {
        Box::pin(try_stream! {
            let Self { queue, .. } = self;
            for (index, item) in queue.iter().enumerate() {
                let item = item.checked_add(1).ok_or_else(|| format!("{index}"))?;
                yield item;
            }
        })
    }
}

macro_rules! repeat {
    ($value:expr, $times:expr, $ty:ty) => {
        stream! {
            let value: $ty = $value;
            for _ in 0..$times { yield value.clone(); }
        }
    };
}

fn repeated() -> (impl Stream<Item = u8>, impl Stream<Item = Option<String>>) {
    (repeat!(1 + 1, 2 * 2, u8), repeat!(Some(String::new()), 3, Option<String>))
}
