//! Measures what a macro costs: to load, to instantiate, to expand; as wasm and natively.
//!
//! The native side is the same macro as cargo built it, loaded as rustc loads it, answered by the
//! same server as the wasm. All of it in one process and one run, one kind after the other; medians are
//! shown. Whole compiles (`rustc`) and builds (`cargo`) are processes of their own, interleaved.

mod cargo;
mod case;
mod measure;
mod native;
mod process;
mod profile;
mod rustc;
mod wasm;

use anyhow::Result;
use case::Case;
use clap::{Parser, Subcommand};
use measure::{Sample, microseconds};
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(about)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Load times alone.
    Load {
        /// A target directory in which `pm-aot build` has built `serde_derive` and others.
        target: PathBuf,
        /// How often each is loaded (as JIT, once).
        #[arg(long, default_value_t = 21)]
        repetitions: usize,
        /// Leave the JIT out: for a profiler.
        #[arg(long)]
        without_jit: bool,
    },
    /// Expansions alone.
    Expand {
        /// A target directory in which `pm-aot build` has built the macros.
        target: PathBuf,
        /// Another one, in which the native macros were built at opt-level 3.
        #[arg(long)]
        optimised: Option<PathBuf>,
        /// How often each macro is expanded.
        #[arg(long, default_value_t = 101)]
        repetitions: usize,
        /// Leave the native ones out: for a profiler.
        #[arg(long)]
        without_native: bool,
    },
    /// Whole cargo builds of a package, native and with macros from their artifacts.
    Cargo {
        /// The package's folder; a copy of it is built.
        package: PathBuf,
        /// The pm-aot that runs cargo.
        #[arg(long)]
        pm_aot: PathBuf,
        /// How often each build is made.
        #[arg(long, default_value_t = 5)]
        repetitions: usize,
    },
    /// What macros add to a compile by the WASI rustc.
    Rustc {
        /// A target directory in which `pm-aot build` has built serde with its macros.
        target: PathBuf,
        /// The pm-aot that runs it.
        #[arg(long)]
        pm_aot: PathBuf,
        /// How often each thing is measured.
        #[arg(long, default_value_t = 21)]
        repetitions: usize,
    },
    /// Everything.
    All {
        /// A target directory in which `pm-aot build` has built the macros.
        target: PathBuf,
        /// Another one, in which the native macros were built at opt-level 3.
        #[arg(long)]
        optimised: Option<PathBuf>,
        /// How often each thing is measured.
        #[arg(long, default_value_t = 21)]
        repetitions: usize,
    },
}

fn main() -> Result<()> {
    match Options::parse().command {
        Command::Load {
            target,
            repetitions,
            without_jit,
        } => load(&target, repetitions, without_jit),
        Command::Expand {
            target,
            optimised,
            repetitions,
            without_native,
        } => expand(&target, optimised.as_deref(), repetitions, without_native),
        Command::Cargo {
            package,
            pm_aot,
            repetitions,
        } => cargo::run(&package, &pm_aot, repetitions),
        Command::Rustc {
            target,
            pm_aot,
            repetitions,
        } => rustc::run(&target, &pm_aot, repetitions),
        Command::All {
            target,
            optimised,
            repetitions,
        } => all(&target, optimised.as_deref(), repetitions),
    }
}

fn load(target: &Path, repetitions: usize, without_jit: bool) -> Result<()> {
    println!(
        "{:<16} {:>12} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "macro crate", "JIT", ".cwasm", "(engine", "macros", "code)", "dlopen"
    );
    for case in case::CASES {
        let Some(files) = case.find(target)? else {
            continue;
        };
        let jit = match without_jit {
            true => "-".to_owned(),
            false => microseconds(wasm::load(&files.wasm, true, 1)?.total.median()),
        };
        let artifact = wasm::load(&files.wasm, false, repetitions)?;
        let native = native::load(&files.native, repetitions)?;
        let row = [
            artifact.total,
            artifact.engine,
            artifact.macros,
            artifact.code,
            native,
        ]
        .map(|sample| microseconds(sample.median()));
        println!(
            "{:<16} {jit:>12} {:>10} {:>10} {:>10} {:>10} {:>10}",
            case.name, row[0], row[1], row[2], row[3], row[4]
        );
    }
    Ok(())
}

