//! Options by a user of `proc-macro-error`.
#![allow(dead_code)]

use structopt::StructOpt as _;
use structopt_derive::StructOpt;

/// Does something
///
/// With a longer text.
#[derive(StructOpt, Debug)]
#[structopt(name = "frob", about = "overridden", rename_all = "kebab-case")]
struct Options {
    /// How much
    #[structopt(short, long, parse(from_occurrences))]
    verbose: u8,
    #[structopt(long, default_value = "42", env = "ANSWER")]
    answer_to_all: u64,
    #[structopt(name = "FILE", parse(from_os_str))]
    files: Vec<std::path::PathBuf>,
    #[structopt(long, possible_values = &["a", "b"], case_insensitive = true)]
    choice: Option<String>,
    #[structopt(subcommand)]
    command: Option<Command>,
    #[structopt(flatten)]
    more: More,
    #[structopt(skip = vec![1, 2])]
    skipped: Vec<u8>,
}

#[derive(StructOpt, Debug)]
struct More {
    #[structopt(long, requires = "answer-to-all")]
    r#type: Option<Option<String>>,
}

#[derive(StructOpt, Debug)]
enum Command {
    /// Adds
    #[structopt(alias = "plus")]
    Add { names: Vec<String> },
    Remove(More),
    #[structopt(external_subcommand)]
    Other(Vec<String>),
}

fn main() {
    let _ = Options::from_args();
}
