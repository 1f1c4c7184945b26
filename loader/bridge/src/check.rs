//! Checks on bytes that are copied as they are.

use crate::MessageError;
use crate::handles::Handles;
use crate::visitor::Direction;
use pm_abi::schema::{Access, HandleKind, PUNCTUATION, Schema, Type, TypeId};

/// A check on one part of a run of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// The offset of the part.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bool,
    Punctuation,
    Handle(HandleKind, Access),
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

    /// Checks a whole run; the handles in it are noted or used.
    pub(crate) fn check(
        self,
        run: &[u8],
        direction: Direction,
        handles: &mut Handles,
        schema: &Schema,
    ) -> Result<(), MessageError> {
        let part = run.get(self.at..).unwrap_or_default();
        let Some(&first) = part.first() else {
            return Err(MessageError::Truncated);
        };
        match self.kind {
            Kind::Bool if first > 1 => Err(MessageError::Bool(first)),
            Kind::Punctuation if !PUNCTUATION.contains(&first) => {
                Err(MessageError::Punctuation(char::from(first)))
            }
            Kind::Handle(kind, access) => {
                let word = part.first_chunk().ok_or(MessageError::Truncated)?;
                let handle = u32::from_le_bytes(*word);
                if handle == 0 {
                    return Err(MessageError::ZeroHandle);
                }
                match direction {
                    Direction::ToClient => handles.receive(kind, handle),
                    Direction::ToServer => handles.send(kind, access, handle),
                }
            }
            Kind::Tag(id, count) if usize::from(first) >= count => {
                Err(invalid_tag(schema, id, first))
            }
            Kind::Bool | Kind::Punctuation | Kind::Tag(..) => Ok(()),
        }
    }
}

/// The error for a tag that the type doesn't have.
#[cold]
pub(crate) fn invalid_tag(schema: &Schema, id: TypeId, tag: u8) -> MessageError {
    let what = match schema.ty(id) {
        Type::Enum { name, .. } => name.clone(),
        _ => format!("type {}", id.0),
    };
    MessageError::Tag { what, tag }
}
