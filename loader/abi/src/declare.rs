//! Writes a declaration static as rustc expects it in a macro's library: the inverse of
//! [`read_declarations`](crate::read_declarations).

use crate::layout::{client, proc_macro as layout};
use crate::{Declaration, DeclarationLayout, MacroKind, Profile};

/// `(pointer, length)`.
const PAIR: u32 = 8;

/// How many bytes [`write_declarations`] makes.
#[must_use]
pub fn declarations_size(profile: &Profile, declarations: &[Declaration]) -> u32 {
    // The same for every address and every slot.
    write_declarations(profile, declarations, &vec![0; declarations.len()], 0).len() as u32
}

/// The bytes of the declaration static and of all that it refers to, for the address `at`, aligned
/// to 8. The slice itself comes first; `runs` are the table slots of the entry points.
#[must_use]
pub fn write_declarations(
    profile: &Profile,
    declarations: &[Declaration],
    runs: &[u32],
    at: u32,
) -> Vec<u8> {
    let mut out = Writer {
        at,
        bytes: Vec::new(),
    };
    let count = declarations.len() as u32;
    match profile.declarations {
        DeclarationLayout::Clients => {
            out.words(&[at + PAIR, count]);
            out.words(&runs[..declarations.len()]);
            debug_assert_eq!(out.bytes.len() as u32, PAIR + client::SIZE * count);
        }
        DeclarationLayout::ProcMacros { counters } => {
            proc_macros(&mut out, declarations, runs, counters);
        }
    }
    out.bytes
}

/// A `&'static [ProcMacro]`. All of a crate's macros share the handle counters, as they do natively.
fn proc_macros(out: &mut Writer, declarations: &[Declaration], runs: &[u32], counters: u32) {
    let count = declarations.len() as u32;
    let counters_at = out.at + PAIR;
    let list = counters_at + 4 * counters;
    out.words(&[list, count]);
    // No handle is 0.
    out.words(&vec![1; counters as usize]);
    out.bytes
        .resize((PAIR + 4 * counters + layout::SIZE * count) as usize, 0);
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
        out.set(element + client, &[counters_at, *run]);
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
    use crate::{MacroInfo, read_declarations};

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
        for profile in Profile::all() {
            let bytes = write_declarations(profile, &declarations, &[7, 9, 8, 3], 64);
            let size = declarations_size(profile, &declarations);
            assert_eq!(bytes.len(), size as usize);
            let memory = [vec![0; 64], bytes].concat();
            // The names come from the metadata where the static has none.
            let macros = declarations.iter().map(|it| MacroInfo {
                kind: it.kind,
                name: it.name.clone(),
                attributes: it.attributes.clone(),
            });
            let macros: Vec<_> = macros.collect();
            let read = read_declarations(profile, &memory, 64, |count| {
                assert_eq!(count, 4);
                Ok(macros.clone())
            });
            assert_eq!(read.unwrap(), declarations, "{profile}");
        }
    }
}
