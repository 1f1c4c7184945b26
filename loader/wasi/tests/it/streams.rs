//! Standard streams, and reading open files.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use pm_wasi::{CAPTURE_LIMIT, Grants, Output, WasiCtx};

use crate::errno::*;
use crate::guest::{Guest, INPUT, OUT};

fn write(guest: &mut Guest, fd: u64, pieces: &[&str]) -> u32 {
    let mut buffers = Vec::new();
    let mut at = 4096;
    for piece in pieces {
        guest.put(at, piece.as_bytes());
        buffers.push((at, piece.len() as u32));
        at += piece.len() as u32;
    }
    guest.put_buffers(INPUT, &buffers);
    guest.call(
        "fd_write",
        &[fd, INPUT.into(), buffers.len() as u64, OUT.into()],
    )
}

#[test]
fn streams_are_kept_apart() {
    let mut guest = Guest::new(Grants::default());
    assert_eq!(write(&mut guest, 1, &["out ", "", "put\n"]), SUCCESS);
    assert_eq!(guest.u32(OUT), 8);
    assert_eq!(write(&mut guest, 2, &["error"]), SUCCESS);
    assert_eq!(write(&mut guest, 1, &[]), SUCCESS);
    assert_eq!(guest.u32(OUT), 0);
    for (fd, errno) in [(0, BADF), (3, BADF), (4, BADF), (0xffff_ffff, BADF)] {
        assert_eq!(write(&mut guest, fd, &["x"]), errno);
    }
    let wasi = &guest.store.data().wasi;
    assert_eq!(wasi.stdout().unwrap().to_string(), "out put\n");
    assert_eq!(wasi.stderr().unwrap().bytes(), b"error");
    for (fd, errno) in [(0, BADF), (1, SPIPE), (2, SPIPE), (3, BADF), (4, BADF)] {
        assert_eq!(
            guest.call("fd_pwrite", &[fd, INPUT.into(), 0, 0, OUT.into()]),
            errno
        );
    }
}

#[test]
fn captured_output_is_cut() {
    let mut guest = Guest::new(Grants::default());
    // 48 KiB, seven times in each call.
    guest.put_buffers(INPUT, &[(4096, 48 << 10); 7]);
    let calls = CAPTURE_LIMIT as u64 / (7 * (48 << 10)) + 1;
    for _ in 0..calls {
        assert_eq!(
            guest.call("fd_write", &[1, INPUT.into(), 7, OUT.into()]),
            SUCCESS
        );
        assert_eq!(guest.u32(OUT), 7 * (48 << 10));
    }
    let captured = guest.store.data().wasi.stdout().unwrap();
    let cut = calls * 7 * (48 << 10) - CAPTURE_LIMIT as u64;
    assert_eq!(
        (captured.bytes().len(), captured.cut()),
        (CAPTURE_LIMIT, cut)
    );
    let note = format!("\n[{cut} more bytes were written and not kept]\n");
    assert!(captured.to_string().ends_with(&note));
}

/// Takes a little and then fails.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.0.lock().unwrap();
        if taken.len() + bytes.len() > 8 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        taken.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails() {
    let pipe = Pipe::default();
    let output = Output::Writer(Box::new(pipe.clone()));
    let mut guest = Guest::with(WasiCtx::new(Arc::default()).with_stdout(output));
    assert_eq!(write(&mut guest, 1, &["12345678"]), SUCCESS);
    assert_eq!(write(&mut guest, 1, &["9"]), 64);
    assert_eq!(*pipe.0.lock().unwrap(), b"12345678");
    assert_eq!(guest.store.data().wasi.stdout(), None);
}

#[test]
fn streams_have_no_place_nor_kind() {
    let mut guest = Guest::new(Grants::default());
    assert_eq!(guest.read(0).as_deref(), Ok(""));
    assert_eq!((guest.read(1), guest.read(2)), (Err(BADF), Err(BADF)));
    for fd in 0..3 {
        guest.put(OUT, &[0xff; 64]);
        assert_eq!(guest.call("fd_fdstat_get", &[fd, OUT.into()]), SUCCESS);
        assert_eq!(guest.bytes(OUT, 1), [0]);
        assert_eq!(guest.call("fd_filestat_get", &[fd, OUT.into()]), SUCCESS);
        assert_eq!(guest.bytes(OUT + 16, 1), [0]);
        assert_eq!(guest.call("fd_seek", &[fd, 0, 1, OUT.into()]), SPIPE);
        assert_eq!(guest.call("fd_tell", &[fd, OUT.into()]), SPIPE);
        assert_eq!(
            guest.call("fd_readdir", &[fd, 0, 100, 0, OUT.into()]),
            NOTDIR
        );
        assert_eq!(guest.call("fd_close", &[fd]), NOTSUP);
        assert_eq!(guest.call("fd_filestat_set_size", &[fd, 0]), INVAL);
    }
}

#[test]
fn reading_and_seeking() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("digits");
    fs_err::write(&file, "0123456789").unwrap();
    let mut grants = Grants::default();
    grants.read(&file).unwrap();
    let mut guest = Guest::new(grants);
    let file = guest
        .open(file.canonicalize().unwrap().to_str().unwrap())
        .unwrap();
    assert_eq!(guest.read(file).as_deref(), Ok("0123456789"));
    let fd = u64::from(file);

    let seeks = [
        (4, 0, Ok(4)),
        (2, 1, Ok(6)),
        ((-3_i64).cast_unsigned(), 1, Ok(3)),
        ((-1_i64).cast_unsigned(), 2, Ok(9)),
        (7, 2, Ok(17)),
        ((-18_i64).cast_unsigned(), 1, Err(INVAL)),
        (u64::MAX, 0, Err(INVAL)),
        (0, 3, Err(INVAL)),
        (8, 0, Ok(8)),
    ];
    for (offset, whence, expected) in seeks {
        let found = match guest.call("fd_seek", &[fd, offset, whence, OUT.into()]) {
            0 => Ok(guest.u64(OUT)),
            errno => Err(errno),
        };
        assert_eq!(found, expected, "{offset} {whence}");
    }
    // In place, and without moving the position.
    guest.put_buffers(INPUT, &[(2048, 2), (4096, 3)]);
    assert_eq!(
        guest.call("fd_pread", &[fd, INPUT.into(), 2, 6, OUT.into()]),
        SUCCESS
    );
    assert_eq!(
        (guest.u32(OUT), guest.text(2048, 2), guest.text(4096, 2)),
        { (4, "67".to_owned(), "89".to_owned()) }
    );
    assert_eq!(guest.call("fd_tell", &[fd, OUT.into()]), SUCCESS);
    assert_eq!(guest.u64(OUT), 8);
    assert_eq!(guest.read(file).as_deref(), Ok("89"));

    assert_eq!(guest.call("fd_fdstat_get", &[fd, OUT.into()]), SUCCESS);
    assert_eq!(guest.bytes(OUT, 1), [4]);
    assert_eq!(guest.call("fd_advise", &[fd, 0, 0, 0]), SUCCESS);
    assert_eq!(
        guest.call("fd_readdir", &[fd, 0, 100, 0, OUT.into()]),
        NOTDIR
    );
    assert_eq!(write(&mut guest, fd, &["x"]), BADF);
    assert_eq!(guest.call("fd_close", &[fd]), SUCCESS);
    assert_eq!(guest.call("fd_close", &[fd]), BADF);
    assert_eq!(guest.read(file), Err(BADF));
}
