//! What descriptors are, and what is in directories.

use std::io;
use std::path::Path;

use crate::context::WasiCtx;
use crate::errno::Errno;
use crate::files::{self, Descriptor, Entry, Kind, ROOT};
use crate::memory::Memory;

/// The name of the preopened directory.
const ROOT_NAME: &[u8] = b"/";

/// Every right there is. wasi-libc asks for no more than a directory's rights when it opens
/// something in it, so without the right to write it would open a file for reading where the guest
/// wanted to write, and the refusal would come too late to name the path.
const ALL_RIGHTS: u64 = (1 << 30) - 1;

const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

const ENTRY_SIZE: usize = 24;

impl WasiCtx {
    pub(super) fn fd_fdstat_get(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let (kind, rights) = match self.files.get(fd)? {
            Descriptor::Stdin => (Kind::Unknown, RIGHT_READ),
            Descriptor::Stdout | Descriptor::Stderr => (Kind::Unknown, RIGHT_WRITE),
            Descriptor::Root | Descriptor::Directory(_) => (Kind::Directory, ALL_RIGHTS),
            Descriptor::File(_) => (Kind::File, ALL_RIGHTS & !RIGHT_WRITE),
        };
        let mut record = [0; 24];
        record[0] = kind as u8;
        record[8..16].copy_from_slice(&rights.to_le_bytes());
        record[16..24].copy_from_slice(&rights.to_le_bytes());
        memory.write(out, &record)
    }

    pub(super) fn fd_filestat_get(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        out: u32,
    ) -> Result<(), Errno> {
        let record = match self.files.get(fd)? {
            Descriptor::Stdin | Descriptor::Stdout | Descriptor::Stderr => {
                files::bare_stat(Kind::Unknown)
            }
            Descriptor::Root => files::bare_stat(Kind::Directory),
            Descriptor::File(file) => files::stat(file.path(), &file.metadata()?),
            Descriptor::Directory(directory) => {
                files::stat(&directory.path, &fs_err::metadata(&directory.path)?)
            }
        };
        memory.write(out, &record)
    }

    /// Refuses to change an open file.
    pub(super) fn refuse_fd(&mut self, call: &'static str, fd: u32) -> Result<(), Errno> {
        let path = match self.files.get(fd)? {
            Descriptor::File(file) => file.path(),
            Descriptor::Directory(directory) => &directory.path,
            Descriptor::Root => Path::new("/"),
            Descriptor::Stdin | Descriptor::Stdout | Descriptor::Stderr => {
                return Err(Errno::INVAL);
            }
        };
        let path = path.display().to_string();
        self.refuse_write(call, path)
    }

    pub(super) fn fd_prestat_get(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        out: u32,
    ) -> Result<(), Errno> {
        // wasi-libc asks for one descriptor after the other until this error ends the list.
        if fd != ROOT {
            return Err(Errno::BADF);
        }
        memory.write_u32(out, 0)?;
        memory.write_u32(
            out.checked_add(4).ok_or(Errno::FAULT)?,
            ROOT_NAME.len() as u32,
        )
    }

    pub(super) fn fd_prestat_dir_name(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        path: u32,
        length: u32,
    ) -> Result<(), Errno> {
        match fd {
            ROOT if (length as usize) < ROOT_NAME.len() => Err(Errno::NAMETOOLONG),
            ROOT => memory.write(path, ROOT_NAME),
            _ => Err(Errno::BADF),
        }
    }

    /// Fills the buffer with entries. The last may be cut, which says that there are more.
    pub(super) fn fd_readdir(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        (buffer, length): (u32, u32),
        cookie: u64,
        out: u32,
    ) -> Result<(), Errno> {
        let directory = match self.files.get(fd)? {
            Descriptor::Directory(directory) => directory,
            // It lies above all grants: a path to it is refused too.
            Descriptor::Root => return Err(Errno::ACCES),
            _ => return Err(Errno::NOTDIR),
        };
        if cookie == 0 {
            directory.listing = None;
        }
        let listing = match &mut directory.listing {
            Some(listing) => listing,
            missing => missing.insert(list(&directory.path)?),
        };
        let mut space = memory.bytes_mut(buffer, length)?;
        let mut used = 0;
        let start = usize::try_from(cookie).unwrap_or(usize::MAX);
        for (index, entry) in listing.iter().enumerate().skip(start) {
            let mut record = [0; ENTRY_SIZE];
            record[0..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
            record[8..16].copy_from_slice(&entry.inode.to_le_bytes());
            record[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
            record[20] = entry.kind as u8;
            for piece in [&record[..], entry.name.as_bytes()] {
                let fits = piece.len().min(space.len());
                let (filled, rest) = space.split_at_mut(fits);
                filled.copy_from_slice(&piece[..fits]);
                space = rest;
                used += fits as u32;
            }
            if space.is_empty() {
                break;
            }
        }
        memory.write_u32(out, used)
    }
}

/// The entries of a directory, sorted: the order in which a file system gives them is its own. A
/// name that is not text cannot be passed on and is left out.
fn list(path: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        let inode = files::inode(&entry.path());
        let kind = Kind::from(entry.file_type()?);
        if let Ok(name) = entry.file_name().into_string() {
            entries.push(Entry { name, inode, kind });
        }
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
