//! Reading and writing through descriptors.

use std::io::{self, Read, Seek, SeekFrom};

use crate::context::WasiCtx;
use crate::errno::Errno;
use crate::files::Descriptor;
use crate::memory::Memory;

impl WasiCtx {
    pub(super) fn fd_write(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        list: u32,
        count: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let mut written = 0;
        for (address, length) in memory.buffers(list, count)? {
            let bytes = memory.bytes(address, length)?;
            match self.files.get(fd)? {
                Descriptor::Stdout => self.stdout.write(bytes, io::stdout())?,
                Descriptor::Stderr => self.stderr.write(bytes, io::stderr())?,
                _ => return Err(Errno::BADF),
            }
            written += length;
        }
        memory.write_u32(out, written)
    }

    /// Streams have no positions, and no file is open for writing.
    pub(super) fn fd_pwrite(&mut self, fd: u32) -> Result<(), Errno> {
        match self.files.get(fd)? {
            Descriptor::Stdout | Descriptor::Stderr => Err(Errno::SPIPE),
            _ => Err(Errno::BADF),
        }
    }

    pub(super) fn fd_read(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        list: u32,
        count: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let buffers = memory.buffers(list, count)?;
        let read = match self.files.get(fd)? {
            Descriptor::Stdin => 0,
            Descriptor::Stdout | Descriptor::Stderr => return Err(Errno::BADF),
            Descriptor::Root | Descriptor::Directory(_) => return Err(Errno::ISDIR),
            Descriptor::File(file) => read(file, memory, &buffers)?,
        };
        memory.write_u32(out, read)
    }

    pub(super) fn fd_pread(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        list: u32,
        count: u32,
        offset: u64,
        out: u32,
    ) -> Result<(), Errno> {
        let buffers = memory.buffers(list, count)?;
        let file = self.files.file(fd)?;
        let position = file.stream_position()?;
        file.seek(SeekFrom::Start(offset))?;
        let read = read(&mut *file, memory, &buffers);
        file.seek(SeekFrom::Start(position))?;
        memory.write_u32(out, read?)
    }

    pub(super) fn fd_seek(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        offset: u64,
        whence: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let to = match whence {
            0 => SeekFrom::Start(offset),
            1 => SeekFrom::Current(offset.cast_signed()),
            2 => SeekFrom::End(offset.cast_signed()),
            _ => return Err(Errno::INVAL),
        };
        let position = self.files.file(fd)?.seek(to)?;
        memory.write_u64(out, position)
    }

    pub(super) fn fd_tell(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let position = self.files.file(fd)?.stream_position()?;
        memory.write_u64(out, position)
    }
}

/// Fills the buffers in order, until the file has no more.
fn read(
    mut file: impl Read,
    memory: &mut Memory<'_>,
    buffers: &[(u32, u32)],
) -> Result<u32, Errno> {
    let mut total = 0;
    for &(address, length) in buffers {
        let read = file.read(memory.bytes_mut(address, length)?)? as u32;
        total += read;
        if read < length {
            break;
        }
    }
    Ok(total)
}
