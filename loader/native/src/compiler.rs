//! Answers a macro by asking the compiler that entered us.

use crate::buffer::Owned;
use pm_bridge::Recoder;
use pm_loader::Dispatch;
use pm_shim::Closure;

/// The compiler's side of one expansion.
pub(crate) struct Compiler<'a> {
    recoder: &'a Recoder,
    /// The one buffer that goes back and forth, as in a native macro.
    message: &'a mut Owned,
    closure: Closure,
    /// A request for the compiler.
    request: Vec<u8>,
    /// A reply that the macro could not be told.
    failure: Option<pm_bridge::RecodeError>,
}

impl<'a> Compiler<'a> {
    /// # Safety
    ///
    /// The closure is the compiler's, and lives as long as this.
    pub(crate) unsafe fn new(
        recoder: &'a Recoder,
        message: &'a mut Owned,
        closure: Closure,
    ) -> Compiler<'a> {
        Compiler {
            recoder,
            message,
            closure,
            request: Vec::new(),
            failure: None,
        }
    }

    pub(crate) fn into_failure(self) -> Option<pm_bridge::RecodeError> {
        self.failure
    }
}

impl Dispatch for Compiler<'_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        self.request.clear();
        let method = match self.recoder.request(request, &mut self.request) {
            Ok(method) => method,
            Err(error) => {
                let text = format!("the macro broke the proc-macro protocol: {error}");
                self.recoder.panic_reply(&text, reply);
                return;
            }
        };
        self.message.replace(&self.request);
        let Closure { call, env } = self.closure;
        // SAFETY: of `new`; the buffer is the compiler's own, and is given away.
        self.message.with(|message| unsafe { call(env, message) });
        if let Err(error) = self.recoder.reply(method, self.message.bytes(), reply) {
            self.failure = Some(error);
        }
    }

    fn is_gone(&self) -> bool {
        self.failure.is_some()
    }
}
