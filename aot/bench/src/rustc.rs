//! The WASI rustc: what its macros add to a compile, and what a request costs.
//!
//! Whole processes, interleaved. A crate with one derive, and one with many, each compiled
//! (`--emit=metadata`) by native rustc with the native macro, and by the WASI rustc with the macro
//! from its artifact and by JIT; without any, to know what the macro adds.

use crate::measure::Sample;
use crate::process::Run;
use anyhow::{Context, Result, bail};
use pm_toolchain::{Request, Toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The derives of the large crate, each on a struct of eight fields.
const MANY: usize = 600;

/// One way to compile.
struct Way {
    name: &'static str,
    command: fn(&Places) -> Command,
    /// The JIT takes a second a process, whatever the crate.
    slow: bool,
}

/// What the commands need.
struct Places {
    toolchain: Toolchain,
    pm_aot: PathBuf,
    /// The folder of the libraries that cargo built.
    libraries: PathBuf,
    /// The library of serde in it.
    serde: PathBuf,
}

const WAYS: &[Way] = &[
    Way {
        name: "native rustc, native macro",
        command: |places| places.toolchain.unstable_command(&places.toolchain.rustc),
        slow: false,
    },
    Way {
        name: "WASI rustc, .cwasm",
        command: wasi,
        slow: false,
    },
    Way {
        name: "WASI rustc, JIT",
        command: |places| {
            let mut rustc = wasi(places);
            rustc.env("PM_AOT_JIT", "1");
            rustc
        },
        slow: true,
    },
];

fn wasi(places: &Places) -> Command {
    let mut rustc = places.toolchain.unstable_command(&places.pm_aot);
    rustc.arg("rustc");
    rustc
}

/// Measures. `target` is a target directory with serde and its macros, natively and as wasm.
pub(crate) fn run(target: &Path, pm_aot: &Path, repetitions: usize) -> Result<()> {
    let toolchain = pm_toolchain::find(&Request::from_env()?)
        .context("there is no toolchain: run `pm-aot setup`")?;
    let (libraries, serde) = serde(target)?;
    let places = Places {
        toolchain,
        pm_aot: fs_err::canonicalize(pm_aot)?,
        libraries,
        serde,
    };
    let folder = tempfile::tempdir()?;
    println!(
        "Medians of {repetitions}; with JIT, of {}.",
        jit(repetitions)
    );
    for derives in [0, 1, MANY] {
        let source = folder.path().join(format!("derives_{derives}.rs"));
        fs_err::write(&source, crate_with(derives))?;
        println!("\nA crate with {derives} derives");
        let repetitions = if derives == MANY {
            (repetitions / 4).max(3)
        } else {
            repetitions
        };
        let mut runs: Vec<Vec<Run>> = WAYS.iter().map(|_| Vec::new()).collect();
        for repetition in 0..repetitions {
            for (way, runs) in WAYS.iter().zip(&mut runs) {
                let skipped = way.slow && (derives == 0 || repetition >= jit(repetitions));
                if !skipped {
                    runs.push(compile(&places, way, &source, folder.path())?);
                }
            }
        }
        for (way, runs) in WAYS.iter().zip(&runs) {
            if runs.is_empty() {
                continue;
            }
            let milliseconds = |sample: Sample| format!("{:.1} ms", sample.median() / 1e3);
            println!(
                "  {:<28} wall {:>11}   CPU {:>11}   peak {:>5} MB",
                way.name,
                milliseconds(Sample::new(runs.iter().map(|run| run.wall))),
                milliseconds(Sample::new(runs.iter().map(|run| run.cpu))),
                runs.iter().map(|run| run.peak).max().unwrap_or_default() >> 20,
            );
        }
        for (way, runs) in WAYS.iter().zip(&runs).skip(1) {
            let told: Vec<Told> = runs
                .iter()
                .filter_map(|run| Told::read(&run.stderr))
                .collect();
            if !told.is_empty() {
                tell(way, &told);
            }
        }
    }
    Ok(())
}

/// Prints what the host says of loads, expansions and requests.
fn tell(way: &Way, told: &[Told]) {
    let median = |value: fn(&Told) -> f64| {
        let mut all: Vec<f64> = told.iter().map(value).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!(
        "  {}: loading the macro {:.2} ms",
        way.name,
        median(|told| told.load)
    );
    if median(|told| told.expansions) > 0.0 {
        println!(
            "    {:.0} expansions, {:.1} µs each; {:.0} requests, {:.2} µs each, of which rustc \
             itself {:.2} µs",
            median(|told| told.expansions),
            median(|told| told.expanding / told.expansions / 1e3),
            median(|told| told.dispatches),
            median(|told| told.dispatching / told.dispatches / 1e3),
            median(|told| told.answering / told.dispatches / 1e3),
        );
    }
}

fn jit(repetitions: usize) -> usize {
    repetitions.min(5)
}

fn compile(places: &Places, way: &Way, source: &Path, folder: &Path) -> Result<Run> {
    let mut rustc = (way.command)(places);
    rustc
        .args([
            "--crate-type=lib",
            "--edition=2021",
            "--emit=metadata",
            "-Awarnings",
        ])
        .arg(format!("--extern=serde={}", places.serde.display()))
        .arg(format!("-Ldependency={}", places.libraries.display()))
        .args(["--out-dir".as_ref(), folder, source])
        .env("PM_AOT_LOG", "info")
        .env("PM_AOT_STATISTICS", "1")
        .current_dir(folder);
    Run::of(&mut rustc, folder).context(way.name)
}

/// What the host has written to standard error.
struct Told {
    /// Milliseconds.
    load: f64,
    expansions: f64,
    /// Nanoseconds.
    expanding: f64,
    dispatches: f64,
    dispatching: f64,
    answering: f64,
}

impl Told {
    fn read(stderr: &str) -> Option<Told> {
        let load = stderr.lines().find(|line| line.contains(".wasm: "))?;
        let (before, _) = load.split_once(" ms")?;
        let statistics = stderr
            .lines()
            .find(|line| line.contains(" dispatches in "))?;
        let mut numbers = statistics
            .split(' ')
            .filter_map(|word| word.parse::<f64>().ok());
        let mut next = || numbers.next();
        Some(Told {
            load: before.rsplit(' ').next()?.parse().ok()?,
            expansions: next()?,
            expanding: next()?,
            dispatches: next()?,
            dispatching: next()?,
            answering: next()?,
        })
    }
}

/// The folder of serde's library, and the library whose macros are there as wasm.
fn serde(target: &Path) -> Result<(PathBuf, PathBuf)> {
    for entry in walkdir::WalkDir::new(target).sort_by_file_name() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if name.starts_with("libserde-") && name.ends_with(".rmeta") {
            let path = fs_err::canonicalize(entry.path())?;
            let folder = path.parent().context("a file has a folder")?;
            return Ok((folder.to_owned(), path.clone()));
        }
    }
    bail!(
        "no serde in {}: build it with `pm-aot build`",
        target.display()
    )
}

fn crate_with(derives: usize) -> String {
    let item = |index: usize| {
        format!(
            "#[derive(serde::Serialize)]\npub struct S{index} {{ pub a: u8, pub b: String, pub c: \
             Vec<u32>, #[serde(rename = \"x\")] pub d: Option<u64>, pub e: f64, pub f: bool, pub \
             g: (u8, u8), pub h: char }}\n"
        )
    };
    (0..derives).map(item).collect()
}
