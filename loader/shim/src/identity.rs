//! The text by which a loader knows the artifact of a shim.

use pm_abi::{Declaration, layout::DECLS_PREFIX};

/// The crate with this declaration symbol, and its macros in their order, as a text.
///
/// An entry point knows its macro by the place in that order, so an artifact of other macros, or of the
/// same in another order, is another crate's.
pub fn identity(symbol: &str, macros: &[Declaration]) -> String {
    let id = symbol.strip_prefix(DECLS_PREFIX).unwrap_or(symbol);
    let mut text = id.trim_end_matches('_').to_owned();
    for declaration in macros {
        text.push_str(&format!("\n{declaration}"));
        for attribute in &declaration.attributes {
            text.push_str(&format!(" {attribute}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_abi::MacroKind;

    #[test]
    fn names_the_crate_and_its_macros_in_order() {
        let macros = [(MacroKind::Derive, "A"), (MacroKind::Bang, "b")];
        let mut macros = macros.map(|(kind, name)| Declaration {
            kind,
            name: name.to_owned(),
            attributes: vec![],
            run: 0,
        });
        macros[0].attributes = vec!["x".into(), "y".into()];
        let symbol = format!("{DECLS_PREFIX}00ff__");
        assert_eq!(identity(&symbol, &macros), "00ff\n#[derive(A)] x y\nb!");
        macros.reverse();
        assert_eq!(identity(&symbol, &macros), "00ff\nb!\n#[derive(A)] x y");
    }
}
