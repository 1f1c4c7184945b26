//! How a macro's requests get from its stack to the caller's.
//!
//! A macro runs on a stack of its own (a fiber of the calling thread), as large as its code may need.
//! Whoever answers it mustn't: a compiler's thread-local state is this thread's, but its own checks of
//! how much stack is left, and what it does where there is little, know only the stack that it was
//! called on. So a request ends a step of the macro's future, is answered on the caller's stack, and
//! the next step goes on.
//!
//! Most requests are small and need none of that: [`Dispatch::dispatch_in_place`] answers them where they
//! are asked, and the way there and back is saved.

use crate::Dispatch;
use pm_abi::STACK_IN_PLACE;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::mem;
use std::pin::pin;
use std::ptr::NonNull;
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

// With a mebibyte for what is between the macro and the answerer.
const _: () = assert!(pm_artifact::HOST_STACK >= STACK_IN_PLACE + (1 << 20));

/// Whoever answers, for one expansion.
pub(crate) struct Answerer<'a> {
    dispatch: NonNull<dyn Dispatch + 'a>,
    borrowed: PhantomData<&'a mut (dyn Dispatch + 'a)>,
}

impl<'a> Answerer<'a> {
    pub(crate) fn new(dispatch: &'a mut (dyn Dispatch + 'a)) -> Answerer<'a> {
        Answerer {
            dispatch: NonNull::from(dispatch),
            borrowed: PhantomData,
        }
    }

    /// The same for the macro's stack.
    pub(crate) fn in_place(&self) -> InPlace {
        let dispatch = self.dispatch.as_ptr();
        // SAFETY: only the lifetime changes, and `InPlace` has that as a condition of its use.
        let dispatch = unsafe {
            mem::transmute::<*mut (dyn Dispatch + 'a), *mut (dyn Dispatch + 'static)>(dispatch)
        };
        InPlace(dispatch)
    }

    fn dispatch(&mut self) -> &mut (dyn Dispatch + 'a) {
        // SAFETY: it was made of a reference that is borrowed for as long as this. An `InPlace` uses it
        // only while `run` polls the macro's future, and `run` has none of these references then.
        unsafe { self.dispatch.as_mut() }
    }
}

/// An [`Answerer`] in the state of the store, which can't borrow it.
pub(crate) struct InPlace(*mut (dyn Dispatch + 'static));

// SAFETY: wasmtime wants to be able to poll a future on any thread; `run` polls it on its own.
unsafe impl Send for InPlace {}

impl InPlace {
    /// Answers a request on the stack that this is called on, if the answerer can: see
    /// [`Dispatch::dispatch_in_place`]. `None`: nobody answers any more.
    ///
    /// # Safety
    ///
    /// Only from the future that [`run`] polls with the [`Answerer`] that this was made of.
    pub(crate) unsafe fn answer(&mut self, request: &[u8], reply: &mut Vec<u8>) -> Option<bool> {
        // SAFETY: of the caller: `run` borrows the answerer for as long as it polls, on this thread, and
        // doesn't use it meanwhile.
        let dispatch = unsafe { &mut *self.0 };
        let is_answered = dispatch.dispatch_in_place(request, reply);
        (!(is_answered && dispatch.is_gone())).then_some(is_answered)
    }
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
        (!content.is_gone).then(|| mem::take(&mut content.reply))
    }

    /// Keeps a reply's room for the next one.
    pub(crate) fn keep(&self, reply: Vec<u8>) {
        self.content().reply = reply;
    }

    fn answer(&self, dispatch: &mut dyn Dispatch) -> bool {
        let mut content = self.content();
        if !mem::take(&mut content.is_asked) {
            return false;
        }
        let request = mem::take(&mut content.request);
        let mut reply = mem::take(&mut content.reply);
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
        if mem::replace(&mut is_answered, true) {
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
    answerer: &mut Answerer<'_>,
) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => {
                let was_asked = mail.answer(answerer.dispatch());
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
        let mut backwards = Backwards(0);
        let mut answerer = Answerer::new(&mut backwards);
        assert_eq!(run(macros, &mail, &mut answerer), ["cba", "ed"]);
    }

    /// Answers in place what has one byte.
    struct Small {
        log: Vec<String>,
        is_gone: bool,
    }

    impl Dispatch for Small {
        fn dispatch(&mut self, request: &[u8], _reply: &mut Vec<u8>) {
            self.log.push(format!("elsewhere: {request:?}"));
        }

        fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
            let [byte] = request else {
                return false;
            };
            self.log.push(format!("in place: {byte}"));
            self.is_gone = *byte == 9;
            reply.push(byte + 1);
            true
        }

        fn is_gone(&self) -> bool {
            self.is_gone
        }
    }

    #[test]
    fn small_requests_are_answered_in_place() {
        let mail = Mail::default();
        let mut small = Small {
            log: Vec::new(),
            is_gone: false,
        };
        let mut answerer = Answerer::new(&mut small);
        let mut in_place = answerer.in_place();
        let macros = async {
            let mut answers = Vec::new();
            for request in [&[1][..], &[2, 2], &[3], &[9]] {
                let mut reply = Vec::new();
                // SAFETY: `run` polls this with the answerer that it was made of.
                let answer = unsafe { in_place.answer(request, &mut reply) };
                if answer == Some(false) {
                    mail.ask(request);
                    answered().await;
                }
                answers.push((answer, reply));
            }
            answers
        };
        let answers = run(macros, &mail, &mut answerer);
        let expect = [
            (Some(true), vec![2]),
            (Some(false), vec![]),
            (Some(true), vec![4]),
            (None, vec![10]),
        ];
        assert_eq!(answers, expect);
        assert_eq!(
            small.log,
            [
                "in place: 1",
                "elsewhere: [2, 2]",
                "in place: 3",
                "in place: 9"
            ]
        );
    }
}
