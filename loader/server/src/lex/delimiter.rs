//! Delimiters that don't match, and which error is the first.

use super::LexError;
use crate::protocol::Delimiter;
use crate::span::Span;

/// The mismatches of a text. rustc reads on to the end, to report them all; a macro is told the
/// first alone.
#[derive(Default)]
pub(super) struct Delimiters {
    mismatched: Vec<Delimiter>,
    last: Option<Span>,
}

impl Delimiters {
    /// A closing delimiter is not the one that belongs here. It may be met again, where it closes
    /// an outer group, but it is one mistake.
    pub(super) fn mismatch(&mut self, found: Delimiter, span: Span) {
        if self.last != Some(span) {
            self.mismatched.push(found);
            self.last = Some(span);
        }
    }

    /// A closing delimiter stands where none belongs.
    pub(super) fn unexpected(mut self, found: Delimiter) -> LexError {
        // rustc takes this to explain the others: it reports a missing open parenthesis once.
        self.mismatched.retain(|&found| found == Delimiter::Brace);
        let message = || format!("unexpected closing delimiter: `{}`", close(found));
        LexError::Message(self.mismatch_message().unwrap_or_else(message))
    }

    /// The text has ended.
    pub(super) fn finish(self, unclosed: bool) -> Result<(), LexError> {
        let unclosed = unclosed.then(|| "this file contains an unclosed delimiter".to_owned());
        self.mismatch_message()
            .or(unclosed)
            .map_or(Ok(()), |text| Err(LexError::Message(text)))
    }

    fn mismatch_message(&self) -> Option<String> {
        let first = self.mismatched.first()?;
        Some(format!("mismatched closing delimiter: `{}`", close(*first)))
    }
}

fn close(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Parenthesis => ")",
        Delimiter::Brace => "}",
        Delimiter::Bracket => "]",
        Delimiter::None => "",
    }
}
