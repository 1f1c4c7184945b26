//! The import `fd_readdir`, with each directory's entries as they were when the reading began.
//!
//! rustc asks for a directory's entries in parts, and wasmtime-wasi reads the whole directory again
//! for each part. Where another process adds or removes a file in between (cargo runs several
//! rustcs over one `deps` folder), entries are skipped, or one that was removed ends the reading
//! with an error. rustc then misses crates that are there. A native rustc has no such trouble:
//! `readdir(3)` returns each file that is there from the beginning to the end.

use crate::run::Host;
use std::collections::BTreeMap;
use wasmtime::{Caller, Linker};
use wasmtime_wasi::p1::{WasiP1Ctx, types, wasi_snapshot_preview1::WasiSnapshotPreview1};
use wiggle::{GuestMemory, GuestPtr};

/// Length of a `dirent` without its name; at 16 is the name's length, a `u32`
/// (`$dirent` in WASI preview 1's `typenames.witx`).
const DIRENT: usize = 24;
/// The most times that a directory is read because a file went away meanwhile.
const ATTEMPTS: usize = 1000;

/// The directories that rustc is reading, by descriptor.
#[derive(Default)]
pub(crate) struct Directories(BTreeMap<u32, Vec<u8>>);

impl Directories {
    /// Fills `part` with entries from number `cookie` on; the last one may be cut off. Returns how
    /// many bytes there were to write: less than the length of `part` if it was the last part.
    fn read(
        &mut self,
        wasi: &mut WasiP1Ctx,
        fd: u32,
        cookie: u64,
        part: &mut [u8],
    ) -> Result<u32, types::Error> {
        if cookie == 0 || !self.0.contains_key(&fd) {
            self.0.remove(&fd);
            let entries = list(wasi, fd)?;
            self.0.insert(fd, entries);
        }
        let mut entries = self.0[&fd].as_slice();
        for _ in 0..cookie {
            let Some(name) = entries.get(16..20) else {
                break;
            };
            let name = u32::from_le_bytes([name[0], name[1], name[2], name[3]]);
            entries = entries.get(DIRENT + name as usize..).unwrap_or_default();
        }
        let length = entries.len().min(part.len());
        part[..length].copy_from_slice(&entries[..length]);
        if length < part.len() {
            // It was read to its end. The number may be another directory's next time.
            self.0.remove(&fd);
        }
        Ok(u32::try_from(length)?)
    }
}

/// All entries of a directory, as `fd_readdir` encodes them.
fn list(wasi: &mut WasiP1Ctx, fd: u32) -> Result<Vec<u8>, types::Error> {
    let mut buffer = vec![0; 1 << 16];
    let mut attempt = 1;
    loop {
        let length = u32::try_from(buffer.len())?;
        let mut memory = GuestMemory::Unshared(&mut buffer);
        let read = wasi.fd_readdir(&mut memory, fd.into(), GuestPtr::new(0), length, 0);
        match wasmtime_wasi::runtime::in_tokio(read) {
            Ok(read) if read == length => buffer.resize(buffer.len() * 2, 0),
            Ok(read) => {
                buffer.truncate(read as usize);
                return Ok(buffer);
            }
            // It was listed, and was gone before it could be looked at.
            Err(error) => match error.downcast() {
                Ok(types::Errno::Noent) if attempt < ATTEMPTS => attempt += 1,
                Ok(errno) => return Err(errno.into()),
                Err(trap) => return Err(types::Error::trap(trap)),
            },
        }
    }
}

