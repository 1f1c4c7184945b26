//! A command line interface with all that the derives take.
#![allow(dead_code)]

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, ArgGroup};
use clap_derive::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Frobnicates the files
///
/// A longer text, which goes to `--help` alone. It has several
/// lines, and `code`.
///
/// And another paragraph: größe, "quotes", {braces}.
#[derive(Parser, Debug, Clone)]
#[command(name = "frob", version, about, long_about, author)]
#[command(propagate_version = true, arg_required_else_help(true))]
#[command(group(ArgGroup::new("mode").args(["fast", "slow"]).required(false)))]
#[command(after_help = concat!("See also: ", "man frob"), next_line_help = false)]
struct Cli {
    /// How much to say
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,

    /// The file
    ///
    /// With a long text.
    #[arg(value_name = "FILE", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    input: PathBuf,

    /// Where to write
    #[arg(short = 'o', long = "out", alias = "output", visible_alias = "target", env = "FROB_OUT", hide_env_values = true)]
    output: Option<PathBuf>,

    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,

    #[arg(long, default_values_t = vec![1, 2, 3], value_delimiter = ',', num_args = 1..=3)]
    numbers: Vec<u32>,

    #[arg(long, default_value_os_t = PathBuf::from("/tmp"))]
    dir: PathBuf,

    #[arg(short, long, conflicts_with_all = ["slow", "level"])]
    fast: bool,

    #[arg(short, long, requires = "level", overrides_with = "fast")]
    slow: bool,

    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    level: Level,

    #[arg(long, value_parser = PossibleValuesParser::new(["x", "y"]).map(|s| s.len()))]
    mapped: Option<usize>,

    #[arg(long, value_parser = parse_pair::<String, i32>, number_of_values = 1)]
    pairs: Vec<(String, i32)>,

    #[arg(long)]
    optional_value: Option<Option<String>>,

    #[arg(long, num_args = 0..)]
    optional_list: Option<Vec<OsString>>,

    #[arg(long = "no-color", action = ArgAction::SetFalse)]
    color: bool,

    #[arg(skip)]
    internal: Vec<std::time::Duration>,

    #[arg(skip = 40 + 2)]
    answer: i64,

    #[arg(long, hide = true, help = "given by hand", help_heading = "Special", display_order = 99)]
    r#type: Option<String>,

    #[command(flatten)]
    shared: Shared,

    #[command(flatten)]
    maybe: Option<Maybe>,

    #[command(subcommand)]
    command: Option<Command>,
}

fn parse_pair<K, V>(text: &str) -> Result<(K, V), Box<dyn std::error::Error + Send + Sync + 'static>>
where
    K: std::str::FromStr,
    K::Err: std::error::Error + Send + Sync + 'static,
    V: std::str::FromStr,
    V::Err: std::error::Error + Send + Sync + 'static,
{
    let (k, v) = text.split_once('=').ok_or("no `=`")?;
    Ok((k.parse()?, v.parse()?))
}

#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Shared options")]
#[group(id = "shared", multiple = true)]
struct Shared {
    #[arg(long, global(true))]
    quiet: bool,
    #[arg(long, id = "cfg", value_name("KEY=VALUE"), value_names(["KEY"]))]
    config: Vec<String>,
}

#[derive(Args, Debug, Clone)]
struct Maybe {
    #[arg(long, required_unless_present("quiet"))]
    token: String,
    #[arg(last = true, allow_hyphen_values(true))]
    rest: Vec<String>,
}

#[derive(Subcommand, Debug, Clone)]
#[command(rename_all = "kebab-case", subcommand_required = true)]
enum Command {
    /// Adds a thing
    #[command(visible_alias = "a", alias = "plus")]
    AddThing {
        /// Its name
        name: String,
        #[arg(short, long, default_missing_value = "always", require_equals = true, num_args = 0..=1)]
        when: Option<Level>,
    },
    /// Removes
    #[command(name = "rm", short_flag = 'R', long_flag = "remove")]
    Remove(RemoveArgs),
    #[command(flatten)]
    More(MoreCommands),
    #[command(subcommand, about = "nested")]
    Nested(Box<Inner>),
    Unit,
    #[command(skip)]
    Skipped,
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

#[derive(Parser, Debug, Clone)]
struct RemoveArgs {
    #[arg(required = true)]
    names: Vec<String>,
    #[arg(long, value_parser)]
    force: Option<bool>,
}

#[derive(Subcommand, Debug, Clone)]
enum MoreCommands {
    First,
    #[command(hide = true)]
    Second { #[arg(from_global)] quiet: bool },
}

#[derive(Subcommand, Debug, Clone)]
#[command(rename_all = "SCREAMING_SNAKE_CASE", rename_all_env = "kebab")]
enum Inner {
    OneOfThem {},
    Two(Shared),
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[value(rename_all = "snake_case")]
enum Level {
    /// Nothing at all
    Off,
    #[default]
    #[value(name = "std", alias = "normal", aliases = ["n", "st"])]
    Standard,
    #[value(help = "everything", hide(true))]
    VeryVerbose,
    #[value(skip)]
    Internal(()),
    #[cfg(any())]
    Absent,
}

#[derive(Parser)]
#[command(disable_help_flag = true, term_width = 0, styles = styles())]
struct Generic<T: clap::Args + 'static, const N: usize = 2>
where
    T: Clone + Send + Sync,
{
    #[command(flatten)]
    inner: T,
    #[arg(short = '?', long = "help", action = ArgAction::Help)]
    help: Option<bool>,
    #[arg(long, default_value_t = N)]
    size: usize,
}

fn styles() -> clap::builder::Styles {
    clap::builder::Styles::plain()
}

#[derive(Parser)]
#[command(bin_name = "multi", multicall(true))]
enum Multicall {
    Busybox { #[command(subcommand)] applet: Inner },
    #[command(flatten)]
    Applets(MoreCommands),
}

#[derive(Parser)]
#[command(version = version(), verbatim_doc_comment)]
/// Verbatim:
///
///   * one
///      * two
///
struct Verbatim;

fn version() -> &'static str {
    "1.2.3"
}

macro_rules! options {
    ($(#[$meta:meta])* $name:ident { $($(#[$fm:meta])* $flag:ident: $ty:ty = $default:expr),* $(,)? }) => {
        #[derive(clap_derive::Parser)]
        $(#[$meta])*
        struct $name {
            $($(#[$fm])* #[arg(long, default_value_t = $default)] $flag: $ty,)*
        }
    };
}

options! {
    /// Made by a macro
    #[command(name = "made")]
    Made {
        /// Documented
        count: usize = 1 + 1,
        #[arg(short)]
        ratio: f64 = 0.5,
        name: String = String::from("x"),
    }
}
