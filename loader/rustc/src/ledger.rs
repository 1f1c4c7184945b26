//! What a macro may say to rustc.
//!
//! rustc's server believes its clients, which natively are its own library linked into the macro: an
//! unknown method, a torn message or a stale handle is a panic in the compiler. A wasm macro may send
//! any bytes, so each request is read whole before rustc gets it, and each handle in it must be one
//! that rustc has given out in this expansion and that hasn't been given back. Which rustc has given
//! out can be told from its counters: they only count up, and lie where the host has put them
//! ([`pm_abi::write_declarations`]).

use pm_server::protocol::{
    Decode, DecodeError, Diagnostic, Group, PanicMessage, Reader, Request, SpanHandle,
    StreamHandle, TokenTree, WireTree,
};

/// The values of rustc's handle counters: the next handles that it will give out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) streams: u32,
    pub(crate) spans: u32,
}

/// Why a message doesn't reach rustc. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Offence {
    #[error("malformed message: {0}")]
    Malformed(#[from] DecodeError),
    #[error("{0} is not one of its token streams")]
    Stream(u32),
    #[error("{0} is not one of its spans")]
    Span(u32),
    #[error("{0:?} is not punctuation")]
    Punctuation(char),
}

/// The handles of one expansion.
#[derive(Debug)]
pub(crate) struct Ledger {
    first: Counters,
    /// A bit for each stream since the first: whether it was given back.
    returned: Vec<u64>,
}

impl Ledger {
    /// For a macro with this input: rustc gave its handles out just before.
    pub(crate) fn new(input: &[u8]) -> Result<Ledger, Offence> {
        let mut r = Reader::new(input);
        let handles: Vec<u32> = (0..input.len() / 4)
            .map(|_| r.u32())
            .collect::<Result<_, _>>()?;
        r.finish()?;
        let (spans, streams) = handles.split_at(handles.len().min(3));
        let least = |handles: &[u32]| handles.iter().copied().min();
        match (least(streams), least(spans)) {
            (Some(streams), Some(spans)) => Ok(Ledger {
                first: Counters { streams, spans },
                returned: Vec::new(),
            }),
            _ => Err(DecodeError::Truncated.into()),
        }
    }

    /// Checks a request, and notes the streams that it gives back.
    pub(crate) fn request(&mut self, bytes: &[u8], now: Counters) -> Result<(), Offence> {
        let mut check = Check { ledger: self, now };
        match Request::parse(bytes)? {
            Request::InjectedEnvVar { var: _ }
            | Request::TrackEnvVar { var: _, value: _ }
            | Request::TrackPath { path: _ }
            | Request::LiteralFromStr { s: _ }
            | Request::TsFromStr { src: _ }
            | Request::SpanRecoverProcMacroSpan { id: _ }
            | Request::SymbolNormalizeAndValidateIdent { string: _ } => Ok(()),
            Request::EmitDiagnostic { diagnostic } => check.diagnostic(&diagnostic),
            Request::TsClone { stream }
            | Request::TsIsEmpty { stream }
            | Request::TsExpandExpr { stream }
            | Request::TsToString { stream } => check.stream(stream),
            Request::TsDrop { stream } | Request::TsIntoTrees { stream } => check.give_back(stream),
            Request::TsFromTokenTree { tree } => check.tree(&tree),
            Request::TsConcatTrees { base, trees } => {
                base.map_or(Ok(()), |base| check.give_back(base))?;
                trees.iter().try_for_each(|tree| check.tree(tree))
            }
            Request::TsConcatStreams { base, streams } => {
                let mut all = base.into_iter().chain(streams);
                all.try_for_each(|stream| check.give_back(stream))
            }
            Request::SpanJoin { span, other } => check.spans([span, other]),
            Request::SpanResolvedAt { span, at } => check.spans([span, at]),
            Request::SpanDebug { span }
            | Request::SpanParent { span }
            | Request::SpanSource { span }
            | Request::SpanByteRange { span }
            | Request::SpanStart { span }
            | Request::SpanEnd { span }
            | Request::SpanLine { span }
            | Request::SpanColumn { span }
            | Request::SpanFile { span }
            | Request::SpanLocalFile { span }
            | Request::SpanSubspan {
                span,
                start: _,
                end: _,
            }
            | Request::SpanSourceText { span }
            | Request::SpanSaveSpan { span } => check.spans([span]),
        }
    }

    /// Checks the macro's answer.
    pub(crate) fn answer(&mut self, bytes: &[u8], now: Counters) -> Result<(), Offence> {
        let mut r = Reader::new(bytes);
        let answer = Result::<Option<StreamHandle>, PanicMessage>::decode(&mut r)?;
        r.finish()?;
        let mut check = Check { ledger: self, now };
        match answer {
            Ok(Some(stream)) => check.give_back(stream),
            Ok(None) | Err(_) => Ok(()),
        }
    }
}

struct Check<'a> {
    ledger: &'a mut Ledger,
    now: Counters,
}

