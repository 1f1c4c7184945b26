//! `libpm_loader.so`: the loader inside a stock rustc, or any other program that loads native macros.
//!
//! A shim (`pm-shim`) stands where the program expects a macro's library; its entry points come here. A
//! message from the compiler is checked, and re-encoded for the macro where the two encode `usize` in
//! different widths, and the other way round (`pm-bridge`).
//!
//! It is linked with `-z nodelete` (`build.rs`): wasmtime's signal handlers stay installed, so the code
//! has to stay too when the program unloads a shim, as rust-analyzer does.

mod buffer;
mod compiler;
mod crates;
mod place;
mod room;
mod signals;

use buffer::Owned;
use pm_shim::{BridgeConfig, Buffer, Shim};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What every shim's entry points call: runs macro number `index` of the shim's crate.
///
/// It doesn't unwind. Whatever goes wrong is the macro's panic message, so that the program goes on
/// and its user reads why.
///
/// # Safety
///
/// As for [`pm_shim::Run`]: `config` is what the bridge of the shim's rustc passes to an entry point,
/// and `shim` is null or a loaded shim's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pm_loader_run_1(
    config: BridgeConfig,
    shim: *const Shim,
    index: usize,
) -> Buffer {
    let BridgeConfig {
        input,
        dispatch,
        force_show_panics: _,
    } = config;
    // SAFETY: of the caller: the compiler gave the buffer away.
    let mut message = unsafe { Owned::new(input) };
    let run = AssertUnwindSafe(|| {
        // SAFETY: of the caller; a shim stays loaded while one of its functions is called.
        let shim = unsafe { Shim::from_ptr(shim) };
        // SAFETY: of the caller: the closure is the compiler's and lives as long as this call.
        unsafe { crates::run(&mut message, dispatch, shim, index) }
    });
    let answer = match catch_unwind(run) {
        Ok(Ok(())) => return message.into_inner(),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("pm-aot has a bug: {}", text(&*panic)),
    };
    let mut panic = Vec::new();
    // The compiler has 64 bits, whatever its bridge.
    pm_abi::encode_panic(Some(&answer), pm_abi::Width::Eight, &mut panic);
    message.replace(&panic);
    message.into_inner()
}

fn text(panic: &(dyn std::any::Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "it panicked"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_panic() {
        assert_eq!(text(&"a"), "a");
        assert_eq!(text(&String::from("b")), "b");
        assert_eq!(text(&1), "it panicked");
    }
}
