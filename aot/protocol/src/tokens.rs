//! Token streams without what doesn't matter, to be compared and shown.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Attributes that say nothing about encodings or layouts. All others count, above all `repr` and
/// `cfg`.
const IGNORED: [&str; 14] = [
    "allow",
    "cold",
    "deny",
    "derive",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "non_exhaustive",
    "rustc_diagnostic_item",
    "stable",
    "unstable",
    "warn",
];

/// Whether an attribute of this name can be ignored.
pub(crate) fn is_ignored(attribute: &str) -> bool {
    IGNORED.contains(&attribute)
}

/// A token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
}

/// The tokens, with delimiters, without comments and the attributes that are ignored.
pub(crate) fn flatten(tokens: TokenStream) -> Vec<Token> {
    let mut out = Vec::new();
    push(tokens, &mut out);
    out
}

fn push(tokens: TokenStream, out: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = trees.as_slice();
    while let [tree, after @ ..] = rest {
        rest = match rest {
            [TokenTree::Punct(hash), TokenTree::Group(group), after @ ..]
                if hash.as_char() == '#' && is_ignored_group(group) =>
            {
                after
            }
            _ => {
                push_tree(tree, out);
                after
            }
        };
    }
}

fn is_ignored_group(group: &proc_macro2::Group) -> bool {
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    group.delimiter() == Delimiter::Bracket
        && match trees.as_slice() {
            [TokenTree::Ident(name), TokenTree::Group(given)] if name == "cfg_attr" => {
                // The condition doesn't matter if what it leads to doesn't.
                let mut attributes = given
                    .stream()
                    .into_iter()
                    .skip_while(|tree| !is_comma(tree));
                attributes.next();
                let first = attributes.next();
                is_ignored_name(first.as_ref()) && !attributes.any(|tree| is_comma(&tree))
            }
            trees => is_ignored_name(trees.first()),
        }
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')
}

fn is_ignored_name(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Ident(name)) if is_ignored(&name.to_string()))
}

fn push_tree(tree: &TokenTree, out: &mut Vec<Token>) {
    let token = |text: &str| Token {
        text: text.to_owned(),
    };
    let TokenTree::Group(group) = tree else {
        return out.push(token(&tree.to_string()));
    };
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    out.push(token(open));
    push(group.stream(), out);
    out.push(token(close));
}

/// Tokens as a person would write them, nearly.
pub(crate) fn show<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> String {
    const TIGHT_AFTER: [&str; 9] = ["(", "[", "<", "&", "$", "!", "'", "#", "."];
    const TIGHT_BEFORE: [&str; 11] = [")", "]", ">", "<", ",", ";", ":", "!", "(", "?", "."];
    let mut out = String::new();
    let mut before = "(";
    for Token { text } in tokens {
        let is_path = out.ends_with("::");
        let is_pointer = before == "*" && matches!(text.as_str(), "mut" | "const");
        if !is_path
            && !is_pointer
            && !TIGHT_AFTER.contains(&before)
            && !TIGHT_BEFORE.contains(&text.as_str())
        {
            out.push(' ');
        }
        out.push_str(text);
        before = text;
    }
    out
}
