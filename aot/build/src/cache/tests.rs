//! A cache in a temporary directory, with macro crates of a few bytes.

use std::time::{Duration, SystemTime};

use super::*;
use crate::dep_info::DepInfo;
use crate::known::{Input, Known};
use crate::sources;

struct Machine {
    folder: tempfile::TempDir,
    cache: MacroCache,
}

impl Machine {
    fn new(limit: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = MacroCache::new(folder.path().join("cache"), limit);
        Self { folder, cache }
    }

    /// The files of a macro crate, each with this content.
    fn made(&self, content: &str) -> Entry {
        let directory = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let file = |name: &str| {
            let path = directory.join(name);
            fs::write(&path, format!("{content} {name}")).unwrap();
            path
        };
        Entry {
            module: file("m-1.wasm"),
            artifact: file("m-1.cwasm"),
            metadata: file("metadata"),
        }
    }

    fn add(&self, key: &str, content: &str) {
        self.cache.add_macro(key, &self.made(content)).unwrap();
    }

    /// What is in the module of a key.
    fn find(&self, key: &str) -> Option<String> {
        let entry = self.cache.find_macro(key)?;
        Some(fs::read_to_string(entry.module).unwrap())
    }

    /// Makes an entry look as if it had not been used for some hours.
    fn age(&self, key: &str, hours: u64) {
        let manifest = self.cache.root().join("macros").join(key).join("manifest");
        let time = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
        std::fs::File::open(manifest)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }

    /// A unit with one source file.
    fn unit(&self, input: &str, source: &str) -> (Input, Known) {
        let directory = self.folder.path();
        fs::write(directory.join("lib.rs"), source).unwrap();
        let dep_info = DepInfo {
            sources: vec!["lib.rs".into()],
            variables: Vec::new(),
        };
        let sources = sources::read(&dep_info, directory).unwrap();
        let input = Input {
            digest: input.into(),
            package: None,
        };
        let later = SystemTime::now() + Duration::from_secs(60);
        let said = vec!["warning".to_owned()];
        let known = Known::of_compile(&input, &dep_info, &sources, directory, later, said);
        (input, known.unwrap())
    }
}

#[test]
fn what_was_added_is_found() {
    let machine = Machine::new(u64::MAX);
    assert_eq!(machine.cache.usage().unwrap(), Usage::default());
    assert_eq!(machine.find("key"), None);
    machine.add("key", "a");
    assert_eq!(machine.find("key").as_deref(), Some("a m-1.wasm"));
    // Whoever comes second has made the same.
    machine.add("key", "a");
    machine.add("other", "b");
    let usage = machine.cache.usage().unwrap();
    assert_eq!(usage.macros, 2);
    assert!(usage.bytes > 100, "{usage:?}");
    assert_eq!(machine.cache.clear().unwrap(), usage);
    assert_eq!(machine.cache.usage().unwrap(), Usage::default());
    assert_eq!(machine.find("key"), None);
    machine.add("key", "c");
    assert_eq!(machine.find("key").as_deref(), Some("c m-1.wasm"));
}

#[test]
fn a_damaged_entry_is_dropped() {
    for name in ["module.wasm", "module.cwasm", "metadata.rmeta", "manifest"] {
        for gone in [false, true] {
            let machine = Machine::new(u64::MAX);
            machine.add("key", "a");
            let file = machine.cache.root().join("macros/key").join(name);
            let mut bytes = fs::read(&file).unwrap();
            fs::remove_file(&file).unwrap();
            if !gone {
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(&file, bytes).unwrap();
            }
            assert_eq!(machine.find("key"), None, "{name}");
            assert_eq!(machine.cache.usage().unwrap().macros, 0, "{name}");
            machine.add("key", "a");
            assert!(machine.find("key").is_some(), "{name}");
        }
    }
}

#[test]
fn what_was_used_least_recently_goes_first() {
    let one = {
        let machine = Machine::new(u64::MAX);
        machine.add("a", "a");
        machine.cache.usage().unwrap().bytes
    };
    let machine = Machine::new(one * 3);
    for (key, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        machine.add(key, key);
        machine.age(key, hours);
    }
    assert!(machine.find("a").is_some());
    machine.add("d", "d");
    let there = ["a", "b", "c", "d"].map(|key| machine.find(key).is_some());
    assert_eq!(there, [true, false, true, true]);
    assert!(machine.cache.usage().unwrap().bytes <= machine.cache.limit());
    // One that is too large for itself.
    let machine = Machine::new(one - 1);
    machine.add("a", "a");
    assert_eq!(machine.cache.usage().unwrap(), Usage::default());
}

#[test]
fn units_are_found_by_their_sources() {
    let machine = Machine::new(u64::MAX);
    let directory = machine.folder.path();
    let (input, first) = machine.unit("input", "fn a() {}");
    assert_eq!(machine.cache.find_unit(&input, directory), None);
    machine.cache.add_unit(&first).unwrap();
    let (_, second) = machine.unit("input", "fn b() {}");
    assert_eq!(machine.cache.find_unit(&input, directory), None);
    machine.cache.add_unit(&second).unwrap();
    assert_eq!(machine.cache.find_unit(&input, directory), Some(second));
    machine.unit("input", "fn a() {}");
    assert_eq!(
        machine.cache.find_unit(&input, directory),
        Some(first.clone())
    );
    let (other, _) = machine.unit("other", "fn a() {}");
    assert_eq!(machine.cache.find_unit(&other, directory), None);

    let file = machine.cache.root().join("units/input").join(first.key());
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(machine.cache.find_unit(&input, directory), None);
    assert!(!file.exists());
}

#[test]
fn what_is_wanted_is_wanted_in_one_project() {
    let machine = Machine::new(u64::MAX);
    let (here, there) = (Path::new("/a/target/pm-aot"), Path::new("/b/target/pm-aot"));
    machine.cache.want("key", here).unwrap();
    machine.cache.want("key", here).unwrap();
    assert!(machine.cache.is_wanted("key", here));
    assert!(!machine.cache.is_wanted("key", there));
    assert!(!machine.cache.is_wanted("other", here));
}

#[test]
fn many_at_once_see_whole_entries_or_none() {
    let machine = Machine::new(2_000);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let machine = &machine;
            scope.spawn(move || {
                for round in 0..40 {
                    let key = format!("key-{}", (round + thread) % 7);
                    // Forgetting may meet another thread's: the cache is then too large for a moment.
                    _ = machine.cache.add_macro(&key, &machine.made(&key));
                    if let Some(entry) = machine.cache.find_macro(&key)
                        && let Ok(text) = fs::read_to_string(entry.module)
                    {
                        assert_eq!(text, format!("{key} m-1.wasm"));
                    }
                    _ = machine.cache.usage();
                }
            });
        }
    });
    machine.add("last", "last");
    assert!(machine.cache.usage().unwrap().bytes <= 2_000);
    assert!(machine.find("last").is_some());
}

#[test]
fn a_link_replaces_what_is_there_and_keeps_the_time() {
    let machine = Machine::new(u64::MAX);
    let entry = machine.made("a");
    let to = machine.folder.path().join("to");
    fs::write(&to, "old").unwrap();
    for _ in 0..2 {
        link(&entry.module, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), fs::read(&entry.module).unwrap());
    }
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(modified(&to), modified(&entry.module));
    let left = fs::read_dir(machine.folder.path()).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".pm-aot-link-")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn a_file_is_no_cache() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let cache = MacroCache::new(file.path().to_owned(), u64::MAX);
    assert!(cache.prepare().is_err());
    let machine = Machine::new(u64::MAX);
    machine.cache.prepare().unwrap();
}
