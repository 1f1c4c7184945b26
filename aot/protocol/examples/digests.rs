//! Prints the digests that make a rustc's sources known to pm-protocol.
//!
//! ```text
//! cargo run -p pm-protocol --example digests -- LIBRARY RELEASE > aot/protocol/digests/RELEASE.txt
//! ```
//!
//! LIBRARY is the folder `library/` of the sources of that release. The release must have a bridge
//! that is one of the profiles of pm-abi: an error says where it differs. Read what changed since
//! the last release before you add a file: it says that no check is needed.

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [library, release] = arguments.as_slice() else {
        eprintln!("usage: digests LIBRARY RELEASE");
        return ExitCode::from(2);
    };
    match pm_protocol::digest_file(Path::new(library), release) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
