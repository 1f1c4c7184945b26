//! Line breaking: the algorithm of Oppen's "Pretty Printing" (1980) as rustc has it, over the
//! whole text at once instead of a window of it, with the same result.

/// The width of a line.
const MARGIN: isize = 78;
/// What every line has, however far it is indented.
const MIN_SPACE: isize = 60;
/// The width of what never fits.
const INFINITE: isize = 0xffff;

/// Text with the places where a line may be broken, in nested blocks.
#[derive(Default)]
pub(super) struct Layout<'a> {
    items: Vec<Item<'a>>,
    /// Blocks and breaks whose size isn't known yet, outermost first.
    open: Vec<usize>,
    /// The width of everything so far.
    width: isize,
}

struct Item<'a> {
    kind: Kind<'a>,
    /// Of a block or a break: the width of what follows up to the next break that isn't in a
    /// block inside. Negative until that is known: less the width of everything before.
    size: isize,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Text(&'a str),
    Break {
        width: isize,
        indent: isize,
    },
    /// A consistent block breaks everywhere or nowhere, another where it must.
    Begin {
        indent: isize,
        consistent: bool,
    },
    End,
}

impl<'a> Layout<'a> {
    /// Text that is not broken.
    pub(super) fn text(&mut self, text: &'a str) {
        let size = text.len() as isize;
        if size > 0 {
            self.items.push(Item {
                kind: Kind::Text(text),
                size,
            });
            self.width += size;
        }
    }

    /// A space, or the end of a line; the next is then indented by so much more.
    pub(super) fn soft_break(&mut self, indent: isize) {
        self.push_break(1, indent);
    }

    /// The end of a line.
    pub(super) fn hard_break(&mut self) {
        self.push_break(INFINITE, 0);
    }

    fn push_break(&mut self, width: isize, indent: isize) {
        self.resolve();
        self.push_open(Kind::Break { width, indent });
        self.width += width;
    }

    /// Starts a block.
    pub(super) fn begin(&mut self, indent: isize, consistent: bool) {
        self.push_open(Kind::Begin { indent, consistent });
    }

    /// Ends the innermost block.
    pub(super) fn end(&mut self) {
        self.push_open(Kind::End);
    }

    fn push_open(&mut self, kind: Kind<'a>) {
        self.open.push(self.items.len());
        self.items.push(Item {
            kind,
            size: -self.width,
        });
    }

    /// At a break: the sizes of the blocks that have ended since the last one on this level, of
    /// the breaks in them, and of that one are known now.
    fn resolve(&mut self) {
        let mut depth = 0;
        while let Some(&index) = self.open.last() {
            let item = &mut self.items[index];
            match item.kind {
                Kind::Begin { .. } if depth == 0 => return,
                Kind::Begin { .. } => depth -= 1,
                Kind::End => depth += 1,
                Kind::Break { .. } | Kind::Text(_) => {}
            }
            item.size += self.width;
            let is_break = matches!(item.kind, Kind::Break { .. });
            self.open.pop();
            if is_break && depth == 0 {
                return;
            }
        }
    }

    /// The text with its lines broken.
    pub(super) fn finish(mut self) -> String {
        self.resolve();
        let mut printer = Printer::new();
        for item in &self.items {
            match item.kind {
                Kind::Text(text) => printer.text(text),
                Kind::Break { width, indent } => printer.line_break(width, indent, item.size),
                Kind::Begin { indent, consistent } => printer.begin(indent, consistent, item.size),
                Kind::End => printer.end(),
            }
        }
        printer.out
    }
}

struct Printer {
    out: String,
    /// What is left of the line.
    space: isize,
    indent: isize,
    /// Written before the next text, so that no line ends with spaces.
    pending: isize,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy)]
enum Block {
    Fits,
    Broken {
        outer_indent: isize,
        consistent: bool,
    },
}

impl Printer {
    fn new() -> Self {
        Printer {
            out: String::new(),
            space: MARGIN,
            indent: 0,
            pending: 0,
            blocks: Vec::new(),
        }
    }

    fn begin(&mut self, indent: isize, consistent: bool, size: isize) {
        if size > self.space {
            self.blocks.push(Block::Broken {
                outer_indent: self.indent,
                consistent,
            });
            self.indent += indent;
        } else {
            self.blocks.push(Block::Fits);
        }
    }

    fn end(&mut self) {
        if let Some(Block::Broken { outer_indent, .. }) = self.blocks.pop() {
            self.indent = outer_indent;
        }
    }

    fn line_break(&mut self, width: isize, indent: isize, size: isize) {
        let fits = match self.blocks.last() {
            Some(Block::Fits) => true,
            Some(Block::Broken {
                consistent: true, ..
            }) => false,
            Some(Block::Broken {
                consistent: false, ..
            })
            | None => size <= self.space,
        };
        if fits {
            self.pending += width;
            self.space -= width;
        } else {
            self.out.push('\n');
            self.pending = self.indent + indent;
            self.space = (MARGIN - self.pending).max(MIN_SPACE);
        }
    }

    fn text(&mut self, text: &str) {
        self.out
            .extend(std::iter::repeat_n(' ', self.pending.max(0) as usize));
        self.pending = 0;
        self.out.push_str(text);
        self.space -= text.len() as isize;
    }
}
