//! Conflicts and mistakes in the attributes of `clap_derive`.
#![allow(dead_code)]

use clap_derive::{Args, Parser, Subcommand, ValueEnum};

#[derive(Parser)]
struct Tuple(u8, u8);

#[derive(Parser)]
struct Conflicts {
    #[arg(skip, long)]
    skip: u8,
    #[command(subcommand, flatten)]
    both: u8,
    #[arg(long, default_value_t = 1, default_value_t = 2)]
    twice: u8,
    #[arg(default_value_t)]
    option: Option<u8>,
    #[arg(long(x), unknown_method = 3)]
    unknown: bool,
    #[arg(short = "long")]
    short: String,
    #[command(flatten)]
    flat: NotArgs,
    #[arg(value_enum)]
    value: NotValueEnum,
    #[arg(value_parser = not_a_parser)]
    parser: u16,
}

struct NotArgs;
struct NotValueEnum;

#[derive(Parser)]
#[command(rename_all = "nonsense")]
struct Case {
    a: u8,
}

#[derive(Subcommand)]
enum Sub {
    #[command(flatten)]
    Flat { a: u8 },
    Tuple(u8, u8),
    #[command(external_subcommand)]
    External,
}

#[derive(ValueEnum, Clone)]
enum Values {
    A(u8),
}

#[derive(Args)]
union Union {
    a: u8,
}

#[derive(ValueEnum, Clone)]
struct NotAnEnum;
