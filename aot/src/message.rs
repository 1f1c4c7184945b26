//! What programs read: one JSON object a line, with a `reason`, as cargo's messages have.
//!
//! Fields may be added; what is there keeps its meaning. docs/CLI.md shows one of each.

use crate::Error;
use pm_artifact::Manifest;
use pm_loader::{Declaration, MacroKind, Refusal};
use pm_server::{SourceMap, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// A line of standard output under `--message-format json`.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(crate) enum Message {
    /// Any command: something went wrong with an input. The others go on.
    Error(Report),
    /// `precompile`: an artifact was written.
    Precompiled(Precompiled),
    /// `precompile`: an artifact that fits was there.
    Fresh { wasm: String, artifact: String },
    /// `precompile --dry-run`: an artifact would be written, since the one that is there (if any)
    /// was refused.
    WouldPrecompile {
        wasm: String,
        artifact: String,
        refusal: Option<Refused>,
    },
    /// `precompile`: the end.
    PrecompileFinished(PrecompileFinished),
    /// `list`: an artifact.
    Artifact(Artifact),
    /// `info`: an artifact or a module.
    Info(Box<Info>),
    /// `verify`: an artifact was checked.
    Verified(Verified),
    /// `clean`: a file was removed.
    Removed(Removed),
    /// `clean --dry-run`: a file would be removed.
    WouldRemove(Removed),
    /// `explain`: whether a module's artifact would be used.
    Explained(Explained),
    /// `doctor`: what is there.
    Doctor(Doctor),
    /// `expand`: a macro has something to say.
    Diagnostic(Diagnostic),
    /// `expand`: the file.
    Expanded(Expanded),
    /// `setup`: the toolchain.
    Toolchain(Box<pm_toolchain::Toolchain>),
    /// `cache info`: what is there.
    Cache(Cache),
    /// `cache clear`: what was there.
    CacheCleared(Cache),
    /// `build`: a macro is there as wasm.
    BuiltMacro {
        package: String,
        version: String,
        crate_name: String,
        wasm: String,
        native: String,
        fresh: bool,
    },
}

/// What went wrong, and what to do.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Stable.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) help: Option<String>,
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Report {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(error);
        let message = error.to_string();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries say their cause's words themselves.
            if !message.contains(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        Report {
            code: error.code(),
            message,
            causes,
            help: error.help(),
        }
    }
}

/// A macro.
#[derive(Debug, Serialize)]
pub(crate) struct Macro {
    pub(crate) kind: MacroKind,
    pub(crate) name: String,
    /// Helper attributes.
    pub(crate) attributes: Vec<String>,
}

impl Macro {
    pub(crate) fn all(declarations: &[Declaration]) -> Vec<Macro> {
        let all = declarations.iter().map(|declaration| Macro {
            kind: declaration.kind,
            name: declaration.name.clone(),
            attributes: declaration.attributes.clone(),
        });
        all.collect()
    }
}

impl std::fmt::Display for Macro {
    /// As it is written at its use.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            MacroKind::Derive => write!(f, "#[derive({})]", self.name),
            MacroKind::Attr => write!(f, "#[{}]", self.name),
            MacroKind::Bang => write!(f, "{}!", self.name),
        }
    }
}

