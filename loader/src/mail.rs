//! How a macro's requests get from its stack to the caller's.
//!
//! A macro runs on a stack of its own (a fiber of the calling thread), as large as its code may need.
//! Whoever answers it mustn't: a compiler's thread-local state is this thread's, but its own checks of
//! how much stack is left, and what it does where there is little, know only the stack that it was
//! called on. So a request ends a step of the macro's future, is answered on the caller's stack, and
//! the next step goes on.

use crate::Dispatch;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What lies between the two. Both are on one thread, so nobody ever waits for the lock.
#[derive(Debug, Default)]
pub(crate) struct Mail(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    request: Vec<u8>,
    reply: Vec<u8>,
    is_asked: bool,
    is_gone: bool,
}

impl Mail {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a request; [`answered`] waits for the reply.
    pub(crate) fn ask(&self, request: &[u8]) {
        let mut content = self.content();
        content.request.clear();
        content.request.extend_from_slice(request);
        content.is_asked = true;
    }

    /// The reply, unless nobody answers any more. Its room is to be given back to [`Mail::keep`].
    pub(crate) fn take_reply(&self) -> Option<Vec<u8>> {
        let mut content = self.content();
        (!content.is_gone).then(|| std::mem::take(&mut content.reply))
    }

    /// Keeps a reply's room for the next one.
    pub(crate) fn keep(&self, reply: Vec<u8>) {
        self.content().reply = reply;
    }

    fn answer(&self, dispatch: &mut (impl Dispatch + ?Sized)) -> bool {
        let mut content = self.content();
        if !std::mem::take(&mut content.is_asked) {
            return false;
        }
        let request = std::mem::take(&mut content.request);
        let mut reply = std::mem::take(&mut content.reply);
        // Not while it's held: whoever answers may expand another macro, or panic.
        drop(content);
        reply.clear();
        dispatch.dispatch(&request, &mut reply);
        let mut content = self.content();
        content.request = request;
        content.reply = reply;
        content.is_gone = dispatch.is_gone();
        true
    }
}

/// Ends a step of the macro's future: what is in the mail is answered before the next.
pub(crate) async fn answered() {
    let mut is_answered = false;
    poll_fn(|_| {
        if std::mem::replace(&mut is_answered, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Runs a macro's future to its end, and answers its requests from here.
pub(crate) fn run<T>(
    future: impl Future<Output = T>,
    mail: &Mail,
    dispatch: &mut (impl Dispatch + ?Sized),
) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => {
                let was_asked = mail.answer(dispatch);
                assert!(was_asked, "a macro waits for nothing but replies");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with the request backwards, twice.
    struct Backwards(u32);

    impl Dispatch for Backwards {
        fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
            assert!(reply.is_empty());
            reply.extend(request.iter().rev());
            self.0 += 1;
        }

        fn is_gone(&self) -> bool {
            self.0 > 2
        }
    }

    #[test]
    fn each_request_has_its_reply() {
        let mail = Mail::default();
        let macros = async {
            let mut replies = Vec::new();
            for request in ["abc", "de", "f"] {
                mail.ask(request.as_bytes());
                answered().await;
                let Some(reply) = mail.take_reply() else {
                    break;
                };
                replies.push(String::from_utf8(reply.clone()).unwrap());
                mail.keep(reply);
            }
            replies
        };
        assert_eq!(run(macros, &mail, &mut Backwards(0)), ["cba", "ed"]);
    }
}
