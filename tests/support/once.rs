//! Work that is done once for a run of the tests, however many processes that has.

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// The folder that the tests may write to; it stays between runs.
pub fn scratch() -> PathBuf {
    // Cargo sets it for the test binary alone, which this library isn't part of.
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(target, PathBuf::from);
    let scratch = target.join("tmp/pm-tests");
    fs::create_dir_all(&scratch).expect("the target directory can be written to");
    fs::canonicalize(&scratch).expect("it was made just now")
}

/// Does `work` in the first process of this run that gets here, and has the others wait for it.
///
/// Nextest runs each test in a process of its own and tells them by `NEXTEST_RUN_ID` that they
/// belong together. Without it (`cargo test`) each process is a run. Work that fails is tried again
/// by the next process, so that each test tells why it failed.
pub fn once<T: Serialize + DeserializeOwned>(name: &str, work: impl FnOnce() -> T) -> T {
    let file = scratch().join(format!("{name}.json"));
    let lock = fs::File::create(file.with_extension("lock")).expect("a lock file");
    lock.file().lock().expect("a lock");
    let run = std::env::var("NEXTEST_RUN_ID").ok();
    if let Some(done) = run.as_deref().and_then(|run| read(&file, run)) {
        return done;
    }
    let done = work();
    let text = serde_json::to_vec_pretty(&(&run, &done)).expect("plain data");
    fs::write(&file, text).expect("the scratch folder can be written to");
    done
}

fn read<T: DeserializeOwned>(file: &Path, run: &str) -> Option<T> {
    let (found, done): (Option<String>, T) = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (found.as_deref() == Some(run)).then_some(done)
}
