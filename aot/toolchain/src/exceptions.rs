//! WebAssembly's exceptions, as one LLVM or another writes them.

/// The first LLVM that compiles to the final form.
const FINAL: u32 = 20;

/// The first LLVM whose objects leave the definition of the tag to a library; those of older ones
/// define it themselves, and cannot be told not to.
const TAG_IS_EXTERNAL: u32 = 22;

/// The form in which a compiler writes exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceptions {
    /// `try`, `catch` and `rethrow`: the linked module is translated. LLVM 19 has
    /// `-wasm-enable-exnref`, which concerns its assembler and not what it compiles to.
    Legacy,
    /// `try_table` and `throw_ref`, the only form that wasmtime runs, in objects that define the
    /// tag.
    WithTag,
    /// The final form in objects that need the tag's definition.
    WithoutTag,
}

impl Exceptions {
    /// Those of an LLVM of this major version; of an unknown one, as of a new one.
    pub(crate) fn of_llvm(llvm: Option<u32>) -> Self {
        match llvm {
            Some(llvm) if llvm < FINAL => Self::Legacy,
            Some(llvm) if llvm < TAG_IS_EXTERNAL => Self::WithTag,
            _ => Self::WithoutTag,
        }
    }

    /// LLVM's option for the final form, where it has one.
    pub(crate) fn llvm_argument(self) -> Option<&'static str> {
        (self != Self::Legacy).then_some("-wasm-use-legacy-eh=false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llvm_decides() {
        for (llvm, expect) in [
            (Some(18), Exceptions::Legacy),
            (Some(19), Exceptions::Legacy),
            (Some(20), Exceptions::WithTag),
            (Some(21), Exceptions::WithTag),
            (Some(22), Exceptions::WithoutTag),
            (Some(23), Exceptions::WithoutTag),
            (None, Exceptions::WithoutTag),
        ] {
            assert_eq!(Exceptions::of_llvm(llvm), expect, "{llvm:?}");
        }
        assert_eq!(Exceptions::Legacy.llvm_argument(), None);
    }
}
