//! Integration tests of the whole: one binary, one module a subject.

/// Gives the macro `$then` the names of the macro crates on which this project is proven, and more.
macro_rules! macro_crates {
    ($then:ident $($more:ident)*) => {
        $then! {
            async_stream_impl async_trait bytemuck_derive clap_derive darling_macro derive_more_impl
            displaydoc enum_as_inner futures_macro indoc num_enum_derive paste phf_macros
            pin_project_internal prost_derive rkyv_derive serde_derive snafu_derive strum_macros
            thiserror_impl time_macros tokio_macros tracing_attributes zerocopy_derive
            $($more)*
        }
    };
}

/// A test for each name, which calls `check` with it: for [`macro_crates`].
macro_rules! crates {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

mod analyzer;
mod build;
mod cache;
mod cli;
mod cli_support;
mod conformance;
mod expand;
mod fallback;
mod format;
mod habits;
mod handles;
mod hostile;
mod instances;
mod module;
mod policy;
mod precompile;
mod process;
mod protocol;
mod samples;
mod server;
mod snapshot;
mod stacks;
mod stock;
mod toolchains;
mod wasi;
mod wasi_rustc;
mod wrapper;
