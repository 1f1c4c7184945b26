//! `pm-aot reference`: the part of docs/CLI.md that the program knows itself. A test compares.

use crate::exit::Exit;
use crate::{Error, cli};
use std::io::Write;

pub(crate) fn run() -> Result<Exit, Error> {
    std::io::stdout()
        .write_all(markdown().as_bytes())
        .map_err(Error::Output)?;
    Ok(Exit::Success)
}

fn markdown() -> String {
    let mut command = cli::command().term_width(100);
    command.build();
    let mut text = String::from("## Exit codes\n\n| Code | Meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        text.push_str(&format!("| {} | {} |\n", exit.code(), exit.meaning()));
    }
    text.push_str("\n## Commands\n");
    let help = command.render_long_help();
    text.push_str(&section("pm-aot", &help.to_string()));
    for command in command.get_subcommands_mut() {
        if command.get_name() != "help" && !command.is_hide_set() {
            let name = format!("pm-aot {}", command.get_name());
            text.push_str(&section(&name, &command.render_long_help().to_string()));
        }
    }
    text
}

fn section(name: &str, help: &str) -> String {
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!(
        "\n### `{name}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
}
