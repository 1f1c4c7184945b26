//! Places in source text, with the expansion that made them.

/// Who made a span: the source text itself, or one of the sites of an expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Context(pub(crate) u32);

impl Context {
    /// The source text itself.
    pub const ROOT: Context = Context(0);

    /// Whether it is the source text itself.
    pub fn is_root(self) -> bool {
        self == Self::ROOT
    }
}

/// A range of bytes in a source map, whose files lie one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub lo: u32,
    /// The byte after the last.
    pub hi: u32,
    /// Who made it.
    pub context: Context,
}

impl Span {
    /// A span of the source text itself.
    pub fn new(lo: u32, hi: u32) -> Self {
        Span {
            lo: lo.min(hi),
            hi: lo.max(hi),
            context: Context::ROOT,
        }
    }

    /// The same place, made by another.
    pub fn with_context(self, context: Context) -> Self {
        Span { context, ..self }
    }

    /// From the start of this to the end of another, whoever made that.
    pub fn with_end_of(self, end: Span) -> Self {
        Span::new(self.lo, end.hi).with_context(self.context)
    }

    /// The smallest span around both. Of a span of the source text and one that a macro made, it
    /// is the macro's.
    pub fn to(self, other: Span) -> Self {
        if self.context == other.context {
            let (lo, hi) = (self.lo.min(other.lo), self.hi.max(other.hi));
            return Span {
                lo,
                hi,
                context: self.context,
            };
        }
        if self.context.is_root() { other } else { self }
    }

    /// The empty span at its start.
    pub fn start(self) -> Self {
        Span {
            hi: self.lo,
            ..self
        }
    }

    /// The empty span at its end.
    pub fn end(self) -> Self {
        Span {
            lo: self.hi,
            ..self
        }
    }

    /// The number of bytes.
    pub fn len(self) -> usize {
        (self.hi - self.lo) as usize
    }

    /// Whether it contains no byte.
    pub fn is_empty(self) -> bool {
        self.lo == self.hi
    }

    /// Whether another lies inside.
    pub fn contains(self, other: Span) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }
}
