//! The source map: files, and what a position in one means.

use crate::span::Span;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a file is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileName {
    /// It has a path.
    Real(PathBuf),
    /// It is only text: `<anon>`.
    Virtual(String),
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileName::Real(path) => path.display().fmt(f),
            FileName::Virtual(name) => f.write_str(name),
        }
    }
}

/// A file of a source map.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: FileName,
    text: Arc<str>,
    start: u32,
    /// The offset of each line's first byte.
    lines: Vec<u32>,
}

impl SourceFile {
    /// Its name.
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Its path, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match &self.name {
            FileName::Real(path) => Some(path),
            FileName::Virtual(_) => None,
        }
    }

    /// Its text: without a byte order mark, lines ended by `\n` alone.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The span of all of it.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len() as u32)
    }

    /// The span of some of its bytes.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        Span::new(
            self.start + range.start as u32,
            self.start + range.end as u32,
        )
    }

    /// The line, counted from one, of an offset in the text.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&line| line as usize <= offset)
    }

    /// The column in characters, counted from one, of an offset in the text.
    pub fn column(&self, offset: usize) -> usize {
        let line = self.lines[self.line(offset) - 1] as usize;
        // A macro may take a subspan that starts inside a character.
        self.text[line..]
            .char_indices()
            .take_while(|(i, _)| line + i < offset)
            .count()
            + 1
    }
}

/// The texts do not fit in one source map, whose positions have 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source texts have more than 4 GiB in all")]
pub struct SourceMapFull;

/// All files of a compilation, one after the other.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file; returns it with its place.
    pub fn add(&mut self, name: FileName, text: &str) -> Result<&SourceFile, SourceMapFull> {
        // Position zero is no file's, and there is one between any two, so that an empty span at
        // the end of a file is not in the next.
        let start = self.files.last().map_or(0, |file| file.span().hi) + 1;
        let text: Arc<str> = normalize(text).into();
        let fits = u32::try_from(text.len())
            .ok()
            .and_then(|len| start.checked_add(len));
        if fits.is_none_or(|end| end == u32::MAX) {
            return Err(SourceMapFull);
        }
        let ends = text.bytes().zip(1..).filter(|&(byte, _)| byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(_, after)| after))
            .collect();
        self.files.push(SourceFile {
            name,
            text,
            start,
            lines,
        });
        Ok(&self.files[self.files.len() - 1])
    }

    /// All files, in the order in which they were added.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file of a position and the offset in it. `None` for what never was in a file, such as
    /// the call site of an expansion that was started without one.
    pub fn lookup(&self, position: u32) -> Option<(&SourceFile, usize)> {
        let after = self.files.partition_point(|file| file.start <= position);
        let file = &self.files[after.checked_sub(1)?];
        let offset = (position - file.start) as usize;
        (offset <= file.text.len()).then_some((file, offset))
    }

    /// The file of a span and the range in it, if it lies in one.
    pub fn range(&self, span: Span) -> Option<(&SourceFile, Range<usize>)> {
        let (file, lo) = self.lookup(span.lo)?;
        let hi = (span.hi - file.start) as usize;
        (hi <= file.text.len()).then_some((file, lo..hi))
    }

    /// The text of a span, if it lies in one file.
    pub fn text(&self, span: Span) -> Option<&str> {
        let (file, range) = self.range(span)?;
        file.text.get(range)
    }
}

/// As rustc reads files and strings.
pub(crate) fn normalize(text: &str) -> std::borrow::Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") {
        text.replace("\r\n", "\n").into()
    } else {
        text.into()
    }
}
