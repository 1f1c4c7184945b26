//! `pm-aot expand`: what the macros of a crate make of a source file.

mod package;
mod runner;

use crate::diagnostic::Diagnostics;
use crate::message::{Expanded, Message};
use crate::shell::{Shell, count, text};
use crate::{Error, Exit, highlight};
use clap::ArgGroup;
use package::Package;
use pm_expand::{CfgSet, ExpandFileError, Expansion, Selection, expand_file};
use pm_loader::{Grants, MacroKind, Options as LoaderOptions, Origin};
use pm_server::protocol::{Diagnostic, Level};
use pm_server::{Edition, FileName, LexError, Span, Standalone, TokenStream};
use runner::Runner;
use std::path::PathBuf;
use std::sync::Arc;

/// Show what the macros of a crate make of a source file
///
/// Expands the uses of the crate's macros in the file, also in what they made, and prints the whole
/// file, laid out anew. Names aren't resolved: a macro is known by the last segment of the path that
/// calls it, unless that begins with one of std's crates. Diagnostics of the macros point into the
/// file; a macro that panics is told as rustc tells it. The macros see the variables that cargo gives
/// the package of the file (CARGO_PKG_NAME and the others), and of the files those below
/// --allow-read.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group = ArgGroup::new("only").args(["derive", "attr", "bang"]))]
pub(crate) struct Options {
    /// A Rust source file
    file: PathBuf,

    /// The macro crate: its module (NAME.wasm) or its artifact (NAME.cwasm)
    #[arg(short, long = "macro", value_name = "CRATE")]
    macro_crate: PathBuf,

    /// Expand this derive alone
    #[arg(long, value_name = "NAME")]
    derive: Option<String>,

    /// Expand this attribute alone
    #[arg(long, value_name = "NAME")]
    attr: Option<String>,

    /// Expand this function-like macro alone
    #[arg(long, value_name = "NAME")]
    bang: Option<String>,

    /// The file's edition [default: its package's, else 2021]
    #[arg(long, value_name = "YEAR")]
    edition: Option<Edition>,

    /// Set a cfg, as rustc's option does, beside this machine's and the package's default features
    #[arg(long = "cfg", value_name = "SPEC")]
    cfgs: Vec<String>,

    /// Show the macros a variable, beside those of the package
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,

