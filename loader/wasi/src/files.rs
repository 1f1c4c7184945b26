//! The descriptors that a guest has open.

use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err::File;

use crate::errno::Errno;

/// The preopened directory `/`.
pub(crate) const ROOT: u32 = 3;

/// The first descriptor for what the guest opens itself.
const FIRST: u32 = ROOT + 1;

/// The most files and directories that a guest can have open.
const MAX_OPEN: usize = 256;

/// A descriptor, other than a closed one.
#[derive(Debug)]
pub(crate) enum Descriptor<'a> {
    Stdin,
    Stdout,
    Stderr,
    Root,
    File(&'a mut File),
    Directory(&'a mut Directory),
}

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    /// Its entries, once they were asked for.
    pub(crate) listing: Option<Vec<Entry>>,
}

/// An entry of a directory.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
enum Open {
    File(File),
    Directory(Directory),
}

/// The files and directories that a guest has open.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<Option<Open>>);

impl Files {
    pub(crate) fn get(&mut self, fd: u32) -> Result<Descriptor<'_>, Errno> {
        match fd {
            0 => Ok(Descriptor::Stdin),
            1 => Ok(Descriptor::Stdout),
            2 => Ok(Descriptor::Stderr),
            ROOT => Ok(Descriptor::Root),
            _ => match self.0.get_mut((fd - FIRST) as usize) {
                Some(Some(Open::File(file))) => Ok(Descriptor::File(file)),
                Some(Some(Open::Directory(directory))) => Ok(Descriptor::Directory(directory)),
                Some(None) | None => Err(Errno::BADF),
            },
        }
    }

    /// The path of an open directory.
    pub(crate) fn directory(&mut self, fd: u32) -> Result<&Path, Errno> {
        match self.get(fd)? {
            Descriptor::Root => Ok(Path::new("/")),
            Descriptor::Directory(directory) => Ok(&directory.path),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// An open file.
    pub(crate) fn file(&mut self, fd: u32) -> Result<&mut File, Errno> {
        match self.get(fd)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Root | Descriptor::Directory(_) => Err(Errno::ISDIR),
            _ => Err(Errno::SPIPE),
        }
    }

    pub(crate) fn open_file(&mut self, file: File) -> Result<u32, Errno> {
        self.insert(Open::File(file))
    }

    pub(crate) fn open_directory(&mut self, path: PathBuf) -> Result<u32, Errno> {
        self.insert(Open::Directory(Directory {
            path,
            listing: None,
        }))
    }

    fn insert(&mut self, open: Open) -> Result<u32, Errno> {
        let free = self.0.iter().position(Option::is_none);
        let slot = free.unwrap_or(self.0.len());
        if slot == MAX_OPEN {
            return Err(Errno::MFILE);
        }
        if free.is_none() {
            self.0.push(None);
        }
        self.0[slot] = Some(open);
        Ok(FIRST + slot as u32)
    }

    /// Closes a descriptor. The four that were there from the start stay.
    pub(crate) fn close(&mut self, fd: u32) -> Result<(), Errno> {
        if fd < FIRST {
            return Err(Errno::NOTSUP);
        }
        match self.0.get_mut((fd - FIRST) as usize).and_then(Option::take) {
            Some(_) => Ok(()),
            None => Err(Errno::BADF),
        }
    }
}

/// The type of a file, by its number in WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Neither of the others. Also for streams: what they are in the host is not to be seen.
    Unknown = 0,
    Directory = 3,
    File = 4,
    Link = 7,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            _ if kind.is_dir() => Self::Directory,
            _ if kind.is_file() => Self::File,
            _ if kind.is_symlink() => Self::Link,
            _ => Self::Unknown,
        }
    }
}

/// The `filestat` record of something that is there but of which nothing may be seen.
pub(crate) fn bare_stat(kind: Kind) -> [u8; 64] {
    let mut stat = [0; 64];
    stat[16] = kind as u8;
    stat[24] = 1;
    stat
}

/// The `filestat` record. Size and modification time are real, since macros put both into their
/// output; the rest would only tell one machine from another.
pub(crate) fn stat(path: &Path, metadata: &Metadata) -> [u8; 64] {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |time| time.as_nanos() as u64);
    let kind = Kind::from(metadata.file_type());
    // A directory's size depends on the file system.
    let size = if kind == Kind::Directory {
        0
    } else {
        metadata.len()
    };
    let mut stat = bare_stat(kind);
    stat[8..16].copy_from_slice(&inode(path).to_le_bytes());
    stat[32..40].copy_from_slice(&size.to_le_bytes());
    for time in [40, 48, 56] {
        stat[time..time + 8].copy_from_slice(&modified.to_le_bytes());
    }
    stat
}

/// A number that is the same for two paths only if they are: FNV-1a of the canonical path.
pub(crate) fn inode(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}
