//! A small program with the macros of its dependencies.

mod task;

use clap::Parser;
use std::process::ExitCode;
use strum::IntoEnumIterator;
use task::{Error, Kind, Task};
use tracing::instrument;

/// Keeps tasks.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Tasks as JSON, one an argument.
    tasks: Vec<String>,
    /// How many are worked on at once.
    #[arg(long, short, default_value_t = 2)]
    jobs: usize,
    /// Kinds to leave out.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(done) => {
            println!("{done} of {} tasks are done", options.tasks.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[instrument(skip_all, fields(jobs = options.jobs))]
async fn run(options: &Options) -> Result<usize, Error> {
    let mut done = 0;
    for text in &options.tasks {
        let task: Task<'_> = serde_json::from_str(text)?;
        if options.without.iter().any(|name| *name == task.kind.to_string()) {
            continue;
        }
        tokio::select! {
            result = task.work() => result?,
            () = tokio::time::sleep(task.limit()) => return Err(Error::Late { title: task.title.into() }),
        }
        done += 1;
    }
    for kind in Kind::iter() {
        tracing::debug!(%kind, known = true);
    }
    Ok(done)
}
