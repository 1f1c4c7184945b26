//! How large the cache is, and what is forgotten when it is too large.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use super::macros::MANIFEST;
use super::{MacroCache, Usage};

/// What is left in `tmp` for so long, no running build needs.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Something that is forgotten as a whole.
#[derive(Debug)]
struct Item {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

impl Item {
    /// A file, or a directory of files in which one is touched at each use.
    fn of(path: PathBuf, touched: Option<&str>) -> Option<Self> {
        let metadata = fs::metadata(&path).ok()?;
        let (used, bytes) = match touched {
            None => (metadata.modified().ok()?, metadata.len()),
            Some(name) => {
                let touched = fs::metadata(path.join(name)).or(Ok::<_, io::Error>(metadata));
                let sizes = entries(&path).into_iter();
                let sizes = sizes.filter_map(|file| Some(fs::metadata(file).ok()?.len()));
                (touched.ok()?.modified().ok()?, sizes.sum())
            }
        };
        Some(Self { path, used, bytes })
    }
}

/// What is in a directory; nothing if it isn't there any more.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

fn macros(cache: &MacroCache) -> Vec<Item> {
    let all = entries(&cache.macros()).into_iter();
    all.filter_map(|path| Item::of(path, Some(MANIFEST)))
        .collect()
}

fn units(cache: &MacroCache) -> Vec<Item> {
    let inputs = entries(&cache.units()).into_iter();
    let all = inputs.flat_map(|input| entries(&input));
    all.filter_map(|path| Item::of(path, None)).collect()
}

fn wanted(cache: &MacroCache) -> Vec<Item> {
    let all = entries(&cache.wanted()).into_iter();
    all.filter_map(|path| Item::of(path, None)).collect()
}

pub(super) fn usage(cache: &MacroCache) -> io::Result<Usage> {
    match fs::read_dir(cache.root()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Usage::default()),
        other => other.map(drop)?,
    }
    let (macros, units) = (macros(cache), units(cache));
    Ok(Usage {
        macros: macros.len(),
        units: units.len(),
        bytes: macros.iter().chain(&units).map(|item| item.bytes).sum(),
    })
}

impl MacroCache {
    /// Removes what was used least recently until the rest is within the limit.
    pub(super) fn forget(&self) -> io::Result<()> {
        let lock = fs::File::create(self.root().join("lock"))?;
        if lock.file().try_lock().is_err() {
            // Another process is at it.
            return Ok(());
        }
        let mut items = macros(self);
        items.extend(units(self));
        items.extend(wanted(self));
        items.sort_by_key(|item| item.used);
        let mut bytes: u64 = items.iter().map(|item| item.bytes).sum();
        for item in items {
            if bytes <= self.limit {
                break;
            }
            bytes -= item.bytes;
            self.remove(&item.path)?;
            if let Some(directory) = item.path.parent() {
                // An input without variants; else it isn't empty.
                _ = std::fs::remove_dir(directory);
            }
        }
        let now = SystemTime::now();
        for path in entries(&self.temporary()) {
            let modified = fs::metadata(&path).and_then(|file| file.modified());
            if modified.is_ok_and(|it| now.duration_since(it).is_ok_and(|age| age > ABANDONED)) {
                _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
        }
        Ok(())
    }
}
