//! Answers a macro by asking the compiler that entered us.

use crate::buffer::Owned;
use pm_bridge::Recoder;
use pm_loader::{Dispatch, SHALLOW_METHODS, STACK_IN_PLACE};
use pm_shim::Closure;

/// The compiler's side of one expansion.
pub(crate) struct Compiler<'a> {
    recoder: &'a Recoder,
    /// Which of its methods can be answered in place.
    shallow: &'a [bool],
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
        shallow: &'a [bool],
        message: &'a mut Owned,
        closure: Closure,
    ) -> Compiler<'a> {
        Compiler {
            recoder,
            shallow,
            message,
            closure,
            request: Vec::new(),
            failure: None,
        }
    }

    /// Which of the compiler's methods can be answered in place, by their tags. None where the user gives
    /// rustc more stack than there is in place: who drops a deep structure may need it.
    pub(crate) fn shallow(recoder: &Recoder) -> Vec<bool> {
        let asked = std::env::var("RUST_MIN_STACK").ok();
        let asked = asked.and_then(|size| size.trim().parse::<usize>().ok());
        let is_enough = asked.is_none_or(|size| size <= STACK_IN_PLACE);
        let methods = recoder.schema().methods.iter();
        methods
            .map(|method| is_enough && SHALLOW_METHODS.contains(&&*method.name))
            .collect()
    }

    pub(crate) fn into_failure(self) -> Option<pm_bridge::RecodeError> {
        self.failure
    }
}

impl Dispatch for Compiler<'_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        self.ask(request, reply);
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        // What isn't known is refused on the other way.
        let tag = request.first().map(|&tag| usize::from(tag));
        let is_shallow = tag.and_then(|tag| self.shallow.get(tag)) == Some(&true);
        if is_shallow {
            self.ask(request, reply);
        }
        is_shallow
    }

    fn is_gone(&self) -> bool {
        self.failure.is_some()
    }
}

impl Compiler<'_> {
    fn ask(&mut self, request: &[u8], reply: &mut Vec<u8>) {
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
}
