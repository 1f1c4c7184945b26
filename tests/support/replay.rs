//! Playing a recorded expansion to a macro: whoever runs it, it must ask and answer the same.

use fs_err as fs;
use pm_loader::Dispatch;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// One recorded expansion (`tests/oracle/src/record.rs` has the format).
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The module.
    pub module: PathBuf,
    /// The macro's number in it.
    pub index: usize,
    /// What its entry point was given.
    pub input: Vec<u8>,
    /// What it returned.
    pub output: Vec<u8>,
    calls: VecDeque<(Vec<u8>, Vec<u8>)>,
}

/// Reads a file of recordings.
pub fn read(file: &Path) -> Vec<Recording> {
    let bytes = fs::read(file).expect("a recording");
    let mut rest = bytes.as_slice();
    let mut recordings = Vec::new();
    while !rest.is_empty() {
        let module = String::from_utf8(frame(&mut rest)).expect("a path in UTF-8");
        let index = String::from_utf8(frame(&mut rest)).expect("a number");
        let mut recording = Recording {
            module: module.into(),
            index: index.parse().expect("a number"),
            input: frame(&mut rest),
            ..Recording::default()
        };
        loop {
            let request = frame(&mut rest);
            if request.is_empty() {
                break;
            }
            recording.calls.push_back((request, frame(&mut rest)));
        }
        recording.output = frame(&mut rest);
        recordings.push(recording);
    }
    recordings
}

fn frame(rest: &mut &[u8]) -> Vec<u8> {
    let (len, after) = rest.split_first_chunk().expect("a length");
    let (frame, after) = after.split_at(u32::from_le_bytes(*len) as usize);
    *rest = after;
    frame.to_vec()
}

/// Answers what was answered then.
#[derive(Debug)]
pub struct Replay {
    calls: VecDeque<(Vec<u8>, Vec<u8>)>,
    asked: usize,
    /// The first request that was another than then.
    pub deviation: Option<String>,
}

impl Replay {
    /// Begins with a recording's first request.
    pub fn new(recording: &Recording) -> Replay {
        Replay {
            calls: recording.calls.clone(),
            asked: 0,
            deviation: None,
        }
    }

    /// How many recorded requests were not made.
    pub fn left(&self) -> usize {
        self.calls.len()
    }
}

impl Dispatch for Replay {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        match self.calls.pop_front() {
            Some((expected, answer)) if expected == request => reply.extend(answer),
            other => {
                let asked = self.asked;
                self.deviation.get_or_insert_with(|| {
                    format!(
                        "request {asked} is {request:?}, and was {:?}",
                        other.map(|c| c.0)
                    )
                });
                // `Err(PanicMessage::Unknown)`
                reply.extend([1, 1]);
            }
        }
        self.asked += 1;
    }
}
