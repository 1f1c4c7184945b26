//! Writing: the mirror of reading.

use pm_abi::Width;

/// A value of the protocol that can be written.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, w: &mut Writer<'_>);
}

/// Appends to a buffer whose capacity is kept between messages.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    width: Width,
}

impl<'a> Writer<'a> {
    /// Appends to `out`, for a macro that decodes `usize` in this width.
    pub fn new(out: &'a mut Vec<u8>, width: Width) -> Self {
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
            Width::Four => self.out.extend_from_slice(&[0; 4]),
            Width::Eight => self.out.extend_from_slice(&[0; 8]),
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
            Width::Four => {
                let value = u32::try_from(value).expect("more than wasm32's address space");
                self.out[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Width::Eight => {
                self.out[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
            }
        }
    }
}
