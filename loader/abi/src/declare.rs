//! Writes declarations as rustc would find them in a macro's library: the inverse of
//! [`read_declarations`](crate::read_declarations).

use crate::layout::proc_macro as layout;
use crate::{Declaration, MacroKind};

/// `(pointer, length)`.
const PAIR: u32 = 8;

/// `HandleCounters`: two u32, of token streams and of spans, which start at 1 since no handle is 0.
/// This is their size in bytes.
pub const COUNTERS_SIZE: u32 = 8;

/// Where the handle counters of the declarations at `at` lie: all of a crate's macros share them, as
/// they do natively.
#[must_use]
pub fn counters_address(at: u32) -> u32 {
    at + PAIR
}

/// How many bytes [`write_declarations`] makes.
#[must_use]
pub fn declarations_size(declarations: &[Declaration]) -> u32 {
    // The same for every address and every slot.
    write_declarations(declarations, &vec![0; declarations.len()], 0).len() as u32
}

/// The bytes of a `&'static [ProcMacro]` and of all that it refers to, for the address `at`, aligned
/// to 8. The slice itself comes first; `runs` are the table slots of the entry points.
#[must_use]
pub fn write_declarations(declarations: &[Declaration], runs: &[u32], at: u32) -> Vec<u8> {
    let counters = counters_address(at);
    let list = counters + COUNTERS_SIZE;
    let count = declarations.len() as u32;
    let mut out = Writer {
        at,
        bytes: Vec::new(),
    };
    out.words(&[list, count, 1, 1]);
    out.bytes
        .resize((PAIR + COUNTERS_SIZE + layout::SIZE * count) as usize, 0);
    for ((index, declaration), run) in (0..).zip(declarations).zip(runs) {
        let element = list + index * layout::SIZE;
        let (tag, client) = match declaration.kind {
            MacroKind::Derive => (0, layout::DERIVE_CLIENT),
            MacroKind::Attr => (1, layout::CLIENT),
            MacroKind::Bang => (2, layout::CLIENT),
        };
        let name = out.text(&declaration.name);
        out.set(element + layout::TAG, &[tag]);
        out.set(element + layout::NAME, &name);
        out.set(element + client, &[counters, *run]);
        if declaration.kind == MacroKind::Derive {
            let names: Vec<[u32; 2]> = declaration
                .attributes
                .iter()
                .map(|name| out.text(name))
                .collect();
            out.bytes.resize(out.bytes.len().next_multiple_of(4), 0);
            let attributes = out.end();
            out.words(names.as_flattened());
            out.set(
                element + layout::ATTRIBUTES,
                &[attributes, names.len() as u32],
            );
        }
    }
    out.bytes
}

struct Writer {
    at: u32,
    bytes: Vec<u8>,
}

impl Writer {
    fn end(&self) -> u32 {
        self.at + self.bytes.len() as u32
    }

    fn words(&mut self, words: &[u32]) {
        self.bytes
            .extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    fn text(&mut self, text: &str) -> [u32; 2] {
        let at = self.end();
        self.bytes.extend(text.as_bytes());
        [at, text.len() as u32]
    }

    fn set(&mut self, address: u32, words: &[u32]) {
        let start = (address - self.at) as usize;
        let places = self.bytes[start..].chunks_exact_mut(4);
        for (place, word) in places.zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_declarations;

    #[test]
    fn what_is_written_is_read() {
        let macro_of = |kind, name: &str, attributes: &[&str], run| Declaration {
            kind,
            name: name.to_owned(),
            attributes: attributes.iter().map(|&name| name.to_owned()).collect(),
            run,
        };
        let declarations = [
            macro_of(MacroKind::Derive, "Serialize", &["serde", "x"], 7),
            macro_of(MacroKind::Attr, "instrument", &[], 9),
            macro_of(MacroKind::Derive, "Plain", &[], 8),
            macro_of(MacroKind::Bang, "b", &[], 3),
        ];
        let bytes = write_declarations(&declarations, &[7, 9, 8, 3], 64);
        assert_eq!(bytes.len(), declarations_size(&declarations) as usize);
        let memory = [vec![0; 64], bytes].concat();
        assert_eq!(read_declarations(&memory, 64).unwrap(), declarations);
    }
}