impl Check<'_> {
    /// The word and the bit of a stream.
    fn place(&self, stream: StreamHandle) -> Result<(usize, u64), Offence> {
        let handle = stream.0.get();
        let first = self.ledger.first.streams;
        if !(first..self.now.streams).contains(&handle) {
            return Err(Offence::Stream(handle));
        }
        let index = handle - first;
        Ok((index as usize / 64, 1 << (index % 64)))
    }

    fn stream(&self, stream: StreamHandle) -> Result<(), Offence> {
        let (word, bit) = self.place(stream)?;
        match self.ledger.returned.get(word) {
            Some(returned) if returned & bit != 0 => Err(Offence::Stream(stream.0.get())),
            _ => Ok(()),
        }
    }

    fn give_back(&mut self, stream: StreamHandle) -> Result<(), Offence> {
        self.stream(stream)?;
        let (word, bit) = self.place(stream)?;
        let returned = &mut self.ledger.returned;
        if returned.len() <= word {
            returned.resize(word + 1, 0);
        }
        returned[word] |= bit;
        Ok(())
    }

    fn spans(&self, spans: impl IntoIterator<Item = SpanHandle>) -> Result<(), Offence> {
        let known = self.ledger.first.spans..self.now.spans;
        match spans
            .into_iter()
            .find(|span| !known.contains(&span.0.get()))
        {
            Some(span) => Err(Offence::Span(span.0.get())),
            None => Ok(()),
        }
    }

    fn tree(&mut self, tree: &WireTree<'_>) -> Result<(), Offence> {
        match tree {
            TokenTree::Group(Group { stream, span, .. }) => {
                stream.map_or(Ok(()), |stream| self.give_back(stream))?;
                self.spans([span.open, span.close, span.entire])
            }
            TokenTree::Punct(punct) => {
                let ch = char::from(punct.ch);
                // rustc's `rustc_expand::proc_macro_server` knows these, and panics at others.
                if !"=<>!~+-*/%^&|@.,;:#$?'".contains(ch) {
                    return Err(Offence::Punctuation(ch));
                }
                self.spans([punct.span])
            }
            TokenTree::Ident(ident) => self.spans([ident.span]),
            TokenTree::Literal(literal) => self.spans([literal.span]),
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic<SpanHandle>) -> Result<(), Offence> {
        self.spans(diagnostic.spans.iter().copied())?;
        let mut children = diagnostic.children.iter();
        children.try_for_each(|child| self.diagnostic(child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_server::protocol::{Encode, Writer};
    use std::num::NonZeroU32;

    const NOW: Counters = Counters {
        streams: 12,
        spans: 24,
    };

    /// Three spans from 20 on, and stream 10.
    fn ledger() -> Ledger {
        let words = [20u32, 21, 20, 10];
        let input: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ledger::new(&input).unwrap()
    }

    fn bytes(request: &Request<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        request.encode(&mut Writer::new(&mut bytes));
        bytes
    }

    fn stream(handle: u32) -> StreamHandle {
        StreamHandle(NonZeroU32::new(handle).unwrap())
    }

    fn span(handle: u32) -> SpanHandle {
        SpanHandle(NonZeroU32::new(handle).unwrap())
    }

    #[test]
    fn streams_are_the_expansions_own_and_given_back_once() {
        let mut ledger = ledger();
        let mut check = |request: Request<'_>, expect: Result<(), Offence>| {
            assert_eq!(ledger.request(&bytes(&request), NOW), expect, "{request:?}");
        };
        check(Request::TsToString { stream: stream(10) }, Ok(()));
        check(Request::TsClone { stream: stream(10) }, Ok(()));
        check(
            Request::TsClone { stream: stream(9) },
            Err(Offence::Stream(9)),
        );
        check(
            Request::TsClone { stream: stream(12) },
            Err(Offence::Stream(12)),
        );
        check(Request::TsIntoTrees { stream: stream(10) }, Ok(()));
        check(
            Request::TsIsEmpty { stream: stream(10) },
            Err(Offence::Stream(10)),
        );
        check(
            Request::TsDrop { stream: stream(10) },
            Err(Offence::Stream(10)),
        );
        let twice = vec![stream(11), stream(11)];
        check(
            Request::TsConcatStreams {
                base: None,
                streams: twice,
            },
            Err(Offence::Stream(11)),
        );
    }

    #[test]
    fn spans_are_the_expansions_own() {
        let mut ledger = ledger();
        let mut join = |one, other| {
            let request = Request::SpanJoin {
                span: span(one),
                other: span(other),
            };
            ledger.request(&bytes(&request), NOW)
        };
        assert_eq!(join(20, 23), Ok(()));
        assert_eq!(join(20, 24), Err(Offence::Span(24)));
        assert_eq!(join(19, 20), Err(Offence::Span(19)));
    }

    #[test]
    fn torn_messages_and_unknown_methods_are_refused() {
        let mut ledger = ledger();
        let whole = bytes(&Request::TsClone { stream: stream(10) });
        for len in 0..whole.len() {
            let result = ledger.request(&whole[..len], NOW);
            assert!(
                matches!(result, Err(Offence::Malformed(_))),
                "{len}: {result:?}"
            );
        }
        for tag in 0..=u8::MAX {
            // Too long for any method without arguments, garbage for the others.
            let _ = ledger.request(&[tag, 255, 255, 255, 255, 255], NOW);
        }
        assert!(Ledger::new(&[1, 0, 0]).is_err());
        assert!(Ledger::new(&[]).is_err());
    }

    #[test]
    fn the_answer_is_a_stream_of_its_own() {
        let check = |answer: Result<Option<u32>, &str>, expect: Result<(), Offence>| {
            let mut bytes = Vec::new();
            let answer = answer
                .map(|handle| handle.map(stream))
                .map_err(PanicMessage::from);
            answer.encode(&mut Writer::new(&mut bytes));
            assert_eq!(ledger().answer(&bytes, NOW), expect);
        };
        check(Ok(Some(10)), Ok(()));
        check(Ok(None), Ok(()));
        check(Err("boom"), Ok(()));
        check(Ok(Some(13)), Err(Offence::Stream(13)));
        assert!(ledger().answer(&[7], NOW).is_err());
    }
}
