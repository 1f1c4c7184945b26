//! A visit to one message: it is read with one width of `usize`, checked, and written with the other.

use crate::MessageError;
use crate::check::invalid_tag;
use crate::handles::Handles;
use crate::plan::{Plan, Run, Step};
use pm_abi::Width;
use pm_abi::schema::{Schema, TypeId};

/// `proc_macro` itself makes children of diagnostics, but none of children; and no other value nests
/// more than six deep.
pub(crate) const MAX_DEPTH: usize = 64;

/// The receiver of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The macro.
    ToClient,
    /// The compiler.
    ToServer,
}

/// The output of a visit.
pub(crate) trait Sink {
    /// Appends bytes.
    fn bytes(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A sink for messages that are only checked.
pub(crate) struct Nowhere;

impl Sink for Nowhere {
    fn bytes(&mut self, _bytes: &[u8]) {}
}

/// A message in the middle of a visit.
pub(crate) struct Visitor<'a, S> {
    pub(crate) schema: &'a Schema,
    pub(crate) plans: &'a [Plan],
    pub(crate) direction: Direction,
    /// The rest of the message.
    pub(crate) bytes: &'a [u8],
    pub(crate) from: Width,
    pub(crate) to: Width,
    pub(crate) handles: &'a mut Handles,
    pub(crate) out: S,
}

impl<'a, S: Sink> Visitor<'a, &mut S> {
    /// Fails unless everything was read.
    pub(crate) fn finish(self) -> Result<(), MessageError> {
        match self.bytes.len() {
            0 => Ok(()),
            rest => Err(MessageError::Trailing(rest)),
        }
    }

    /// Passes bytes on.
    pub(crate) fn copy(&mut self, len: usize) -> Result<&'a [u8], MessageError> {
        let bytes = self.take(len)?;
        self.out.bytes(bytes);
        Ok(bytes)
    }

    /// Passes a value on; `depth` values are around it.
    pub(crate) fn value(&mut self, id: TypeId, depth: usize) -> Result<(), MessageError> {
        if depth > MAX_DEPTH {
            return Err(MessageError::TooDeep(MAX_DEPTH));
        }
        let plans = self.plans;
        let plan = &plans[id.0 as usize];
        let before = self.bytes;
        for step in &plan.steps {
            match step {
                Step::Run(run) => self.run(run, 1)?,
                Step::Usize => {
                    let value = self.usize()?;
                    self.write(value);
                }
                Step::Str => self.str()?,
                Step::Vec(element) => self.vec(*element, depth)?,
                Step::Enum(id, payloads) => {
                    let tag = self.copy(1)?[0];
                    match payloads.get(usize::from(tag)) {
                        Some(None) => {}
                        Some(Some(payload)) => self.value(*payload, depth + 1)?,
                        None => return Err(invalid_tag(self.schema, *id, tag)),
                    }
                }
                Step::Struct(id) => self.value(*id, depth + 1)?,
            }
        }
        if let Some(texts) = &plan.texts {
            let value = &before[..before.len() - self.bytes.len()];
            texts.check(value, self.from, self.direction, self.handles)?;
        }
        Ok(())
    }

    fn str(&mut self) -> Result<(), MessageError> {
        let len = self.length(1)?;
        let text = self.copy(len)?;
        // rustc's server panics at what is not UTF-8.
        str::from_utf8(text).map_err(|_| MessageError::Utf8)?;
        Ok(())
    }

    fn vec(&mut self, element: TypeId, depth: usize) -> Result<(), MessageError> {
        let plans = self.plans;
        let plan = &plans[element.0 as usize];
        let len = self.length(plan.smallest)?;
        if let Some(run) = plan.as_run() {
            return self.run(run, len);
        }
        (0..len).try_for_each(|_| self.value(element, depth + 1))
    }

    /// Passes `count` runs on.
    fn run(&mut self, run: &Run, count: usize) -> Result<(), MessageError> {
        let size = run.size.checked_mul(count).ok_or(MessageError::Truncated)?;
        let bytes = self.copy(size)?;
        if !run.checks.is_empty() {
            for one in bytes.chunks_exact(run.size) {
                for check in &run.checks {
                    check.check(one, self.direction, self.handles, self.schema)?;
                }
            }
        }
        Ok(())
    }

    /// Passes the number of elements on, which have at least `smallest` bytes each: no more than
    /// the message has room for.
    fn length(&mut self, smallest: usize) -> Result<usize, MessageError> {
        let value = self.usize()?;
        let most = self.bytes.len() / smallest.max(1);
        let len = usize::try_from(value).ok().filter(|len| *len <= most);
        let len = len.ok_or(MessageError::Truncated)?;
        self.write(value);
        Ok(len)
    }

    /// A number, which the macro's 32-bit `usize` can hold, whichever side it is from.
    fn usize(&mut self) -> Result<u64, MessageError> {
        let value = match self.from {
            Width::Four => {
                let word: &[u8; 4] = self.array()?;
                u32::from_le_bytes(*word).into()
            }
            Width::Eight => u64::from_le_bytes(*self.array()?),
        };
        u32::try_from(value)
            .map(u64::from)
            .map_err(|_| MessageError::TooLarge(value))
    }

    /// Writes a number of [`Self::usize`].
    fn write(&mut self, value: u64) {
        match self.to {
            Width::Four => self.out.bytes(&(value as u32).to_le_bytes()),
            Width::Eight => self.out.bytes(&value.to_le_bytes()),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], MessageError> {
        let (first, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or(MessageError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], MessageError> {
        let (first, rest) = self
            .bytes
            .split_at_checked(len)
            .ok_or(MessageError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }
}
