//! Checks on bytes that are copied as they are.

use crate::RecodeError;
use crate::schema::{Schema, Type, TypeId};

/// A check on one part of a run of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// Where the part starts.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bool,
    Handle,
    /// The tag of an enum without payloads, which has so many variants.
    Tag(TypeId, usize),
}

impl Check {
    /// The same check, of a part that starts `by` bytes further on.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self {
            at: self.at + by,
            ..self
        }
    }

    /// Checks a run. One that is too short is no run: nobody passes it.
    pub(crate) fn check(self, run: &[u8], schema: &Schema) -> Result<(), RecodeError> {
        let Some((&first, rest)) = run.get(self.at..).and_then(<[u8]>::split_first) else {
            return Err(RecodeError::Truncated);
        };
        match self.kind {
            Kind::Bool if first > 1 => Err(RecodeError::Bool(first)),
            Kind::Handle if first == 0 && rest.iter().take(3).all(|byte| *byte == 0) => {
                Err(RecodeError::ZeroHandle)
            }
            Kind::Tag(id, count) if usize::from(first) >= count => {
                Err(unknown_tag(schema, id, first))
            }
            Kind::Bool | Kind::Handle | Kind::Tag(..) => Ok(()),
        }
    }
}

/// The error for a tag that the type doesn't have.
#[cold]
pub(crate) fn unknown_tag(schema: &Schema, id: TypeId, tag: u8) -> RecodeError {
    let what = match schema.types.get(id.0 as usize) {
        Some(Type::Enum { name, .. }) => name.clone(),
        _ => format!("type {}", id.0),
    };
    RecodeError::Tag { what, tag }
}
