//! `pm-aot list`: artifacts and their macros.

use crate::find::Walk;
use crate::message::{self, Macro, Message};
use crate::shell::{Shell, size, text};
use crate::{Error, Exit, artifact};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use pm_artifact::Artifact;

/// List artifacts and their macros
///
/// Artifacts are found by their content, whatever they are called.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    walk: Walk,
}

const EXAMPLES: &str = "\
Examples:
  All artifacts of a workspace:
      pm-aot list target
  The names of all derives, by jq:
      pm-aot list --message-format json target |
          jq --raw-output '.macros[]? | select(.kind == \"derive\").name'";

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let mut exit = Exit::Success;
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["ARTIFACT", "SIZE", "RUSTC", "MACROS"]);
    for found in artifact::find(&options.walk, shell) {
        match found
            .and_then(artifact::Look::readable)
            .and_then(|artifact| line(&artifact))
        {
            Ok(line) => {
                shell.message(&Message::Artifact(row(&mut table, line)))?;
            }
            Err(error) => exit = exit.and(shell.error(&error)),
        }
    }
    if table.is_empty() {
        shell.note("no artifacts were found");
        return Ok(exit);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if index == 1 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    shell.data(table.trim_fmt())?;
    Ok(exit)
}

fn line(artifact: &Artifact) -> Result<message::Artifact, Error> {
    let manifest = artifact.manifest();
    Ok(message::Artifact {
        path: text(artifact.path()),
        len: fs_err::metadata(artifact.path())?.len(),
        rustc: manifest.rustc.clone(),
        macros: Macro::all(&manifest.module.declarations),
    })
}

fn row(table: &mut Table, line: message::Artifact) -> message::Artifact {
    let macros: Vec<String> = line.macros.iter().map(ToString::to_string).collect();
    // `1.96.0` of `rustc 1.96.0 (hash date)`.
    let rustc = line.rustc.split(' ').nth(1).unwrap_or(&line.rustc);
    table.add_row([
        &line.path,
        &size(line.len).to_string(),
        rustc,
        &macros.join(" "),
    ]);
    line
}
