//! Macros that fail through `proc-macro-error` (structopt) and `proc-macro-error2` (getset).
#![allow(dead_code)]

use getset::{CopyGetters, Getters, MutGetters, Setters, WithSetters};
use structopt_derive::StructOpt;

#[derive(Getters, Setters)]
struct Duplicate {
    #[getset(get = "pub", get = "pub(crate)")]
    #[getset(get)]
    a: u8,
    #[getset(set = "nonsense visibility")]
    b: u8,
}

#[derive(Getters)]
struct Skip {
    #[getset(skip, get = "pub")]
    a: u8,
    #[getset(unknown = "pub", get = 3)]
    b: u8,
}

#[derive(Getters, CopyGetters, MutGetters)]
enum NotAStruct {
    A,
}

#[derive(Getters, Setters, WithSetters)]
#[getset(get = "pub", set)]
struct Tuple(u8, u16);

#[derive(StructOpt)]
struct Options {
    #[structopt(short, long, flatten)]
    a: u8,
    #[structopt(unknown_method = 3, subcommand, skip)]
    b: u8,
    #[structopt(default_value = "1", default_value)]
    c: bool,
    #[structopt(parse(nonsense = f, 3))]
    d: Option<Option<Option<u8>>>,
    #[structopt(rename_all = "nonsense")]
    e: u8,
    #[structopt(required(true), default_value = "x")]
    f: Option<u8>,
}

#[derive(StructOpt)]
struct Newtype(u8, u8);

#[derive(StructOpt)]
enum Commands {
    A(u8, u8),
    #[structopt(external_subcommand)]
    B(u8),
    #[structopt(external_subcommand)]
    C(Vec<String>),
    #[structopt(flatten, external_subcommand)]
    D,
}

#[derive(StructOpt)]
union Union {
    a: u8,
}