/// Defines the import in place of wasmtime-wasi's.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap("wasi_snapshot_preview1", "fd_readdir", fd_readdir)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// `(fd, buffer, length, cookie, out)`: an error number; at `out` how many bytes were written.
fn fd_readdir(
    mut caller: Caller<'_, Host>,
    fd: u32,
    buffer: u32,
    length: u32,
    cookie: u64,
    out: u32,
) -> wasmtime::Result<u32> {
    let exports = caller.data().exports()?;
    exports.read(&caller, out, 4)?;
    let mut part = exports.read(&caller, buffer, length)?.to_vec();
    let host = caller.data_mut();
    match host.directories.read(&mut host.wasi, fd, cookie, &mut part) {
        Ok(read) => {
            exports.write(&mut caller, buffer, &part[..read as usize])?;
            exports.write(&mut caller, out, &read.to_le_bytes())?;
            Ok(types::Errno::Success as u32)
        }
        Err(error) => Ok(error.downcast()? as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;
    use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

    /// The first descriptor that is opened beforehand.
    const PREOPENED: u32 = 3;

    fn wasi(folder: &Path) -> WasiP1Ctx {
        let mut builder = WasiCtxBuilder::new();
        builder
            .preopened_dir(folder, "/", FsPerms::ReadOnly)
            .unwrap();
        builder.build_p1()
    }

    /// Names, read in parts as wasi-libc does: what is cut off is asked for again. `between` runs
    /// after each part.
    fn names(folder: &Path, length: usize, mut between: impl FnMut()) -> Vec<String> {
        let (mut wasi, mut directories) = (wasi(folder), Directories::default());
        let (mut names, mut cookie) = (Vec::new(), 0);
        loop {
            let mut part = vec![0; length];
            let read = directories.read(&mut wasi, PREOPENED, cookie, &mut part);
            let read = read.unwrap() as usize;
            let mut entries = &part[..read];
            while let Some((head, rest)) = entries.split_at_checked(DIRENT) {
                let name = u32::from_le_bytes(head[16..20].try_into().unwrap()) as usize;
                let Some((name, rest)) = rest.split_at_checked(name) else {
                    break;
                };
                names.push(String::from_utf8(name.to_vec()).unwrap());
                cookie = u64::from_le_bytes(head[..8].try_into().unwrap());
                entries = rest;
            }
            if read < length {
                assert!(directories.0.is_empty());
                return names;
            }
            between();
        }
    }

    #[test]
    fn files_that_come_and_go_hide_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let stay: BTreeSet<String> = (0..300).map(|n| format!("libstays{n}.rmeta")).collect();
        for name in &stay {
            std::fs::write(folder.join(name), "").unwrap();
        }
        for n in 0..300 {
            std::fs::write(folder.join(format!("goes{n}")), "").unwrap();
        }
        let mut count = 0;
        let names = names(folder, 512, || {
            for _ in 0..if count < 2000 { 20 } else { 0 } {
                std::fs::write(folder.join(format!("comes{count}")), "").unwrap();
                let _ = std::fs::remove_file(folder.join(format!("goes{count}")));
                count += 1;
            }
        });
        let found: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!(found.len(), names.len(), "no name twice");
        assert!(stay.is_subset(&found));
        assert!(found.contains(".") && found.contains(".."));
    }

    /// wasmtime-wasi looks at each file after it has read their names.
    #[test]
    fn a_file_that_goes_away_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..50 {
            std::fs::write(folder.path().join(format!("stays{n}")), "").unwrap();
        }
        let file = folder.path().join("flickers");
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let flicker = std::thread::spawn(move || {
            while let Err(std::sync::mpsc::TryRecvError::Empty) = stopped.try_recv() {
                std::fs::write(&file, "").unwrap();
                std::fs::remove_file(&file).unwrap();
            }
        });
        for _ in 0..200 {
            let names = names(folder.path(), 4096, || ());
            let stay = names.iter().filter(|name| name.starts_with("stays"));
            assert_eq!(stay.count(), 50);
        }
        drop(stop);
        flicker.join().unwrap();
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut directories = Directories::default();
        let error = directories
            .read(&mut wasi(folder.path()), 99, 0, &mut [0; 64])
            .unwrap_err();
        assert_eq!(error.downcast().unwrap(), types::Errno::Badf);
        assert!(directories.0.is_empty());
    }
}
