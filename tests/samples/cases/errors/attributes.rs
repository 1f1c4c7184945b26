//! Attributes on what they are not for: tokio, async-trait, tracing, pin-project, snafu.
#![allow(dead_code)]

#[tokio_macros::main]
fn not_async() {}

#[tokio_macros::main(flavor = "nonsense", worker_threads = "two", unknown)]
async fn bad_flavor() {}

#[tokio_macros::main(flavor = "current_thread", worker_threads = 4)]
async fn conflict() {}

#[tokio_macros::test]
async fn arguments(x: u8) {}

#[tokio_macros::main]
async fn wrong_type() -> u8 {
    "text"
}

#[tokio_macros::main]
struct NotAFunction;

#[async_trait::async_trait]
struct NotATrait;

#[async_trait::async_trait(Send)]
trait BadArgument {
    async fn f(&self);
}

#[async_trait::async_trait]
trait NotSend {
    async fn f(&self) -> std::rc::Rc<u8> {
        let rc = std::rc::Rc::new(1);
        std::future::ready(()).await;
        rc
    }
}

#[async_trait::async_trait]
impl NotSend for u8 {
    async fn f(&self, extra: u8) -> String {
        undefined(extra)
    }
}

#[tracing_attributes::instrument(skip(nobody), level = "loud", unknown = 3)]
fn skipped(x: u8) {}

#[tracing_attributes::instrument(level = "loud")]
fn loud() {}

#[tracing_attributes::instrument]
const fn constant() {}

#[tracing_attributes::instrument]
struct Instrumented;

#[tracing_attributes::instrument(err)]
fn not_debug(value: NotDebug) -> u8 {
    missing
}
struct NotDebug;

#[pin_project_internal::pin_project(project = A, project = B, Nonsense)]
struct Twice {
    #[pin]
    a: u8,
}

#[pin_project_internal::pin_project]
#[repr(packed)]
struct Packed {
    #[pin]
    #[pin]
    a: u8,
}

#[pin_project_internal::pin_project]
union Union {
    a: u8,
}

#[pin_project_internal::pinned_drop]
impl Drop for Twice {
    fn drop(&mut self) {}
}

#[snafu_derive::report]
fn no_result() {}

#[snafu_derive::report(argument)]
struct NotMain;
