//! The errors of a snapshot.

use pm_abi::Profile;

/// Why a module can't become a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It isn't a proc-macro module.
    #[error(transparent)]
    Inspect(#[from] pm_abi::InspectError),
    /// It was made by a rustc whose bridge isn't known here.
    #[error(
        "made by {}, whose proc-macro bridge is not known: this pm-aot knows those of rustc {}. \
         `pm-aot build` names the bridge in what it makes",
        found.as_deref().unwrap_or("an unknown rustc (it has no `.rustc` section)"),
        Profile::supported()
    )]
    Rustc {
        /// The version string of its metadata.
        found: Option<String>,
    },
    /// It asks for something that no host gives to a macro.
    #[error(
        "unknown import `{module}` `{name}`: a macro may import WASI preview 1 alone; this is \
         usually a C library that the crate links to, or a function that was never defined"
    )]
    Import {
        /// Its module.
        module: String,
        /// Its name.
        name: String,
    },
    /// It lacks something that the host must reach.
    #[error(
        "no export `{0}`: link it with `--export={0}`, as `pm-aot build` does, so that the host \
         can reach it"
    )]
    Export(&'static str),
    /// Its memory or table has a form that rustc doesn't make.
    #[error("{0}")]
    Shape(&'static str),
    /// Wizer refused it.
    #[error("Wizer can't snapshot it: {0}")]
    Wizer(String),
    /// It isn't valid, or wasmtime can't compile it.
    #[error("it doesn't compile: {0}")]
    Compile(String),
    /// It trapped, or called something that isn't there yet, while it started up.
    #[error("its start-up failed in `{function}`: {cause}")]
    Start {
        /// The function that was called.
        function: &'static str,
        /// What happened.
        cause: String,
    },
    /// Its declaration static can't be read.
    #[error("its declarations can't be read")]
    Declarations(#[from] pm_abi::DeclarationError),
    /// A declaration's entry point isn't a function of the table.
    #[error("the entry point of {declaration} is table slot {slot}, where no entry point lies")]
    EntryPoint {
        /// The declaration.
        declaration: String,
        /// The slot.
        slot: u32,
    },
    /// The module can't be written again.
    #[error("it can't be rewritten: {0}")]
    Rewrite(String),
}

impl SnapshotError {
    pub(crate) fn wizer(error: wasmtime::Error) -> Self {
        SnapshotError::Wizer(format!("{error:#}"))
    }

    pub(crate) fn rewrite(error: impl std::fmt::Display) -> Self {
        SnapshotError::Rewrite(error.to_string())
    }
}
