//! Answers a macro by asking the compiler that entered us.

use crate::buffer::Owned;
use pm_abi::schema::MethodId;
use pm_bridge::{Handles, MessageError, Transcoder};
use pm_loader::{Dispatch, ExpandError, STACK_IN_PLACE};
use pm_shim::Closure;

/// The compiler's side of one expansion.
pub(crate) struct Compiler<'a> {
    transcoder: &'a Transcoder,
    /// The methods that can be answered on the macro's stack, by their places.
    in_place: &'a [bool],
    /// The handles that the macro holds.
    handles: &'a mut Handles,
    /// The one buffer that goes back and forth, as in a native macro.
    message: &'a mut Owned,
    closure: Closure,
    /// Room for a message that has to be re-encoded.
    scratch: Vec<u8>,
    /// A reply that is not well-formed.
    failure: Option<MessageError>,
}

impl<'a> Compiler<'a> {
    /// # Safety
    ///
    /// The closure is the compiler's, and lives as long as this.
    pub(crate) unsafe fn new(
        transcoder: &'a Transcoder,
        in_place: &'a [bool],
        handles: &'a mut Handles,
        message: &'a mut Owned,
        closure: Closure,
    ) -> Compiler<'a> {
        Compiler {
            transcoder,
            in_place,
            handles,
            message,
            closure,
            scratch: Vec::new(),
            failure: None,
        }
    }

    /// The methods that can be answered on the macro's stack, by their places. None where the user gives
    /// rustc more stack than there is in place: who drops a deep structure may need it.
    pub(crate) fn in_place(transcoder: &Transcoder) -> Vec<bool> {
        let asked = std::env::var("RUST_MIN_STACK").ok();
        let asked = asked.and_then(|size| size.trim().parse::<usize>().ok());
        let is_enough = asked.is_none_or(|size| size <= STACK_IN_PLACE);
        let methods = transcoder.profile().schema.methods.iter();
        methods
            .map(|method| is_enough && method.may_run_on_macro_stack())
            .collect()
    }

    pub(crate) fn into_failure(self) -> Option<MessageError> {
        self.failure
    }
}

impl Dispatch for Compiler<'_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        self.send_request(request, reply);
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        // An unknown method is refused on the other way.
        let method = self.transcoder.profile().method_of(request);
        let in_place = method.and_then(|MethodId(place)| self.in_place.get(usize::from(place)));
        let in_place = in_place == Some(&true);
        if in_place {
            self.send_request(request, reply);
        }
        in_place
    }

    fn is_gone(&self) -> bool {
        self.failure.is_some()
    }
}

impl Compiler<'_> {
    fn send_request(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        let checked = self
            .transcoder
            .request(request, self.handles, &mut self.scratch);
        let method = match checked {
            Ok((method, request)) => {
                self.message.replace(request);
                method
            }
            Err(error) => {
                let error = ExpandError::Protocol(error.to_string());
                self.transcoder.panic_reply(&error.to_string(), reply);
                return;
            }
        };
        let Closure { call, env } = self.closure;
        // SAFETY: of `new`; the buffer is the compiler's own, and is given away.
        self.message.with(|message| unsafe { call(env, message) });
        let answer = self.message.bytes();
        match self
            .transcoder
            .reply(method, answer, self.handles, &mut self.scratch)
        {
            Ok(answer) => reply.extend_from_slice(answer),
            Err(error) => self.failure = Some(error),
        }
    }
}