/// Why an artifact isn't used.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Refused {
        Refused {
            code: refusal.code().as_str(),
            text: refusal.text().to_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Precompiled {
    pub(crate) wasm: String,
    pub(crate) wasm_len: u64,
    pub(crate) artifact: String,
    pub(crate) artifact_len: u64,
    pub(crate) macros: Vec<Macro>,
    pub(crate) seconds: f64,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PrecompileFinished {
    pub(crate) success: bool,
    /// Artifacts written.
    pub(crate) precompiled: usize,
    pub(crate) fresh: usize,
    pub(crate) failed: usize,
    /// Wasm files that aren't proc macros, left alone.
    pub(crate) other_wasm: usize,
    pub(crate) seconds: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Artifact {
    pub(crate) path: String,
    pub(crate) len: u64,
    pub(crate) rustc: String,
    pub(crate) macros: Vec<Macro>,
}

/// Everything about a file. What only an artifact has is null for a module.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    pub(crate) path: String,
    pub(crate) len: u64,
    /// Whether it is an artifact; else a module.
    pub(crate) artifact: bool,
    pub(crate) rustc: String,
    /// The bridge that the macros speak.
    pub(crate) profile: String,
    pub(crate) abi: Option<u32>,
    pub(crate) wasmtime: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) cpu: Option<Vec<String>>,
    pub(crate) settings: Option<pm_artifact::Settings>,
    pub(crate) source: Source,
    pub(crate) module: Module,
    pub(crate) body: Option<Body>,
    pub(crate) macros: Vec<Macro>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Source {
    pub(crate) digest: String,
    pub(crate) len: u64,
    pub(crate) crate_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Module {
    /// Of the initialised module.
    pub(crate) len: u64,
    pub(crate) unwinds: bool,
    /// Table slots of the entry points.
    pub(crate) runs: Vec<u32>,
    /// Table slots of the host's functions.
    pub(crate) callbacks: [u32; 3],
    /// Address and size.
    pub(crate) exchange: [u32; 2],
}

#[derive(Debug, Serialize)]
pub(crate) struct Body {
    pub(crate) len: u64,
    pub(crate) digest: String,
}

impl Info {
    /// What an artifact says of itself.
    pub(crate) fn of_artifact(path: String, len: u64, manifest: &Manifest) -> Info {
        let Manifest {
            abi,
            profile,
            rustc,
            wasmtime,
            target,
            cpu,
            settings,
            source,
            module,
            body,
        } = manifest;
        Info {
            path,
            len,
            artifact: true,
            rustc: rustc.clone(),
            profile: profile.clone(),
            abi: Some(*abi),
            wasmtime: Some(wasmtime.clone()),
            target: Some(target.clone()),
            cpu: Some(cpu.clone()),
            settings: Some(settings.clone()),
            source: Source {
                digest: source.digest.to_string(),
                len: source.len,
                crate_id: source.crate_id.clone(),
            },
            module: Module {
                len: module.len,
                unwinds: module.unwinds,
                runs: module
                    .declarations
                    .iter()
                    .map(|declaration| declaration.run)
                    .collect(),
                callbacks: [
                    module.callbacks.dispatch,
                    module.callbacks.reserve,
                    module.callbacks.drop,
                ],
                exchange: [module.exchange.address, module.exchange.size],
            },
            body: Some(Body {
                len: body.len,
                digest: body.digest.to_string(),
            }),
            macros: Macro::all(&module.declarations),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    pub(crate) artifact: String,
    pub(crate) ok: bool,
    /// What isn't as the artifact says.
    pub(crate) refusal: Option<Refused>,
    /// Whether its module is there to be held against it.
    pub(crate) source_checked: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Removed {
    pub(crate) path: String,
    pub(crate) len: u64,
    /// What an interrupted run left behind; else an artifact.
    pub(crate) temporary: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    pub(crate) wasm: String,
    pub(crate) artifact: String,
    /// Whether it would be used.
    pub(crate) used: bool,
    /// By which version, and why; null for what `pm-aot cargo` hasn't built.
    pub(crate) policy: Option<Policy>,
    pub(crate) refusal: Option<Refused>,
    pub(crate) help: Option<String>,
}

/// What the policy says of a macro crate now.
#[derive(Debug, Serialize)]
pub(crate) struct Policy {
    pub(crate) package: String,
    pub(crate) version: String,
    /// Whether the native version runs; else the wasm version.
    pub(crate) native: bool,
    /// Why that version.
    pub(crate) why: String,
    /// What the macros may read, where they run from wasm.
    pub(crate) read: Option<pm_policy::Read>,
    pub(crate) read_by: Option<String>,
    /// Whether what was built last is as the policy says now; else the next `pm-aot cargo` changes it.
    pub(crate) current: bool,
}

/// The machine's macro cache.
#[derive(Debug, Serialize)]
pub(crate) struct Cache {
    pub(crate) directory: String,
    /// Macro crates.
    pub(crate) macros: usize,
    /// Units that are known: the macro crates, and the libraries in them.
    pub(crate) units: usize,
    pub(crate) bytes: u64,
    pub(crate) limit: u64,
}

/// A diagnostic of a macro.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnostic {
    pub(crate) level: &'static str,
    pub(crate) message: String,
    pub(crate) spans: Vec<Place>,
    pub(crate) children: Vec<Diagnostic>,
    /// As people see it; nothing for children.
    pub(crate) rendered: Option<String>,
}

/// A place in a file. Lines and columns (in characters) count from one, bytes from nought.
#[derive(Debug, Serialize)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) byte_start: usize,
    pub(crate) byte_end: usize,
    pub(crate) line_start: usize,
    pub(crate) line_end: usize,
    pub(crate) column_start: usize,
    pub(crate) column_end: usize,
}

impl Diagnostic {
    /// The spans are those of source text.
    pub(crate) fn new(
        diagnostic: &pm_server::protocol::Diagnostic<Span>,
        sources: &SourceMap,
    ) -> Diagnostic {
        Diagnostic {
            level: level(diagnostic.level),
            message: diagnostic.message.clone(),
            spans: diagnostic
                .spans
                .iter()
                .filter_map(|span| Place::of(*span, sources))
                .collect(),
            children: diagnostic
                .children
                .iter()
                .map(|child| Self::new(child, sources))
                .collect(),
            rendered: None,
        }
    }
}

impl Place {
    fn of(span: Span, sources: &SourceMap) -> Option<Place> {
        let (file, range) = sources.range(span)?;
        Some(Place {
            file: file.name().to_string(),
            byte_start: range.start,
            byte_end: range.end,
            line_start: file.line(range.start),
            line_end: file.line(range.end),
            column_start: file.column(range.start),
            column_end: file.column(range.end),
        })
    }
}

/// A level by rustc's name.
pub(crate) fn level(level: pm_server::protocol::Level) -> &'static str {
    use pm_server::protocol::Level;
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
        Level::Help => "help",
    }
}

/// An expanded file.
#[derive(Debug, Serialize)]
pub(crate) struct Expanded {
    pub(crate) file: String,
    /// The file with what the macros made.
    pub(crate) text: String,
    /// Whether the macros' code came from their artifact.
    pub(crate) used_artifact: bool,
    pub(crate) uses: Vec<Use>,
}

/// A use of a macro.
#[derive(Debug, Serialize)]
pub(crate) struct Use {
    pub(crate) kind: MacroKind,
    pub(crate) name: String,
    /// Where it is in the file; nothing for what is in another macro's output.
    pub(crate) place: Option<Place>,
    /// Whether the macro made something.
    pub(crate) expanded: bool,
}

impl Expanded {
    pub(crate) fn uses(
        uses: &[pm_expand::Expanded],
        declarations: &[Declaration],
        sources: &SourceMap,
    ) -> Vec<Use> {
        let one = |used: &pm_expand::Expanded| {
            let declaration = &declarations[used.index];
            let in_file = used.call_site.context.is_root();
            Use {
                kind: declaration.kind,
                name: declaration.name.clone(),
                place: in_file
                    .then(|| Place::of(used.call_site, sources))
                    .flatten(),
                expanded: used.output.is_ok(),
            }
        };
        uses.iter().map(one).collect()
    }
}

/// The checks by name: what was found, or null. Everything about each is in `checks`.
#[derive(Debug, Serialize)]
pub(crate) struct Doctor {
    pub(crate) healthy: bool,
    #[serde(flatten)]
    pub(crate) found: BTreeMap<&'static str, Option<String>>,
    pub(crate) checks: Vec<pm_toolchain::Check>,
}
