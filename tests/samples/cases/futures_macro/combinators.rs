//@ externs: futures
//! `join!`, `select!` and their family, through a local copy of the facade's wrappers.
#![allow(dead_code, unused_variables, unused_mut, unreachable_code)]

use futures_util::future::{self, Fuse, FusedFuture, FutureExt};
use futures_util::stream::{self, FusedStream, StreamExt};
use futures_util::{pin_mut, Stream};
use std::future::Future;

/// As `futures_util` defines them, but with the macros of the macro crate that was named directly.
macro_rules! wrappers {
    ($($name:ident => $internal:ident),* $(,)?) => { wrappers!(@ ($) $($name => $internal),*); };
    (@ ($d:tt) $($name:ident => $internal:ident),*) => {
        $(
            macro_rules! $name {
                ($d($d tokens:tt)*) => {{
                    use futures_util::__private as __futures_crate;
                    futures_macro::$internal! { $d($d tokens)* }
                }};
            }
        )*
    };
}

wrappers! {
    join => join_internal,
    try_join => try_join_internal,
    select => select_internal,
    select_biased => select_biased_internal,
    stream_select => stream_select_internal,
}

async fn one() -> u8 {
    1
}

async fn text(s: &str) -> Result<String, std::io::Error> {
    Ok(s.to_owned())
}

async fn joins<'a>(input: &'a str) -> (u8, u8, Vec<&'a str>) {
    let nothing: () = join!();
    let (a,) = join!(one());
    let (b, c) = join!(one(), async move { vec![input] },);
    let (_, _, _, _, _, _, _, _) = join!(
        one(), one(), one(), future::ready(()), async {}, one().map(|x| x + 1), Box::pin(one()), {
            let inner = join!(one(), one());
            future::ready(inner.0 + inner.1)
        },
    );
    (a, b, c)
}

async fn try_joins() -> Result<usize, std::io::Error> {
    let (a, b) = try_join!(text("größe"), async { Ok::<_, std::io::Error>(3) })?;
    let res = try_join!(text("a"), text("b"), text("c"));
    match res {
        Ok((x, y, z)) => Ok(x.len() + y.len() + z.len() + b + a.len()),
        Err(e) => Err(e),
    }
}

async fn selects(mut receiver: impl Stream<Item = u32> + FusedStream + Unpin) -> u32 {
    let mut total = 0;
    let fut_a = one().fuse();
    let fut_b = text("b").map(Result::unwrap_or_default).fuse();
    pin_mut!(fut_a, fut_b);
    loop {
        select! {
            a = fut_a => total += u32::from(a),
            mut b = fut_b => {
                b.push('!');
                total += b.len() as u32;
            }
            item = receiver.next() => match item {
                Some(1 | 2) => continue,
                Some(n) if n > 3 => total += n,
                Some(_) => {}
                None => break,
            },
            complete => break,
            default => {
                total += 1;
                unreachable!("default {total}")
            }
        }
    }
    total
}

async fn select_patterns() -> i64 {
    let mut pair = future::ready((1i64, "x")).fuse();
    let mut err = future::ready(Err::<i64, String>(String::new())).fuse();
    select_biased! {
        (number, _text) = pair => number,
        mut res @ (Ok(_) | Err(_)) = err => { res.take_ok().unwrap_or(-1) },
        x = future::pending::<i64>().fuse() => x,
        complete => 0,
    }
}

trait TakeOk<T> {
    fn take_ok(&mut self) -> Option<T>;
}
impl<T: Copy, E> TakeOk<T> for Result<T, E> {
    fn take_ok(&mut self) -> Option<T> {
        self.as_ref().ok().copied()
    }
}

async fn expressions<F: Future<Output = u8> + FusedFuture + Unpin>(mut f: F) -> u8 {
    let value = select! {
        v = f => v,
        v = async { 7u8 }.boxed().fuse() => { v },
        default => 0,
    };
    let nested = select! {
        a = one().boxed().fuse() => select_biased! {
            b = one().boxed().fuse() => a + b,
            default => a,
        },
    };
    value + nested
}

fn streams() -> impl Stream<Item = u8> {
    let a = stream::iter([1u8, 2]);
    let b = stream::once(future::ready(3u8));
    let c = stream::repeat(4u8).take(2);
    stream_select!(a, b, c)
}

fn one_stream() -> impl Stream<Item = String> {
    stream_select!(stream::iter(vec![String::from("x")]), stream::empty())
}

mod tests {
    // `test_internal` writes `::futures_test::__private::block_on`.
    extern crate self as futures_test;

    #[futures_macro::test_internal]
    async fn plain() {
        assert_eq!(super::one().await, 1);
    }

    #[futures_macro::test_internal]
    #[should_panic]
    #[allow(unused)]
    async fn with_result() -> Result<(), String> {
        let x: u8 = Err(String::new())?;
        Ok(())
    }
}

macro_rules! race {
    ($($name:ident: $ty:ty = $future:expr => $body:block),+ $(,)?) => {{
        $(let mut $name = Box::pin($future).fuse();)+
        select! {
            $(value = $name => { let value: $ty = value; $body })+
            complete => panic!("all done"),
        }
    }};
}

async fn raced() -> usize {
    race! {
        first: u8 = one() => { 1 },
        second: Result<String, std::io::Error> = text("b") => { 2 },
        third: Vec<Option<[u8; 2]>> = async { vec![None, Some([1, 2])] } => { 3 },
    }
}
