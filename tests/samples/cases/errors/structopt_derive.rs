//! Refused through proc-macro-error 1, whose diagnostics unwind; with syn 1.
//@ edition: 2018

use structopt_derive::StructOpt;

#[derive(StructOpt)]
struct Conflict {
    #[structopt(subcommand, flatten)]
    a: u8,
}

#[derive(StructOpt)]
struct NotAMethod {
    #[structopt(rename_all = "nothing")]
    b: u8,
}

#[derive(StructOpt)]
struct Skipped {
    #[structopt(skip, required = true)]
    c: u8,
}

#[derive(StructOpt)]
enum Fields {
    #[structopt(flatten)]
    Two(u8, u8),
}

#[derive(StructOpt)]
union Union {
    d: u8,
}
