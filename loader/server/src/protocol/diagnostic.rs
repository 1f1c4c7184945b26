//! Diagnostics that a macro emits.

use super::{Decode, DecodeError, Encode, Reader, Writer, wire_enum};

wire_enum! {
    /// How bad it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Level {
        /// The crate doesn't compile.
        Error = 0,
        /// It compiles.
        Warning = 1,
        /// More about something else.
        Note = 2,
        /// What to do about it.
        Help = 3,
    }
}

/// A message with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic<S> {
    /// How bad it is.
    pub level: Level,
    /// The text.
    pub message: String,
    /// What it is about; may be empty.
    pub spans: Vec<S>,
    /// Notes and help that belong to it.
    pub children: Vec<Diagnostic<S>>,
}

/// `proc_macro` itself makes children of diagnostics, but none of children.
const MAX_DEPTH: usize = 16;

impl<S> Diagnostic<S> {
    /// A diagnostic without children.
    pub fn new(level: Level, message: impl Into<String>, spans: Vec<S>) -> Self {
        Self {
            level,
            message: message.into(),
            spans,
            children: Vec::new(),
        }
    }

    /// Replaces the spans, in the children too.
    pub fn try_map<T, E>(self, f: &mut impl FnMut(S) -> Result<T, E>) -> Result<Diagnostic<T>, E> {
        Ok(Diagnostic {
            level: self.level,
            message: self.message,
            spans: self
                .spans
                .into_iter()
                .map(&mut *f)
                .collect::<Result<_, E>>()?,
            children: self
                .children
                .into_iter()
                .map(|child| child.try_map(f))
                .collect::<Result<_, E>>()?,
        })
    }
}

impl<S: Encode> Encode for Diagnostic<S> {
    fn encode(&self, w: &mut Writer<'_>) {
        self.level.encode(w);
        self.message.encode(w);
        self.spans.encode(w);
        self.children.encode(w);
    }
}

impl<'a, S: Decode<'a>> Decode<'a> for Diagnostic<S> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        decode(r, MAX_DEPTH)
    }
}

fn decode<'a, S: Decode<'a>>(
    r: &mut Reader<'a>,
    depth: usize,
) -> Result<Diagnostic<S>, DecodeError> {
    let depth = depth
        .checked_sub(1)
        .ok_or(DecodeError::TooDeep(MAX_DEPTH))?;
    let (level, message, spans) = (Level::decode(r)?, Decode::decode(r)?, Decode::decode(r)?);
    let count = r.usize()?;
    // Not with the count's capacity: see the decoder of `Vec`.
    let mut children = Vec::new();
    for _ in 0..count {
        children.push(decode(r, depth)?);
    }
    Ok(Diagnostic {
        level,
        message,
        spans,
        children,
    })
}
