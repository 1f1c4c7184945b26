//! Everything that crosses the bridge in an expansion, in order.
//!
//! One expansion is a sequence of frames, each a u32 length (little-endian) and that many bytes:
//! the module's path, the macro's index in decimal, the input, then request and reply in turn, an empty frame, and the
//! macro's output. A request is never empty: its first byte is the method.

use pm_loader::Dispatch;
use pm_server::{Rustc, Server};
use std::fs::OpenOptions;
use std::io::Write;

/// The environment variable that names the file.
pub const VARIABLE: &str = "PM_ORACLE_RECORD";

/// Hands requests on, and keeps them where that was asked for.
pub struct Recorder {
    server: Server<Rustc>,
    frames: Option<Vec<u8>>,
}

impl Recorder {
    pub(crate) fn new(server: Server<Rustc>) -> Recorder {
        Recorder { server, frames: std::env::var_os(VARIABLE).map(|_| Vec::new()) }
    }

    /// Writes the expansion to the file, and gives the server back.
    pub(crate) fn finish(
        self,
        wasm: &str,
        index: usize,
        input: &[u8],
        output: &[u8],
    ) -> Server<Rustc> {
        if let (Some(calls), Some(file)) = (self.frames, std::env::var_os(VARIABLE)) {
            let mut bytes = Vec::new();
            frame(&mut bytes, wasm.as_bytes());
            frame(&mut bytes, index.to_string().as_bytes());
            frame(&mut bytes, input);
            bytes.extend(calls);
            frame(&mut bytes, &[]);
            frame(&mut bytes, output);
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(&file)
                .and_then(|mut file| file.write_all(&bytes))
                .unwrap_or_else(|error| panic!("pm-oracle: {}: {error}", file.display()));
        }
        self.server
    }
}

impl Dispatch for Recorder {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        self.server.dispatch(request, reply);
        if let Some(frames) = &mut self.frames {
            frame(frames, request);
            frame(frames, reply);
        }
    }
}

fn frame(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u32::try_from(bytes.len()).expect("a message of less than 4 GiB");
    out.extend(len.to_le_bytes());
    out.extend(bytes);
}
