//! A token stream laid out flat, so that a part of it is a range; and as text for `syn`, with the
//! way back from a place in that text.

use pm_server::protocol::Delimiter;
use pm_server::tokens::{Group, Spacing, Token, TokenKind, Tree};
use pm_server::{Span, TokenStream};
use std::ops::Range;

/// A token, or a delimiter of a group.
#[derive(Clone, Debug)]
pub(crate) enum Flat {
    Token(Token),
    Open {
        delimiter: Delimiter,
        span: Span,
        spacing: Spacing,
    },
    Close {
        delimiter: Delimiter,
        span: Span,
        spacing: Spacing,
    },
}

impl Flat {
    pub(crate) fn span(&self) -> Span {
        match self {
            Flat::Token(token) => token.span,
            Flat::Open { span, .. } | Flat::Close { span, .. } => *span,
        }
    }

    pub(crate) fn span_mut(&mut self) -> &mut Span {
        match self {
            Flat::Token(token) => &mut token.span,
            Flat::Open { span, .. } | Flat::Close { span, .. } => span,
        }
    }

    pub(crate) fn is_op(&self, text: &str) -> bool {
        matches!(self, Flat::Token(Token { kind: TokenKind::Op(op), .. }) if op.as_str() == text)
    }

    /// The name, if it is an identifier.
    pub(crate) fn ident(&self) -> Option<&str> {
        match self {
            Flat::Token(Token {
                kind: TokenKind::Ident { name, .. },
                ..
            }) => Some(name),
            _ => None,
        }
    }

    /// Whether it is a delimiter of an invisible group.
    fn is_invisible(&self) -> bool {
        match self {
            Flat::Token(_) => false,
            Flat::Open { delimiter, .. } | Flat::Close { delimiter, .. } => {
                *delimiter == Delimiter::None
            }
        }
    }

    fn depth(&self) -> isize {
        match self {
            Flat::Token(_) => 0,
            Flat::Open { .. } => 1,
            Flat::Close { .. } => -1,
        }
    }
}

pub(crate) fn flatten(stream: &TokenStream) -> Vec<Flat> {
    let mut flats = Vec::new();
    // Not recursive: a macro may nest groups as deep as it likes.
    let mut stack = vec![(stream.trees().iter(), None)];
    while let Some((trees, close)) = stack.last_mut() {
        match trees.next() {
            Some(Tree::Token(token)) => flats.push(Flat::Token(token.clone())),
            Some(Tree::Group(group)) => {
                let &Group {
                    delimiter,
                    open,
                    open_spacing,
                    close,
                    close_spacing,
                    ..
                } = group;
                flats.push(Flat::Open {
                    delimiter,
                    span: open,
                    spacing: open_spacing,
                });
                let close = Flat::Close {
                    delimiter,
                    span: close,
                    spacing: close_spacing,
                };
                stack.push((group.stream.trees().iter(), Some(close)));
            }
            None => {
                flats.extend(close.take());
                stack.pop();
            }
        }
    }
    flats
}

/// The stream again. The delimiters must match.
pub(crate) fn unflatten(flats: impl IntoIterator<Item = Flat>) -> TokenStream {
    let mut stack = Vec::new();
    let mut trees: Vec<Tree> = Vec::new();
    for flat in flats {
        match flat {
            Flat::Token(token) => trees.push(Tree::Token(token)),
            Flat::Open {
                delimiter,
                span,
                spacing,
            } => {
                stack.push((std::mem::take(&mut trees), delimiter, span, spacing));
            }
            Flat::Close {
                span: close,
                spacing: close_spacing,
                ..
            } => {
                let Some((before, delimiter, open, open_spacing)) = stack.pop() else {
                    continue;
                };
                let stream = std::mem::replace(&mut trees, before).into_iter().collect();
                trees.push(Tree::Group(Group {
                    delimiter,
                    open,
                    open_spacing,
                    close,
                    close_spacing,
                    stream,
                }));
            }
        }
    }
    trees.into_iter().collect()
}

