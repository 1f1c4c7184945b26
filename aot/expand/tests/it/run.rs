//! A file, macros that are functions, and what came of them.

use pm_abi::{Declaration, MacroKind};
use pm_expand::{CfgSet, ExpandFileError, Expansion, Selection, Use, expand_file};
use pm_server::{Backend, Edition, FileName, Input, Standalone, TokenStream};

/// The macros of the tests: derives `P` and `Q`, attributes `at` and `bt`, functions `ba` and `bb`.
pub(crate) fn declarations() -> Vec<Declaration> {
    let all = [
        (MacroKind::Derive, "P"),
        (MacroKind::Derive, "Q"),
        (MacroKind::Attr, "at"),
        (MacroKind::Attr, "bt"),
        (MacroKind::Bang, "ba"),
        (MacroKind::Bang, "bb"),
        (MacroKind::Derive, "Debug"),
    ];
    let declare = |(kind, name): (_, &str)| Declaration {
        kind,
        name: name.to_owned(),
        attributes: vec!["h".to_owned()],
        run: 0,
    };
    all.map(declare).to_vec()
}

/// A run over one file.
pub(crate) struct Run {
    pub(crate) backend: Standalone,
    pub(crate) result: Result<Expansion, ExpandFileError>,
}

/// Expands all macros in a text.
pub(crate) fn run(
    text: &str,
    expand: impl FnMut(&mut Standalone, Use) -> Result<TokenStream, String>,
) -> Run {
    run_selected(text, &Selection::all(&declarations()), expand)
}

pub(crate) fn run_selected(
    text: &str,
    selection: &Selection<'_>,
    mut expand: impl FnMut(&mut Standalone, Use) -> Result<TokenStream, String>,
) -> Run {
    let mut backend = Standalone::new(Edition::E2021);
    let name = FileName::Virtual("test".to_owned());
    let (_, tokens) = backend.add_file(name, text).expect("a small file");
    let cfgs = CfgSet::parse("unix\ntarget_os=\"linux\"\nfeature=\"a\"\n");
    let tokens = tokens.expect("tokens");
    let result = expand_file(&tokens, selection, &cfgs, |one| {
        backend.enter(one.call_site);
        expand(&mut backend, one)
    });
    Run { backend, result }
}

/// What a macro is given, as it would print it: its name, its input, and the call's text.
pub(crate) fn describe(backend: &mut Standalone, one: &Use) -> String {
    let name = declarations()[one.index].name.clone();
    let input = match &one.input {
        Input::Derive(input) | Input::Bang(input) => format!("{:?}", backend.print(input)),
        Input::Attr { args, item } => {
            format!("{:?} {:?}", backend.print(args), backend.print(item))
        }
    };
    let call = backend.span_source_text(one.call_site).unwrap_or_default();
    format!("@{name} {input}\n  `{call}`\n")
}

/// The item, or what is in the call.
pub(crate) fn identity(input: Input<TokenStream>) -> TokenStream {
    match input {
        Input::Derive(_) => TokenStream::default(),
        Input::Attr { item, .. } => item,
        Input::Bang(input) => input,
    }
}
