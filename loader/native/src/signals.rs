//! The program's own signal handlers, under wasmtime's.
//!
//! wasmtime's handler calls the one that was installed before it for every signal that no macro raised.
//! rustc's is installed with `SA_RESETHAND`: it prints a backtrace and returns, and the instruction that
//! failed fails again, now without a handler, which ends the process. Called by wasmtime's it would be
//! called again and again. So such a handler is put behind one that does what the kernel does for the
//! flag, before wasmtime installs its own.
//!
//! std's handler (and rust-analyzer's, which is std's) takes itself away, and needs nothing.

use libc::{c_int, c_void, sigaction, siginfo_t};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};

/// Those that wasmtime handles on Linux.
const SIGNALS: [c_int; 3] = [libc::SIGSEGV, libc::SIGILL, libc::SIGFPE];

/// What was installed for each, if that is to be called once.
static BEFORE: [OnceLock<sigaction>; 3] = [const { OnceLock::new() }; 3];
/// Whether it was called.
static CALLED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

/// To be called before an engine is made.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            // A signal whose handler can't be asked for or replaced keeps it.
            let _ = put_behind(signal, before);
        }
    });
}

fn put_behind(signal: c_int, before: &OnceLock<sigaction>) -> Option<()> {
    let mut found = empty();
    // SAFETY: it writes to `found` alone.
    let status = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut found) };
    let is_handler = ![libc::SIG_DFL, libc::SIG_IGN].contains(&found.sa_sigaction);
    if status != 0 || !is_handler || found.sa_flags & libc::SA_RESETHAND == 0 {
        return None;
    }
    let mut behind = found;
    behind.sa_flags = found.sa_flags & !libc::SA_RESETHAND | libc::SA_SIGINFO;
    behind.sa_sigaction = once as *const () as usize;
    // First, since the signal may come as soon as there is the handler.
    before.set(found).ok()?;
    // SAFETY: `once` is a handler with these flags, and its library stays loaded (`build.rs`).
    let status = unsafe { libc::sigaction(signal, &raw const behind, std::ptr::null_mut()) };
    (status == 0).then_some(())
}

/// Calls the handler that was there before, the first time; then there is none any more.
///
/// All of it may be done in a signal handler: it loads and swaps atomics, and makes system calls.
extern "C" fn once(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let index = SIGNALS.iter().position(|known| *known == signal);
    let before = index.and_then(|index| Some((BEFORE[index].get()?, &CALLED[index])));
    let Some((before, _)) = before.filter(|(_, called)| !called.swap(true, Ordering::SeqCst))
    else {
        end(signal, info);
        return;
    };
    let handler = before.sa_sigaction as *const ();
    if before.sa_flags & libc::SA_SIGINFO == 0 {
        // SAFETY: a handler without that flag has this type.
        let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
        handler(signal);
    } else {
        // SAFETY: a handler with that flag has this type.
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
            unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    }
}

/// What the kernel does where there is no handler.
fn end(signal: c_int, info: *mut siginfo_t) {
    let mut default = empty();
    default.sa_sigaction = libc::SIG_DFL;
    // SAFETY: that is what the process has at its start.
    unsafe { libc::sigaction(signal, &raw const default, std::ptr::null_mut()) };
    // SAFETY: the kernel gave it.
    let code = unsafe { info.as_ref() }.map_or(0, |info| info.si_code);
    // A fault comes again when the instruction is tried again; what somebody sent doesn't.
    if code <= 0 {
        // SAFETY: it ends the process, unless the signal is blocked, and then as soon as it isn't.
        unsafe { libc::raise(signal) };
    }
}

fn empty() -> sigaction {
    // SAFETY: it consists of numbers and an optional function.
    unsafe { std::mem::zeroed() }
}