/// Flat tokens as text.
pub(crate) struct Text {
    pub(crate) text: String,
    /// Where each token is in it.
    places: Vec<Range<usize>>,
}

impl Text {
    pub(crate) fn new(flats: &[Flat]) -> Self {
        let mut text = String::new();
        let mut places = Vec::with_capacity(flats.len());
        for flat in flats {
            let start = text.len();
            match flat {
                Flat::Token(token) => {
                    // rustc's layout ends a line after documentation.
                    let tree = Tree::Token(token.clone());
                    text += TokenStream::from_iter([tree])
                        .to_string()
                        .trim_end_matches('\n');
                }
                Flat::Open { delimiter, .. } => text += delimiter_text(*delimiter).0,
                Flat::Close { delimiter, .. } => text += delimiter_text(*delimiter).1,
            }
            let invisible = text.len() == start;
            // An invisible group ends with what is in it, so that a range has all of it.
            let is_close = matches!(flat, Flat::Close { .. });
            let place = match places.last() {
                Some(Range::<usize> { start, end }) if invisible && is_close => {
                    end.saturating_sub(1).max(*start)..*end
                }
                _ => start..text.len(),
            };
            places.push(place);
            if !invisible {
                let line = matches!(
                    flat,
                    Flat::Token(Token {
                        kind: TokenKind::Doc { block: false, .. },
                        ..
                    })
                );
                text.push(if line { '\n' } else { ' ' });
            }
        }
        Text { text, places }
    }

    /// The token at a place in the text, or the last one before it.
    pub(crate) fn token_at(&self, place: usize) -> usize {
        self.places
            .partition_point(|token| token.start <= place)
            .saturating_sub(1)
    }

    /// The tokens in a range of the text, without invisible groups around them.
    pub(crate) fn tokens(&self, flats: &[Flat], range: Range<usize>) -> Range<usize> {
        let mut start = self
            .places
            .partition_point(|place| place.start < range.start);
        let mut end = self
            .places
            .partition_point(|place| place.start < range.end)
            .max(start);
        while start < end && flats[start].is_invisible() {
            match matching(flats, start) {
                Some(close) if close + 1 == end => end = close,
                Some(close) if close < end => break,
                _ => {}
            }
            start += 1;
        }
        let depth = |range: Range<usize>| flats[range].iter().map(Flat::depth).sum::<isize>();
        while start < end && flats[end - 1].is_invisible() && depth(start..end) < 0 {
            end -= 1;
        }
        start..end
    }
}

/// The closing delimiter of an opening one.
pub(crate) fn matching(flats: &[Flat], open: usize) -> Option<usize> {
    let mut depth = 0;
    flats[open..]
        .iter()
        .position(|flat| {
            depth += flat.depth();
            depth == 0
        })
        .map(|len| open + len)
}

fn delimiter_text(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// Splits at each of the commas that are not in a group; a last one is followed by nothing.
pub(crate) fn split_commas(flats: &[Flat], range: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut depth) = (range.start, 0);
    for index in range.clone() {
        depth += flats[index].depth();
        if depth == 0 && flats[index].is_op(",") {
            pieces.push(start..index);
            start = index + 1;
        }
    }
    if start < range.end {
        pieces.push(start..range.end);
    }
    pieces
}

/// From the start of the first token to the end of the last.
pub(crate) fn span_of(flats: &[Flat], range: Range<usize>) -> Span {
    match (flats[range.clone()].first(), flats[range].last()) {
        (Some(first), Some(last)) => first.span().with_end_of(last.span()),
        _ => Span::default(),
    }
}

/// Replaces ranges, which must not overlap.
pub(crate) fn splice(flats: &mut Vec<Flat>, mut edits: Vec<(Range<usize>, Vec<Flat>)>) {
    edits.sort_by_key(|(range, _)| range.start);
    for (range, new) in edits.into_iter().rev() {
        flats.splice(range, new);
    }
}
