//! `#[main]` and `#[test]` in their flavours, and the helpers of `select!` and `pin!`.
#![allow(dead_code, unused_variables, unused_macros)]

use std::future::Future;
use std::time::Duration;

/// The plain entry point.
#[tokio_macros::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let handle = tokio::spawn(async { 1 + 1 });
    let n = handle.await?;
    if n == 2 {
        return Ok(());
    }
    Err("arithmetic".into())
}

mod current_thread {
    #[tokio_macros::main(flavor = "current_thread", start_paused = true)]
    async fn main() {
        tokio::time::sleep(super::Duration::from_secs(3600)).await;
    }
}

mod workers {
    #[tokio_macros::main(flavor = "multi_thread", worker_threads = 2 )]
    #[allow(clippy::unused_async)]
    pub(crate) async fn run<'a, T: Clone + Send, const N: usize>(
        items: &'a [T; N],
        mut callback: impl FnMut(&'a T),
        (left, right): (u8, u8),
    ) -> Option<&'a T>
    where
        T: 'static,
    {
        for item in items {
            callback(item);
        }
        items.first()
    }
}

mod renamed {
    pub use tokio as runtime;

    #[tokio_macros::main(crate = "runtime", flavor = "current_thread")]
    async unsafe fn entry(name: String) -> usize {
        async move { name.len() }.await
    }
}

mod unhandled {
    #[tokio_macros::main_rt(flavor = "current_thread")]
    async fn only_rt() -> ! {
        loop {
            tokio::task::yield_now().await;
        }
    }

    #[tokio_macros::main(flavor = "local")]
    async fn local() {}
}

#[cfg(all())]
mod tests {
    use super::*;

    #[tokio_macros::test]
    async fn simple() {
        assert_eq!(double(2).await, 4);
    }

    #[tokio_macros::test(flavor = "multi_thread", worker_threads = 1)]
    #[should_panic(expected = "boom")]
    async fn panics() {
        panic!("boom");
    }

    #[tokio_macros::test(start_paused = true)]
    #[ignore = "slow"]
    async fn paused() -> Result<(), std::io::Error> {
        let start = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(start.elapsed() >= Duration::from_millis(5));
        Ok(())
    }

    #[tokio_macros::test_rt]
    async fn with_rt() {
        let größe = { 3 };
        assert!(größe == 3, "unicode in the body: größe");
    }
}

async fn double(n: u32) -> u32 {
    n * 2
}

macro_rules! entry {
    ($name:ident, $ret:ty, $body:block, $($arg:ident: $t:ty),*) => {
        #[tokio_macros::main(flavor = "current_thread")]
        async fn $name($($arg: $t),*) -> $ret $body
    };
}
entry!(from_macro, Vec<u8>, { vec![1, 2, 3] }, a: &str, b: Option<&'static str>);

// What `tokio::select!` asks of the macro crate.
#[doc(hidden)]
mod util {
    tokio_macros::select_priv_declare_output_enum!((_ _ _));
}

macro_rules! select_like {
    ([$($pattern:pat),*] $($count:tt)*) => {
        mod out {
            tokio_macros::select_priv_declare_output_enum!(($($count)*));
        }
        fn clean(value: (Option<u8>, Result<u8, String>)) {
            $(
                let _ = |v: Option<Option<u8>>| match v {
                    tokio_macros::select_priv_clean_pattern!($pattern) => true,
                    #[allow(unreachable_patterns)]
                    _ => false,
                };
            )*
        }
    };
}
select_like!([Some(ref mut a), Some(Some(1..=3)), b @ None] _ _);

mod patterns {
    struct Pair {
        left: String,
        right: (u8, u8),
    }
    fn clean(p: &mut Pair) -> bool {
        match p {
            tokio_macros::select_priv_clean_pattern!(Pair { left: ref mut l, right: (ref a, mut b) }) => true,
        }
    }
    fn slices(s: &[u8]) -> bool {
        match s {
            tokio_macros::select_priv_clean_pattern!([ref first, .., mut last]) => true,
            tokio_macros::select_priv_clean_pattern!(ref whole) => false,
        }
    }
}

struct Service {
    delay: Duration,
}

impl Service {
    #[tokio_macros::main(flavor = "current_thread")]
    pub async fn method(self: Box<Self>, times: usize) -> Duration {
        for _ in 0..times {
            tokio::time::sleep(self.delay).await;
        }
        self.delay
    }

    #[tokio_macros::main]
    async fn by_ref(&mut self, f: &dyn Fn(u8) -> u8) -> impl Sized + use<> {
        self.delay *= u32::from(f(1));
        'outer: loop {
            loop {
                break 'outer;
            }
        }
        async fn inner(x: impl Future<Output = ()>) {
            x.await
        }
        inner(async {}).await;
    }
}
