//! A loader for the tests: it does what the test tells it, or says in a panic's message what it was
//! called with. The test compiles it as a cdylib.

#[path = "../../../../loader/shim/src/layout.rs"]
#[expect(dead_code, reason = "a loader needs only some of it")]
mod layout;

use layout::{BridgeConfig, Buffer, Run, Shim};
use std::sync::Mutex;

static ANSWER: Mutex<Option<Run>> = Mutex::new(None);

/// From now on, what a macro is answered by.
#[unsafe(no_mangle)]
extern "C" fn answer_by(run: Run) {
    if let Ok(mut answer) = ANSWER.lock() {
        *answer = Some(run);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pm_loader_run_1(
    config: BridgeConfig,
    shim: *const Shim,
    index: usize,
) -> Buffer {
    let answer = ANSWER.lock().ok().and_then(|answer| *answer);
    if let Some(answer) = answer {
        // SAFETY: as this function.
        return unsafe { answer(config, shim, index) };
    }
    // SAFETY: a shim passes itself.
    let message = match unsafe { Shim::from_ptr(shim) } {
        Some(shim) => format!(
            "macro {index} of {}, {} bytes given, artifact {}, bridge {}, sandbox {:?}, {}",
            shim.count(),
            config.input.len,
            shim.artifact(),
            shim.profile(),
            shim.sandbox(),
            shim.rustc(),
        ),
        None => "no shim".to_owned(),
    };
    // `Err(Some(message))`: rustc's `bridge::{mod,rpc}.rs`, where `Some` comes before `None`.
    let mut reply = vec![1, 0];
    reply.extend(message.len().to_le_bytes());
    reply.extend(message.bytes());
    let mut buffer = config.input;
    buffer.len = 0;
    if buffer.capacity < reply.len() {
        // SAFETY: the buffer's own function, which takes it.
        buffer = unsafe { (buffer.reserve)(buffer, reply.len()) };
    }
    // SAFETY: there is room for it.
    unsafe { std::ptr::copy_nonoverlapping(reply.as_ptr(), buffer.data, reply.len()) };
    buffer.len = reply.len();
    buffer
}
