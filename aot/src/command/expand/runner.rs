//! Runs macros, with the stand-alone server to answer them.

use super::lex_error;
use crate::diagnostic::{Diagnostics, compile_errors};
use pm_expand::Use;
use pm_loader::{Declaration, Grants, MacroKind, Output, ProcMacro, WasiCtx};
use pm_server::protocol::{Diagnostic, Level};
use pm_server::{LexError, OutputError, Server, Span, Standalone, TokenStream};
use std::sync::Arc;

/// Runs the macros of one crate over one file.
pub(super) struct Runner<'a, 'b> {
    macros: ProcMacro,
    server: Server<Standalone>,
    grants: Arc<Grants>,
    diagnostics: &'a mut Diagnostics<'b>,
}

/// Why a macro made nothing.
struct Failed {
    message: String,
    help: Option<String>,
}

impl<'a, 'b> Runner<'a, 'b> {
    pub(super) fn new(
        macros: ProcMacro,
        backend: Standalone,
        grants: Arc<Grants>,
        diagnostics: &'a mut Diagnostics<'b>,
    ) -> Self {
        Runner {
            server: Server::new(backend, macros.profile()),
            macros,
            grants,
            diagnostics,
        }
    }

    pub(super) fn into_backend(self) -> Standalone {
        self.server.into_backend()
    }

    /// Expands one use and tells what the macro has to say.
    pub(super) fn expand(&mut self, one: Use) -> Result<TokenStream, String> {
        let Use {
            index,
            call_site,
            input,
        } = one;
        let server = &mut self.server;
        server.backend_mut().enter(call_site);
        let input = server.encode_input(input);
        // Standard output is for the expansion.
        let wasi = WasiCtx::new(Arc::clone(&self.grants))
            .with_stdout(Output::Writer(Box::new(std::io::stderr())));
        let outcome = self.macros.expand(index, &input, server, wasi);
        let declaration = &self.macros.declarations()[index];
        let result = match outcome.result {
            Ok(expanded) => server
                .decode_output(&expanded.output)
                .map_err(|error| failed(declaration, error)),
            Err(error) => Err(Failed {
                message: error.to_string(),
                help: None,
            }),
        };
        let backend = server.backend_mut();
        for diagnostic in backend.take_diagnostics() {
            self.diagnostics
                .emit(&diagnostic, Some(declaration), backend);
        }
        if let Ok(output) = &result {
            for error in compile_errors(output) {
                self.diagnostics.emit(&error, Some(declaration), backend);
            }
        }
        result.map_err(|Failed { message, help }| {
            let mut error = Diagnostic::new(Level::Error, &message, vec![call_site]);
            error
                .children
                .extend(help.map(|help| Diagnostic::new(Level::Help, help, vec![])));
            for refusal in outcome.wasi.refusals() {
                error
                    .children
                    .push(Diagnostic::new(Level::Note, refusal.to_string(), vec![]));
            }
            if !outcome.wasi.refusals().is_empty() {
                let help = "`--allow-read PATH` lets a macro read a directory or file";
                error
                    .children
                    .push(Diagnostic::new(Level::Help, help, vec![]));
            }
            self.diagnostics.emit(&error, None, backend);
            message
        })
    }

    /// Tells a diagnostic that no macro emitted.
    pub(super) fn emit(&mut self, diagnostic: Diagnostic<Span>) {
        let server = &mut self.server;
        self.diagnostics
            .emit(&diagnostic, None, server.backend_mut());
    }

    /// Tells why the file has no tokens.
    pub(super) fn not_lexed(&mut self, error: LexError, whole: Span) {
        let server = &mut self.server;
        let emitted = server.backend_mut().take_diagnostics();
        for diagnostic in emitted.into_iter().chain(lex_error(error, whole)) {
            self.emit(diagnostic);
        }
    }
}

/// As rustc words it (its `rustc_expand::errors`).
fn failed(declaration: &Declaration, error: OutputError) -> Failed {
    let panicked = match declaration.kind {
        MacroKind::Derive => "proc-macro derive panicked",
        MacroKind::Attr => "custom attribute panicked",
        MacroKind::Bang => "proc macro panicked",
    };
    match error {
        OutputError::Panic(pm_server::protocol::PanicMessage::Text(text)) => Failed {
            message: panicked.to_owned(),
            help: Some(format!("message: {text}")),
        },
        OutputError::Panic(_) => Failed {
            message: panicked.to_owned(),
            help: None,
        },
        other => Failed {
            message: other.to_string(),
            help: None,
        },
    }
}
