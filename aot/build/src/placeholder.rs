//! What stands where cargo expects a library that nothing has needed yet.
//!
//! Cargo sees the files that it asked for, and takes the unit for compiled. They only say what they
//! are; whoever needs the library has it made first ([`materialise`](crate::materialise)).

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;

const MAGIC: &[u8] = b"pm-aot placeholder\n";

const TEXT: &str = "\
pm-aot placeholder
The crate that belongs here has not been compiled: the macro crates that use it were in pm-aot's
cache, and nothing else has needed it. `pm-aot cargo` compiles it as soon as something does.
";

/// The two files of a library: rustc writes the metadata first.
pub(crate) fn files(library: &Path) -> [PathBuf; 2] {
    [
        library.with_extension("rmeta"),
        library.with_extension("rlib"),
    ]
}

/// Puts one where the files of a library belong.
pub(crate) fn write(library: &Path) -> io::Result<()> {
    for file in files(library) {
        // The old one may have another name too, which isn't ours to write to.
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::write(&file, TEXT)?,
        }
    }
    Ok(())
}

/// Whether a library, by the path of either file, isn't there or not whole.
pub(crate) fn stands_for(library: &Path) -> bool {
    let of_library = ["rmeta", "rlib"].map(Some);
    let extension = library.extension().and_then(|extension| extension.to_str());
    of_library.contains(&extension) && files(library).iter().any(|file| is_one(file))
}

fn is_one(file: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    fs::File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == MAGIC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_there_when_both_files_are() {
        assert!(TEXT.as_bytes().starts_with(MAGIC));
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("liba-1.rlib");
        let check = |expect: bool| {
            for file in files(&library) {
                assert_eq!(stands_for(&file), expect);
            }
        };
        check(false);
        let linked = folder.path().join("elsewhere");
        fs::write(&library, "code").unwrap();
        fs::hard_link(&library, &linked).unwrap();
        write(&library).unwrap();
        assert_eq!(fs::read_to_string(linked).unwrap(), "code");
        check(true);
        fs::write(library.with_extension("rmeta"), "rust").unwrap();
        check(true);
        fs::write(&library, "!<arch>").unwrap();
        check(false);
        fs::write(folder.path().join("liba-1.so"), TEXT).unwrap();
        assert!(!stands_for(&folder.path().join("liba-1.so")));
    }
}
