//! Lists the files in `digests/`, so that a new one needs no line of code.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets the folder of the package");
    let folder = Path::new(&root).join("digests");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(&folder).expect("the folder `digests` is part of the package");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("the folder `digests` can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let mut list = "[\n".to_owned();
    for file in files {
        writeln!(list, "    include_str!({file:?}),").expect("a string takes all text");
    }
    list.push_str("]\n");
    let output = env::var("OUT_DIR").expect("cargo sets the folder for outputs");
    fs::write(Path::new(&output).join("digests.rs"), list).expect("the output can be written");
}
