//! The engine that runs the compiler itself: as the macros' one, with a far larger stack.

use pm_abi::layout::ABI;
use pm_engine::Purpose;
use pm_loader::Compile;
use wasmtime::Engine;

/// The stack of the thread that rustc runs on, in bytes. It is address space: what isn't used isn't
/// there. A native rustc grows its stack wherever it recurses; a module's can't be grown.
pub(crate) const STACK: usize = pm_artifact::MAX_COMPILER_STACK + (64 << 20);

/// An engine that loads, without the compiler that may be linked in.
pub(crate) fn engine(compiler: Option<&dyn Compile>) -> wasmtime::Result<Engine> {
    let mut config = pm_engine::config(Purpose::Compiler, ABI)?;
    if let Some(compiler) = compiler {
        compiler.without_compiler(&mut config);
    }
    Engine::new(&config)
}
