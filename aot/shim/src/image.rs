//! What is in the library's memory, whatever the format of its file.
//!
//! Layouts of `ProcMacro` and `Client`: rustc's `library/proc_macro/src/bridge/client.rs`;
//! `pm_abi::layout` has their wasm32 forms.

use super::slot::Slot;
use super::stub::Code;
use super::{Input, ShimError};
use pm_abi::{Declaration, DeclarationLayout, MacroKind};
use pm_shim::{MAGIC, RUN};

/// Sizes and offsets on 64 bits; a reference to a slice is an address and a length.
mod layout {
    /// `Client { run }`, an element of the declaration slice.
    pub(super) const CLIENT_SIZE: usize = 8;
    /// `ProcMacro`, an element of the declaration slice: a u32 tag, padded.
    pub(super) const SIZE: usize = 56;
    /// A reference to the name.
    pub(super) const NAME: usize = 8;
    /// A reference to the helper attributes, only of a derive.
    pub(super) const ATTRIBUTES: usize = 24;
    /// `Client { handle_counters, run }` of a derive.
    pub(super) const DERIVE_CLIENT: usize = 40;
    /// `Client { handle_counters, run }` of the others.
    pub(super) const CLIENT: usize = 24;
    /// A reference to a slice.
    pub(super) const REFERENCE: usize = 16;
    /// The second word of a reference or of a client.
    pub(super) const SECOND: usize = 8;
}

/// A part of memory: in each the bytes have the same rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Never written.
    Constants,
    /// Executed.
    Code,
    /// Written when the library is loaded, then read only.
    Relocated,
    /// Written to at any time.
    Writable,
}

/// Where something lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) part: Part,
    pub(super) offset: usize,
}

/// The parts without the code, and where addresses go in them.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) constants: Vec<u8>,
    pub(super) relocated: Vec<u8>,
    pub(super) writable: Vec<u8>,
    /// Eight bytes at the first become the address of the second.
    pub(super) pointers: Vec<(Place, Place)>,
    /// What the slots of the table are the addresses of, except for the imported ones.
    pub(super) slots: Vec<(Slot, Place)>,
}

/// Where the exported symbol points: the reference to the declarations.
pub(super) const DECLARATIONS: Place = Place {
    part: Part::Relocated,
    offset: 0,
};

/// Where the `Shim` lies.
pub(super) const SHIM: Place = Place {
    part: Part::Writable,
    offset: 0,
};

/// Where the `Shim` keeps the address of the loader's function.
pub(super) const RUN_POINTER: usize = 104;

/// Where the text of an encoded `Err(PanicMessage::String(text))` begins: after two tags, and its length.
/// (rustc's `bridge::{mod, rpc}.rs`.)
pub(super) const PANIC_TEXT: usize = 10;

/// What a macro answers without a loader, up to the system's reason: that message, its length yet to be
/// filled in.
pub(super) fn missing_loader() -> Vec<u8> {
    let mut message = vec![0; PANIC_TEXT];
    message[0] = 1;
    message.extend(
        b"pm-aot: the macro's library needs pm-aot's loader, which can't be opened. Install pm-aot \
          again and run `pm-aot cargo` once more, or use cargo alone after `cargo clean`. The system \
          says: ",
    );
    message
}