    /// Let the macros read this directory, or file
    #[arg(long, value_name = "PATH")]
    allow_read: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  What serde makes of a file:
      pm-aot expand src/model.rs --macro target/debug/deps/serde_derive-0123456789abcdef.wasm
  One of its derives:
      pm-aot expand src/model.rs --macro target/debug/deps/serde_derive-0123456789abcdef.wasm \\
          --derive Deserialize
  A macro that reads templates:
      pm-aot expand src/page.rs --macro askama_derive.wasm --allow-read templates";

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let source = read(&options.file)?;
    let package = Package::of(&options.file, shell);
    let grants = options.grants(package.as_ref())?;
    let cfgs = options.cfgs(package.as_ref());
    let edition = options
        .edition
        .or(package.as_ref().and_then(Package::edition));
    let only = options.only();
    let Options {
        file, macro_crate, ..
    } = options;
    if !macro_crate.exists() {
        return Err(Error::Missing { path: macro_crate });
    }
    let macros = pm_compile::loader(LoaderOptions::from_env())?.load(&macro_crate)?;
    let declarations = macros.declarations().to_vec();
    let used_artifact = *macros.origin() == Origin::Artifact;
    let mut backend = Standalone::new(edition.unwrap_or_default());
    let added = backend.add_file(FileName::Real(file.clone()), &source);
    let (whole, tokens) = added.map_err(|full| Error::Source {
        path: file.clone(),
        cause: full.to_string(),
    })?;
    let mut diagnostics = Diagnostics::new(shell);
    let selection = match &only {
        None => Selection::all(&declarations),
        Some((kind, name)) => Selection::one(&declarations, *kind, name).ok_or_else(|| {
            let known = declarations.iter().map(ToString::to_string).collect();
            Error::NoSuchMacro {
                path: macro_crate.clone(),
                kind: *kind,
                name: name.clone(),
                known,
            }
        })?,
    };
    let mut runner = Runner::new(macros, backend, Arc::new(grants), &mut diagnostics);
    let expansion = match tokens {
        Ok(tokens) => expand_file(&tokens, &selection, &cfgs, |one| runner.expand(one)),
        Err(error) => {
            runner.not_lexed(error, whole);
            return Ok(Exit::Input);
        }
    };
    let expansion = match expansion {
        Ok(expansion) => expansion,
        Err(ExpandFileError::Syntax {
            message,
            span,
            expanded,
        }) => {
            runner.emit(Diagnostic::new(Level::Error, message, vec![span]));
            return Ok(if expanded { Exit::Failure } else { Exit::Input });
        }
        Err(error) => {
            runner.emit(Diagnostic::new(Level::Error, error.to_string(), vec![]));
            return Ok(Exit::Failure);
        }
    };
    let backend = runner.into_backend();
    let layout = lay_out(&backend, &expansion.file);
    shell.data(highlight::rust(layout.trim_end()))?;
    let Expansion { uses, .. } = expansion;
    shell.status(
        "Expanded",
        format_args!(
            "{} ({})",
            count(uses.len(), "use"),
            if used_artifact {
                "from the artifact"
            } else {
                "compiled just now"
            }
        ),
    );
    shell.message(&Message::Expanded(Expanded {
        file: text(&file),
        text: layout,
        used_artifact,
        uses: Expanded::uses(&uses, &declarations, backend.sources()),
    }))?;
    Ok(if diagnostics.errors() > 0 {
        Exit::Failure
    } else {
        Exit::Success
    })
}

fn read(path: &PathBuf) -> Result<String, Error> {
    let bytes = match fs_err::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing { path: path.clone() });
        }
        bytes => bytes?,
    };
    let cause = "it isn't UTF-8".to_owned();
    String::from_utf8(bytes).map_err(|_| Error::Source {
        path: path.clone(),
        cause,
    })
}

impl Options {
    fn only(&self) -> Option<(MacroKind, String)> {
        let derive = self.derive.clone().map(|name| (MacroKind::Derive, name));
        let attr = self.attr.clone().map(|name| (MacroKind::Attr, name));
        derive
            .or(attr)
            .or(self.bang.clone().map(|name| (MacroKind::Bang, name)))
    }

    fn grants(&self, package: Option<&Package>) -> Result<Grants, Error> {
        let mut grants = Grants::default();
        if let Some(package) = package {
            grants.crate_variables(package.variables().iter().cloned());
            grants.working_directory(package.workspace())?;
        } else {
            grants.working_directory(".".as_ref())?;
        }
        for (name, value) in &self.env {
            grants.env(name, value);
        }
        for path in &self.allow_read {
            grants.read(path)?;
        }
        Ok(grants)
    }

    fn cfgs(&self, package: Option<&Package>) -> CfgSet {
        let mut cfgs = package::host_cfgs();
        for feature in package.map(Package::features).unwrap_or_default() {
            cfgs.add(&format!("feature=\"{feature}\""));
        }
        self.cfgs.iter().for_each(|cfg| cfgs.add(cfg));
        cfgs
    }
}

/// The tokens as people lay them out, or, where that can't be, as rustc prints them.
fn lay_out(backend: &Standalone, tokens: &TokenStream) -> String {
    let printed = backend.print(tokens);
    match syn::parse_file(&printed) {
        Ok(file) => prettyplease::unparse(&file),
        Err(_) => printed + "\n",
    }
}

/// What rustc says of text that it can't lex.
fn lex_error(error: LexError, whole: Span) -> Option<Diagnostic<Span>> {
    match error {
        // A diagnostic was emitted.
        LexError::Fatal => None,
        LexError::Message(message) => Some(Diagnostic::new(Level::Error, message, vec![whole])),
    }
}
