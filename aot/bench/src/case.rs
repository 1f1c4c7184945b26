//! The macro crates that are measured: three, each with an item.

use anyhow::{Context, Result};
use pm_abi::{Profile, Width};
use pm_loader::MacroKind;
use pm_server::{Edition, FileName, Input, Server, Standalone};
use std::path::{Path, PathBuf};

/// A macro, and what it is applied to.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) macro_name: &'static str,
    pub(crate) kind: MacroKind,
    pub(crate) what: &'static str,
    source: &'static str,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "serde_derive",
        macro_name: "Deserialize",
        kind: MacroKind::Derive,
        what: "a struct of eight fields",
        source: "pub struct Record<'a> { #[serde(borrow)] name: &'a str, id: u64, \
                 #[serde(default)] tags: Vec<String>, parent: Option<u64>, \
                 #[serde(rename = \"kind\")] class: u8, weight: f64, seen: bool, note: String }",
    },
    Case {
        name: "thiserror_impl",
        macro_name: "Error",
        kind: MacroKind::Derive,
        what: "an enum of five variants",
        source: "pub enum Failure { #[error(\"can't read {path}: {source}\")] Read { path: String, \
                 source: std::io::Error }, #[error(\"line {0}\")] Syntax(usize), \
                 #[error(transparent)] Other(#[from] std::fmt::Error), #[error(\"{0:?} {1}\")] \
                 Pair(u8, String), #[error(\"nothing\")] Nothing }",
    },
    Case {
        name: "clap_derive",
        macro_name: "Parser",
        kind: MacroKind::Derive,
        what: "a struct of six options",
        source: "#[command(version = \"1\")] pub struct Options { /// The input.\n input: String, \
                 /// More.\n #[arg(short, long, action = clap::ArgAction::Count)] verbose: u8, \
                 #[arg(long, default_value_t = 10)] limit: usize, #[arg(long)] json: bool, \
                 #[arg(long, env = \"DIR\")] directory: Option<String>, rest: Vec<String> }",
    },
];

/// The files of a macro crate.
pub(crate) struct Files {
    pub(crate) wasm: PathBuf,
    pub(crate) native: PathBuf,
}

impl Case {
    /// Finds the wasm and the native build of the crate, which lie side by side.
    pub(crate) fn find(&self, target: &Path) -> Result<Option<Files>> {
        let prefix = format!("{}-", self.name);
        for entry in walkdir::WalkDir::new(target).sort_by_file_name() {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy();
            let Some(stem) = name
                .strip_suffix(".wasm")
                .filter(|stem| stem.starts_with(&prefix))
            else {
                continue;
            };
            let library = format!(
                "{}{stem}{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            );
            let native = entry.path().with_file_name(library);
            if native.exists() {
                return Ok(Some(Files {
                    wasm: entry.into_path(),
                    native,
                }));
            }
        }
        Ok(None)
    }

    /// A server with the item, and the encoded input, for a side with this width.
    pub(crate) fn serve(
        &self,
        profile: &'static Profile,
        width: Width,
    ) -> Result<(Server<Standalone>, Vec<u8>)> {
        let mut backend = Standalone::new(Edition::E2021);
        let name = FileName::Virtual(self.name.to_owned());
        let (whole, tokens) = backend.add_file(name, self.source)?;
        let tokens = tokens.ok().context("the item has a lexical error")?;
        backend.enter(whole);
        let mut server = Server::new(backend, profile).with_width(width);
        let input = server.encode_input(Input::Derive(tokens));
        Ok((server, input))
    }
}
