//! Writing: the mirror of reading.

/// A value of the protocol that can be written.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, w: &mut Writer<'_>);
}

/// Appends to a buffer whose capacity is kept between messages.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Writes four bytes.
    pub fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a `usize` of wasm32.
    ///
    /// # Panics
    ///
    /// If the value doesn't fit: a length past 4 GiB can't be given to such a macro at all.
    pub fn usize(&mut self, value: usize) {
        self.u32(u32::try_from(value).expect("a length beyond the address space of wasm32"));
    }

    /// Writes a string.
    pub fn str(&mut self, value: &str) {
        self.usize(value.len());
        self.out.extend_from_slice(value.as_bytes());
    }

    /// Leaves room for a length that is known only later; to be given to [`Writer::set_usize`].
    pub fn reserve_usize(&mut self) -> usize {
        let at = self.out.len();
        self.u32(0);
        at
    }

    /// Writes the length that belongs where [`Writer::reserve_usize`] left room.
    ///
    /// # Panics
    ///
    /// As [`Writer::usize`], and if `at` didn't come from this writer.
    pub fn set_usize(&mut self, at: usize, value: usize) {
        let value = u32::try_from(value).expect("a length beyond the address space of wasm32");
        self.out[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
}
