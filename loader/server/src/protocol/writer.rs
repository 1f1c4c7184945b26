//! Writing: the mirror of reading.

/// A value of the protocol that can be written.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, w: &mut Writer<'_>);
}

/// The width of `usize` on the macro's side, which encodes it so in every message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsizeWidth {
    /// Four bytes: a macro in wasm32.
    #[default]
    Wasm32,
    /// Eight bytes: a native macro on a 64-bit machine.
    Native64,
}

/// Appends to a buffer whose capacity is kept between messages.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    width: UsizeWidth,
}

impl<'a> Writer<'a> {
    /// Appends to `out`, for a macro in wasm32.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self::with_width(out, UsizeWidth::Wasm32)
    }

    /// Appends to `out`.
    pub fn with_width(out: &'a mut Vec<u8>, width: UsizeWidth) -> Self {
        Self { out, width }
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Writes four bytes.
    pub fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a `usize` of the macro's side.
    ///
    /// # Panics
    ///
    /// If the value doesn't fit: a length past 4 GiB can't be given to a wasm32 macro at all.
    pub fn usize(&mut self, value: usize) {
        let at = self.reserve_usize();
        self.set_usize(at, value);
    }

    /// Writes a string.
    pub fn str(&mut self, value: &str) {
        self.usize(value.len());
        self.out.extend_from_slice(value.as_bytes());
    }

    /// Leaves room for a length that is known only later; to be given to [`Writer::set_usize`].
    pub fn reserve_usize(&mut self) -> usize {
        let at = self.out.len();
        match self.width {
            UsizeWidth::Wasm32 => self.out.extend_from_slice(&[0; 4]),
            UsizeWidth::Native64 => self.out.extend_from_slice(&[0; 8]),
        }
        at
    }

    /// Writes the length that belongs where [`Writer::reserve_usize`] left room.
    ///
    /// # Panics
    ///
    /// As [`Writer::usize`], and if `at` didn't come from this writer.
    pub fn set_usize(&mut self, at: usize, value: usize) {
        match self.width {
            UsizeWidth::Wasm32 => {
                let value = u32::try_from(value).expect("more than wasm32's address space");
                self.out[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            UsizeWidth::Native64 => {
                self.out[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
            }
        }
    }
}
