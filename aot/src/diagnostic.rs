//! Diagnostics of macros, as rustc shows them: with the lines of source that they are about.

use crate::message::{self, Message};
use crate::shell::Shell;
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Renderer, Snippet};
use pm_loader::{Declaration, MacroKind};
use pm_server::protocol::{Delimiter, Diagnostic, Level, LitKind};
use pm_server::tokens::{TokenKind, Tree};
use pm_server::{Backend, SourceFile, SourceMap, Span, Standalone, TokenStream};
use std::ops::Range;

/// Shows diagnostics as they come, and counts the errors.
pub(crate) struct Diagnostics<'a> {
    shell: &'a Shell,
    errors: usize,
}

impl<'a> Diagnostics<'a> {
    pub(crate) fn new(shell: &'a Shell) -> Self {
        Diagnostics { shell, errors: 0 }
    }

    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Shows a diagnostic; `made_by` is the macro that emitted it.
    pub(crate) fn emit(
        &mut self,
        diagnostic: &Diagnostic<Span>,
        made_by: Option<&Declaration>,
        backend: &mut Standalone,
    ) {
        self.errors += usize::from(diagnostic.level == Level::Error);
        let mut diagnostic = diagnostic.clone();
        let from_expansion = diagnostic.spans.iter().any(|span| !span.context.is_root());
        if let Some(declaration) = made_by.filter(|_| from_expansion) {
            let note = originates(diagnostic.level, declaration);
            diagnostic
                .children
                .push(Diagnostic::new(Level::Note, note, vec![]));
        }
        let at_source: Result<_, std::convert::Infallible> =
            diagnostic.try_map(&mut |span| Ok(backend.span_source(span)));
        let Ok(diagnostic) = at_source;
        let sources = backend.sources();
        self.shell
            .line(render(&diagnostic, sources, &Renderer::styled()));
        self.shell.line("");
        let message = message::Diagnostic {
            rendered: Some(render(&diagnostic, sources, &Renderer::plain())),
            ..message::Diagnostic::new(&diagnostic, sources)
        };
        // Where standard output is gone, the exit code has to do.
        let _ = self.shell.message(&Message::Diagnostic(message));
    }
}

/// The note that rustc adds where a place is in what a macro made.
fn originates(level: Level, declaration: &Declaration) -> String {
    let kind = match declaration.kind {
        MacroKind::Derive => "derive macro",
        MacroKind::Attr => "attribute macro",
        MacroKind::Bang => "macro",
    };
    format!(
        "this {} originates in the {kind} `{}`",
        message::level(level),
        declaration.name
    )
}

fn render(diagnostic: &Diagnostic<Span>, sources: &SourceMap, renderer: &Renderer) -> String {
    let level = level(diagnostic.level);
    let mut first = Group::with_title(level.primary_title(&diagnostic.message))
        .elements(snippets(&diagnostic.spans, sources));
    let mut rest = Vec::new();
    for child in &diagnostic.children {
        let places = snippets(&child.spans, sources);
        let text = annotate_snippets::normalize_untrusted_str(&child.message);
        let level = self::level(child.level);
        if places.is_empty() {
            first = first.element(level.message(text));
        } else {
            rest.push(Group::with_title(level.secondary_title(text)).elements(places));
        }
    }
    rest.insert(0, first);
    renderer.render(&rest)
}

fn level(level: Level) -> annotate_snippets::Level<'static> {
    match level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Note => annotate_snippets::Level::NOTE,
        Level::Help => annotate_snippets::Level::HELP,
    }
}

/// The places, one snippet a file.
fn snippets<'a>(spans: &[Span], sources: &'a SourceMap) -> Vec<Element<'a>> {
    let mut files: Vec<(&SourceFile, Vec<Annotation<'a>>)> = Vec::new();
    for (file, range) in spans.iter().filter_map(|span| sources.range(*span)) {
        let annotation = AnnotationKind::Primary.span(whole_characters(file.text(), range));
        match files
            .iter_mut()
            .find(|(known, _)| known.span() == file.span())
        {
            Some((_, annotations)) => annotations.push(annotation),
            None => files.push((file, vec![annotation])),
        }
    }
    let snippet = |(file, annotations): (&'a SourceFile, Vec<Annotation<'a>>)| {
        let snippet = Snippet::source(file.text()).path(file.name().to_string());
        Element::from(snippet.annotations(annotations))
    };
    files.into_iter().map(snippet).collect()
}

/// A macro may take a subspan that ends inside a character.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
}

/// The errors that a macro put into its output: `compile_error!("…")`, which rustc tells as its own.
pub(crate) fn compile_errors(output: &TokenStream) -> Vec<Diagnostic<Span>> {
    let mut errors = Vec::new();
    collect(output, &mut errors);
    errors
}

fn collect(stream: &TokenStream, errors: &mut Vec<Diagnostic<Span>>) {
    let trees = stream.trees();
    for (index, tree) in trees.iter().enumerate() {
        let Tree::Group(group) = tree else { continue };
        let called = index >= 2
            && is_op(&trees[index - 1], "!")
            && is_ident(&trees[index - 2], "compile_error");
        let message = called.then(|| literal(&group.stream)).flatten();
        match message {
            Some(message) => {
                let start = trees[path_start(trees, index - 2)].span();
                // As rustc joins them; the names are the path's.
                let span = Span {
                    hi: group.span().hi.max(start.hi),
                    ..start
                };
                errors.push(Diagnostic::new(Level::Error, message, vec![span]));
            }
            None => collect(&group.stream, errors),
        }
    }
}

/// Where the path begins that ends with this segment: `::core::compile_error`.
fn path_start(trees: &[Tree], segment: usize) -> usize {
    let mut start = segment;
    while start >= 1 && is_op(&trees[start - 1], "::") {
        start -= 1;
        let named = |tree: &Tree| matches!(tree, Tree::Token(t) if matches!(t.kind, TokenKind::Ident { .. }));
        if start >= 1 && named(&trees[start - 1]) {
            start -= 1;
        }
    }
    start
}

fn is_op(tree: &Tree, expect: &str) -> bool {
    matches!(tree, Tree::Token(token) if matches!(token.kind, TokenKind::Op(op) if op.as_str() == expect))
}

fn is_ident(tree: &Tree, expect: &str) -> bool {
    matches!(tree, Tree::Token(token) if matches!(&token.kind, TokenKind::Ident { name, .. } if name == expect))
}

/// The text of a stream that is one string literal, perhaps in a group without delimiters.
fn literal(stream: &TokenStream) -> Option<String> {
    let mut trees = stream.trees().iter().filter(|tree| !is_op(tree, ","));
    let (tree, None) = (trees.next()?, trees.next()) else {
        return None;
    };
    match tree {
        Tree::Group(group) if matches!(group.delimiter, Delimiter::None) => literal(&group.stream),
        Tree::Token(token) => match &token.kind {
            TokenKind::Literal(found) => match found.kind {
                LitKind::Str => syn::parse_str::<syn::LitStr>(&format!("\"{}\"", found.symbol))
                    .ok()
                    .map(|text| text.value()),
                LitKind::StrRaw(_) => Some(found.symbol.to_string()),
                _ => None,
            },
            _ => None,
        },
        Tree::Group(_) => None,
    }
}