pub(super) fn build(input: &Input<'_>, code: &Code, message: &[u8]) -> Result<Image, ShimError> {
    let mut image = Image::default();
    let identity = pm_shim::identity(input.symbol, input.macros);

    // The `Shim`, field after field.
    image.writable.extend(MAGIC.to_le_bytes());
    image.writable.extend([0; 8]);
    image.field(input.profile.name.as_bytes());
    image.field(input.artifact.as_bytes());
    image.field(input.rustc.as_bytes());
    image.field(input.sandbox);
    image.put_usize_at_end(input.macros.len());
    image.field(identity.as_bytes());
    debug_assert_eq!(image.writable.len(), RUN_POINTER);
    image.writable.extend([0; 8]);

    let list = image.relocated(layout::REFERENCE);
    debug_assert_eq!(list, DECLARATIONS);
    let count = input.macros.len();
    let run = |index: usize| {
        let entry = code.entries.get(index).copied();
        let entry = entry.map(in_code);
        entry.ok_or_else(|| ShimError::Code(format!("there is none for the declaration {index}")))
    };
    match input.profile.declarations {
        DeclarationLayout::Clients => {
            let clients = image.relocated(layout::CLIENT_SIZE * count);
            image.refer(list, clients, count);
            for index in 0..count {
                let client = clients.plus(index * layout::CLIENT_SIZE);
                image.pointers.push((client, run(index)?));
            }
        }
        DeclarationLayout::ProcMacros { counters } => {
            let counters = image.counters(counters);
            let elements = image.relocated(layout::SIZE * count);
            image.refer(list, elements, count);
            for (index, declaration) in input.macros.iter().enumerate() {
                let element = elements.plus(index * layout::SIZE);
                image.declare(element, declaration, counters, run(index)?);
            }
        }
    }

    let path = image.constant(format!("{}\0", input.loader).as_bytes());
    let name = image.constant(format!("{RUN}\0").as_bytes());
    let message = image.constant(message);
    image.slots = vec![
        (Slot::Shim, SHIM),
        (Slot::Find, in_code(code.find)),
        (Slot::Missing, in_code(code.missing)),
        (Slot::Path, path),
        (Slot::Name, name),
        (Slot::Message, message),
    ];
    Ok(image)
}

fn in_code(offset: usize) -> Place {
    Place {
        part: Part::Code,
        offset,
    }
}

impl Place {
    fn plus(self, bytes: usize) -> Place {
        Place {
            offset: self.offset + bytes,
            ..self
        }
    }
}

impl Image {
    /// `HandleCounters`: the next handles, since zero is none.
    fn counters(&mut self, count: u32) -> Place {
        let offset = self.writable.len();
        for _ in 0..count {
            self.writable.extend(1u32.to_le_bytes());
        }
        Place {
            part: Part::Writable,
            offset,
        }
    }

    fn declare(&mut self, at: Place, declaration: &Declaration, counters: Place, run: Place) {
        let (tag, client) = match declaration.kind {
            MacroKind::Derive => (0u8, layout::DERIVE_CLIENT),
            MacroKind::Attr => (1, layout::CLIENT),
            MacroKind::Bang => (2, layout::CLIENT),
        };
        self.relocated[at.offset] = tag;
        self.name(at.plus(layout::NAME), &declaration.name);
        if declaration.kind == MacroKind::Derive {
            let count = declaration.attributes.len();
            let names = self.relocated(layout::REFERENCE * count);
            self.refer(at.plus(layout::ATTRIBUTES), names, count);
            for (index, attribute) in declaration.attributes.iter().enumerate() {
                self.name(names.plus(index * layout::REFERENCE), attribute);
            }
        }
        self.pointers.push((at.plus(client), counters));
        self.pointers.push((at.plus(client + layout::SECOND), run));
    }

    fn name(&mut self, at: Place, name: &str) {
        let bytes = self.constant(name.as_bytes());
        self.refer(at, bytes, name.len());
    }

    /// Puts a reference to a slice; an empty one has an address too, as Rust's have.
    fn refer(&mut self, at: Place, to: Place, len: usize) {
        self.pointers.push((at, to));
        let bytes = match at.part {
            Part::Writable => &mut self.writable,
            _ => &mut self.relocated,
        };
        let len_at = at.offset + layout::SECOND;
        bytes[len_at..len_at + 8].copy_from_slice(&(len as u64).to_le_bytes());
    }

    /// A field of the `Shim`: address and length of bytes.
    fn field(&mut self, bytes: &[u8]) {
        let to = self.constant(bytes);
        let field = Place {
            part: Part::Writable,
            offset: self.writable.len(),
        };
        self.writable.extend([0; layout::REFERENCE]);
        self.refer(field, to, bytes.len());
    }

    fn put_usize_at_end(&mut self, value: usize) {
        self.writable.extend((value as u64).to_le_bytes());
    }

    fn constant(&mut self, bytes: &[u8]) -> Place {
        let offset = self.constants.len();
        self.constants.extend_from_slice(bytes);
        Place {
            part: Part::Constants,
            offset,
        }
    }

    fn relocated(&mut self, size: usize) -> Place {
        let offset = self.relocated.len();
        self.relocated.resize(offset + size, 0);
        Place {
            part: Part::Relocated,
            offset,
        }
    }
}
