//! Looking at paths and opening them, for reading.

use std::path::PathBuf;

use fs_err::File;

use crate::context::WasiCtx;
use crate::errno::Errno;
use crate::files::{self, Kind, ROOT};
use crate::memory::Memory;
use crate::resolve::{self, Failure, Found, Last};

const OPEN_CREATE: u32 = 1 << 0;
const OPEN_DIRECTORY: u32 = 1 << 1;
const OPEN_EXCLUSIVE: u32 = 1 << 2;
const OPEN_TRUNCATE: u32 = 1 << 3;

/// `fd_write`, `fd_allocate` and `fd_filestat_set_size`.
const RIGHTS_TO_WRITE: u64 = 1 << 6 | 1 << 8 | 1 << 22;

impl WasiCtx {
    #[expect(clippy::too_many_arguments, reason = "WASI's own")]
    pub(super) fn path_open(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        lookup: u32,
        path: (u32, u32),
        open: u32,
        rights: u64,
        out: u32,
    ) -> Result<(), Errno> {
        const CALL: &str = "path_open";
        let creates = open & (OPEN_CREATE | OPEN_EXCLUSIVE | OPEN_TRUNCATE) != 0;
        if creates || rights & RIGHTS_TO_WRITE != 0 {
            return self.refuse_path(memory, CALL, fd, path);
        }
        // Before anything is opened, so that a bad address leaves no descriptor behind.
        memory.write_u32(out, 0)?;
        let path = self.granted(memory, CALL, fd, lookup, path)?;
        let kind = Kind::from(fs_err::symlink_metadata(&path)?.file_type());
        let opened = match kind {
            Kind::Directory => self.files.open_directory(path),
            _ if open & OPEN_DIRECTORY != 0 => Err(Errno::NOTDIR),
            Kind::File => self.files.open_file(File::open(path)?),
            Kind::Link => Err(Errno::LOOP),
            // Opening a pipe waits for its other end.
            Kind::Unknown => Err(Errno::ACCES),
        }?;
        memory.write_u32(out, opened)
    }

    pub(super) fn path_filestat_get(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        lookup: u32,
        path: (u32, u32),
        out: u32,
    ) -> Result<(), Errno> {
        let record = match self.find(memory, fd, path, last(lookup))? {
            Ok(Found::Granted(path)) => files::stat(&path, &fs_err::symlink_metadata(&path)?),
            Ok(Found::Above(_)) => files::bare_stat(Kind::Directory),
            Err(failure) => return Err(self.failed("path_filestat_get", failure)),
        };
        memory.write(out, &record)
    }

    /// What does not fit is cut off, as by `readlink`.
    pub(super) fn path_readlink(
        &mut self,
        memory: &mut Memory<'_>,
        fd: u32,
        path: (u32, u32),
        (buffer, size): (u32, u32),
        out: u32,
    ) -> Result<(), Errno> {
        let path = match self.find(memory, fd, path, Last::Keep)? {
            Ok(Found::Granted(path)) => path,
            // A canonical path has no links in it.
            Ok(Found::Above(_)) => return Err(Errno::INVAL),
            Err(failure) => return Err(self.failed("path_readlink", failure)),
        };
        let target = fs_err::read_link(path)?;
        let target = target.to_str().ok_or(Errno::ILSEQ)?.as_bytes();
        let fits = target.len().min(size as usize);
        memory.write(buffer, &target[..fits])?;
        memory.write_u32(out, fits as u32)
    }

    /// The canonical form of a path that may be read.
    fn granted(
        &mut self,
        memory: &Memory<'_>,
        call: &'static str,
        fd: u32,
        lookup: u32,
        path: (u32, u32),
    ) -> Result<PathBuf, Errno> {
        match self.find(memory, fd, path, last(lookup))? {
            Ok(Found::Granted(path)) => Ok(path),
            Ok(Found::Above(path)) => Err(self.failed(call, Failure::refused(path))),
            Err(failure) => Err(self.failed(call, failure)),
        }
    }

    /// The outer error is one of the arguments.
    fn find(
        &mut self,
        memory: &Memory<'_>,
        fd: u32,
        (path, length): (u32, u32),
        last: Last,
    ) -> Result<Result<Found, Failure>, Errno> {
        let path = memory.path(path, length)?;
        let start = self.files.directory(fd)?;
        Ok(match fd {
            ROOT => resolve::from_root(&self.grants, path, last),
            _ => resolve::from(&self.grants, start, path, last),
        })
    }
}

fn last(lookup: u32) -> Last {
    if lookup & 1 != 0 {
        Last::Follow
    } else {
        Last::Keep
    }
}
