//! Guest memory: every access is checked against its bounds, and a bad one is `EFAULT`.

use std::ops::Range;

use crate::errno::Errno;

/// The limit that POSIX systems put on the number of buffers in one call.
const MAX_BUFFERS: u32 = 1024;

/// The longest path that is looked at; as on Linux.
const MAX_PATH: u32 = 4096;

/// The guest's memory during one call.
pub(crate) struct Memory<'a>(pub(crate) &'a mut [u8]);

impl Memory<'_> {
    /// `length` bytes at `address`.
    pub(crate) fn bytes(&self, address: u32, length: u32) -> Result<&[u8], Errno> {
        self.0.get(range(address, length)?).ok_or(Errno::FAULT)
    }

    /// `length` bytes at `address`, to be written.
    pub(crate) fn bytes_mut(&mut self, address: u32, length: u32) -> Result<&mut [u8], Errno> {
        self.0.get_mut(range(address, length)?).ok_or(Errno::FAULT)
    }

    /// Copies `bytes` to `address`.
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::FAULT)?;
        self.bytes_mut(address, length)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes a little-endian `u32`.
    pub(crate) fn write_u32(&mut self, address: u32, value: u32) -> Result<(), Errno> {
        self.write(address, &value.to_le_bytes())
    }

    /// Writes a little-endian `u64`.
    pub(crate) fn write_u64(&mut self, address: u32, value: u64) -> Result<(), Errno> {
        self.write(address, &value.to_le_bytes())
    }

    /// The path at `address`, if it is text without a null byte.
    pub(crate) fn path(&self, address: u32, length: u32) -> Result<&str, Errno> {
        if length > MAX_PATH {
            return Err(Errno::NAMETOOLONG);
        }
        let path = str::from_utf8(self.bytes(address, length)?).map_err(|_| Errno::ILSEQ)?;
        match path {
            "" => Err(Errno::NOENT),
            _ if path.contains('\0') => Err(Errno::INVAL),
            _ => Ok(path),
        }
    }

    /// The buffers `(address, length)` that the list of `count` entries at `list` describes. They
    /// may overlap and lie outside memory; what is certain is that their lengths add up to a `u32`.
    pub(crate) fn buffers(&self, list: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        if count > MAX_BUFFERS {
            return Err(Errno::INVAL);
        }
        let mut total = 0u32;
        let (entries, _) = self.bytes(list, count * 8)?.as_chunks::<8>();
        entries
            .iter()
            .map(|entry| {
                let (address, length) = (u32_at(entry, 0), u32_at(entry, 4));
                total = total.checked_add(length).ok_or(Errno::INVAL)?;
                Ok((address, length))
            })
            .collect()
    }
}

/// The little-endian `u16` at `offset` of a record that is long enough.
pub(crate) fn u16_at(record: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array_at(record, offset))
}

/// The little-endian `u32` at `offset` of a record that is long enough.
pub(crate) fn u32_at(record: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array_at(record, offset))
}

/// The little-endian `u64` at `offset` of a record that is long enough.
pub(crate) fn u64_at(record: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array_at(record, offset))
}

fn array_at<const N: usize>(record: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&record[offset..offset + N]);
    array
}

fn range(address: u32, length: u32) -> Result<Range<usize>, Errno> {
    let end = address.checked_add(length).ok_or(Errno::FAULT)?;
    Ok(address as usize..end as usize)
}