fn expand(
    target: &Path,
    optimised: Option<&Path>,
    repetitions: usize,
    without_native: bool,
) -> Result<()> {
    println!(
        "{:<16} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "macro crate", "wasm", "native 0", "native 3", "to 0", "to 3"
    );
    for case in case::CASES {
        let Some(files) = case.find(target)? else {
            continue;
        };
        let mut runner = wasm::Runner::new(&files.wasm, case)?;
        let expansion = runner.expand(repetitions)?;
        let output = runner.output()?;
        let directories = [Some(target), optimised].into_iter().flatten();
        let mut natives = Vec::new();
        for directory in directories.filter(|_| !without_native) {
            let native = case
                .find(directory)?
                .map(|files| expand_native(case, &files.native, &runner, repetitions, &output));
            natives.push(native.transpose()?);
        }
        let native = |index: usize| natives.get(index).and_then(Option::as_ref);
        let time =
            |index| native(index).map_or("-".to_owned(), |sample| microseconds(sample.median()));
        let ratio = |index| {
            native(index).map_or("-".to_owned(), |sample| {
                format!("{:.2}", expansion.median() / sample.median())
            })
        };
        println!(
            "{:<16} {:>10} {:>10} {:>10} {:>8} {:>8}",
            case.name,
            microseconds(expansion.median()),
            time(0),
            time(1),
            ratio(0),
            ratio(1)
        );
    }
    Ok(())
}

fn all(target: &Path, optimised: Option<&Path>, repetitions: usize) -> Result<()> {
    println!(
        "Medians of {repetitions} (JIT load of {}), microseconds.",
        jit(repetitions)
    );
    for case in case::CASES {
        let Some(files) = case.find(target)? else {
            println!("\n{}: not built in {}", case.name, target.display());
            continue;
        };
        println!("\n{} (`{}` of {})", case.name, case.macro_name, case.what);
        let row = |what: &str, sample: &Sample| {
            let spread = format!(
                "{} .. {}",
                microseconds(sample.low()),
                microseconds(sample.high())
            );
            println!(
                "  {what:<44} {:>12}   {spread}",
                microseconds(sample.median())
            );
        };
        let jit_load = wasm::load(&files.wasm, true, jit(repetitions))?;
        let artifact = wasm::load(&files.wasm, false, repetitions)?;
        let native = native::load(&files.native, repetitions)?;
        row("load: JIT, ready to expand", &jit_load.total);
        row("load: .cwasm, ready to expand", &artifact.total);
        row("  of which the engine, once a process", &artifact.engine);
        row("  of which the macro crate", &artifact.macros);
        row("  of which its code, when one is used", &artifact.code);
        row("load: native, dlopen + dlsym", &native);
        let mut runner = wasm::Runner::new(&files.wasm, case)?;
        row(
            "a fresh instance, one of the first eight",
            &runner.instance(8)?,
        );
        row("a fresh instance, later", &runner.instance(repetitions)?);
        let expansion = runner.expand(repetitions)?;
        row("one expansion: wasm", &expansion);
        row(
            "one expansion: wasm, as under a stock rustc",
            &runner.stock(repetitions)?,
        );
        let output = runner.output()?;
        let cargo = expand_native(case, &files.native, &runner, repetitions, &output)?;
        row("one expansion: native, as cargo builds it", &cargo);
        if let Some(files) = optimised
            .map(|optimised| case.find(optimised))
            .transpose()?
            .flatten()
        {
            let native = expand_native(case, &files.native, &runner, repetitions, &output)?;
            row("one expansion: native, opt-level 3", &native);
        }
        println!(
            "  requests in it: {}; {}",
            runner.requests(),
            runner.entry().0
        );
        let size = |path: &Path| fs_err::metadata(path).map(|metadata| metadata.len());
        println!(
            "  bytes: .wasm {}, .cwasm {}, native {}",
            size(&files.wasm)?,
            size(&files.wasm.with_extension("cwasm"))?,
            size(&files.native)?
        );
        let ratio = |a: &Sample, b: &Sample| a.median() / b.median();
        println!(
            "  JIT / .cwasm, ready to expand: {:.0}; .cwasm / dlopen: {:.2}, ready to expand {:.2}",
            ratio(&jit_load.total, &artifact.total),
            ratio(&artifact.macros, &native),
            ratio(&artifact.total, &native),
        );
    }
    Ok(())
}

/// A JIT load takes a second.
fn jit(repetitions: usize) -> usize {
    repetitions.min(20)
}

/// Measures native expansions, and that they have the same output.
fn expand_native(
    case: &Case,
    path: &Path,
    runner: &wasm::Runner<'_>,
    repetitions: usize,
    output: &str,
) -> Result<Sample> {
    let (sample, native) = native::expand(path, case, runner.entry(), repetitions)?;
    anyhow::ensure!(
        native == output,
        "{}: the native macro makes something else",
        case.name
    );
    Ok(sample)
}
