//! Walks one value: reads it with one width, checks it, and writes it with the other.

use crate::RecodeError;
use crate::check::unknown_tag;
use crate::code::{Op, Program, Run};
use crate::schema::{Schema, TypeId};

/// `proc_macro` itself makes children of diagnostics, but none of children; and no other value of
/// rustc 1.96 nests more than six deep.
pub(crate) const MAX_DEPTH: usize = 64;

/// The width of a side's `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Four bytes: wasm32.
    Four,
    /// Eight bytes: a 64-bit machine.
    Eight,
}

impl Width {
    /// Appends a number, unless it is too large for the width.
    pub(crate) fn write(self, value: u64, out: &mut Vec<u8>) -> Result<(), RecodeError> {
        match self {
            Width::Four => {
                let value = u32::try_from(value).map_err(|_| RecodeError::TooLarge(value))?;
                out.extend_from_slice(&value.to_le_bytes());
            }
            Width::Eight => out.extend_from_slice(&value.to_le_bytes()),
        }
        Ok(())
    }
}

/// A message, what is left of it, and where it goes.
pub(crate) struct Walk<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) program: &'a Program,
    pub(crate) bytes: &'a [u8],
    pub(crate) from: Width,
    pub(crate) to: Width,
    pub(crate) out: &'a mut Vec<u8>,
}

impl<'a> Walk<'a> {
    /// Fails unless everything was read.
    pub(crate) fn finish(self) -> Result<(), RecodeError> {
        match self.bytes.len() {
            0 => Ok(()),
            rest => Err(RecodeError::Trailing(rest)),
        }
    }

    /// Passes a byte on.
    pub(crate) fn byte(&mut self) -> Result<u8, RecodeError> {
        let &[byte] = self.array()?;
        self.out.push(byte);
        Ok(byte)
    }

    /// Passes a value on; `depth` values are around it.
    pub(crate) fn value(&mut self, id: TypeId, depth: usize) -> Result<(), RecodeError> {
        if depth > MAX_DEPTH {
            return Err(RecodeError::TooDeep(MAX_DEPTH));
        }
        let program = self.program;
        for op in &program.code(id).ops {
            match op {
                Op::Run(run) => self.run(run, 1)?,
                Op::Usize => {
                    let value = self.usize()?;
                    self.to.write(value, self.out)?;
                }
                Op::Str => self.str()?,
                Op::Vec(element) => self.vec(*element, depth)?,
                Op::Enum(id, payloads) => {
                    let tag = self.byte()?;
                    match payloads.get(usize::from(tag)) {
                        Some(None) => {}
                        Some(Some(payload)) => self.value(*payload, depth + 1)?,
                        None => return Err(unknown_tag(self.schema, *id, tag)),
                    }
                }
                Op::Struct(id) => self.value(*id, depth + 1)?,
            }
        }
        Ok(())
    }

    fn str(&mut self) -> Result<(), RecodeError> {
        let len = self.length(1)?;
        let text = self.take(len)?;
        // rustc's server panics on what is no UTF-8.
        str::from_utf8(text).map_err(|_| RecodeError::Utf8)?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn vec(&mut self, element: TypeId, depth: usize) -> Result<(), RecodeError> {
        let program = self.program;
        let code = program.code(element);
        let len = self.length(code.smallest)?;
        if let Some(run) = code.as_run() {
            return self.run(run, len);
        }
        (0..len).try_for_each(|_| self.value(element, depth + 1))
    }

    /// Passes `count` runs on.
    fn run(&mut self, run: &Run, count: usize) -> Result<(), RecodeError> {
        let size = run.size.checked_mul(count).ok_or(RecodeError::Truncated)?;
        let bytes = self.take(size)?;
        if !run.checks.is_empty() {
            for one in bytes.chunks_exact(run.size) {
                for check in &run.checks {
                    check.check(one, self.schema)?;
                }
            }
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Passes the number of elements on, which have at least `smallest` bytes each: no more than
    /// the message has room for.
    fn length(&mut self, smallest: usize) -> Result<usize, RecodeError> {
        let value = self.usize()?;
        let most = self.bytes.len() / smallest.max(1);
        let len = usize::try_from(value).ok().filter(|len| *len <= most);
        let len = len.ok_or(RecodeError::Truncated)?;
        self.to.write(value, self.out)?;
        Ok(len)
    }

    fn usize(&mut self) -> Result<u64, RecodeError> {
        Ok(match self.from {
            Width::Four => u32::from_le_bytes(*self.array()?).into(),
            Width::Eight => u64::from_le_bytes(*self.array()?),
        })
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], RecodeError> {
        let (first, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or(RecodeError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], RecodeError> {
        let (first, rest) = self
            .bytes
            .split_at_checked(len)
            .ok_or(RecodeError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }
}
