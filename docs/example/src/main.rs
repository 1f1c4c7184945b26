//! Reads an inventory as JSON from standard input and prints what is running out.

use clap::Parser;
use derive_more::Display;
use serde::{Deserialize, Serialize};
use std::io::Read;
use strum::{EnumString, IntoStaticStr};

/// Prints the parts of which fewer are left than the minimum.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The number below which a part counts as running out.
    #[arg(long, default_value_t = 10)]
    minimum: u32,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, EnumString, IntoStaticStr, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Unit {
    Piece,
    Metre,
    Litre,
}

/// A part and how much of it there is.
#[derive(Debug, Deserialize, Display, Serialize)]
#[display("{name}: {left} left")]
struct Part<'a> {
    name: &'a str,
    left: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Unit>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("standard input can't be read")]
    Read(#[from] std::io::Error),
    #[error("not an inventory (line {}): {source}", source.line())]
    Parse {
        #[from]
        source: serde_json::Error,
    },
}

fn main() -> Result<(), Error> {
    let options = Options::parse();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut parts: Vec<Part<'_>> = serde_json::from_str(&text)?;
    parts.retain(|part| part.left < options.minimum);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&parts)?);
    } else {
        for part in parts {
            let unit: &str = part.unit.map_or("Piece", Into::into);
            println!("{part} ({unit})");
        }
    }
    Ok(())
}
