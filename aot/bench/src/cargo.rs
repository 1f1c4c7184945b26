//! Whole cargo builds of a package: native, and with macros from their artifacts.
//!
//! Each way has a target directory and, where it matters, a macro cache of its own; in each repetition all
//! ways take their turn.

use crate::measure::Sample;
use crate::process::Run;
use crate::profile::Profiler;
use anyhow::{Context, Result};
use pm_toolchain::{Request, Toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who runs cargo.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Native,
    /// The same with macros at opt-level 3, where cargo gives them 0.
    Optimised,
    /// `pm-aot cargo`, which finds nothing in its cache.
    Empty,
    /// `pm-aot cargo`, which finds all macro crates there.
    Warm,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Native, "native"),
    (Way::Empty, "pm-aot, empty cache"),
    (Way::Warm, "pm-aot, warm cache"),
];

/// Of which rustc's profile is taken: the one that the others are compared with is the last.
const PROFILED: [(Way, &str); 3] = [
    (Way::Native, "native, as cargo builds it"),
    (Way::Optimised, "native, opt-level 3"),
    (Way::Warm, "pm-aot"),
];

/// How often a line is changed after each clean build. The first time takes longer: the incremental cache is new.
const CHANGES: usize = 7;

/// What cargo is asked for.
const GOALS: [&str; 2] = ["check", "build"];

struct Bench {
    toolchain: Toolchain,
    pm_aot: PathBuf,
    /// The copy of the package that is built.
    package: PathBuf,
    folder: tempfile::TempDir,
}

/// Measures. `package` is the folder of a package with `src/main.rs` or `src/lib.rs`.
pub(crate) fn run(package: &Path, pm_aot: &Path, repetitions: usize) -> Result<()> {
    let toolchain = pm_toolchain::find(&Request::from_env()?)
        .context("there is no toolchain: run `pm-aot setup`")?;
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        toolchain,
        pm_aot: fs_err::canonicalize(pm_aot)?,
        package: folder.path().join("package"),
        folder,
    };
    copy(package, &bench.package)?;
    let source = ["src/main.rs", "src/lib.rs"]
        .map(|file| bench.package.join(file))
        .into_iter()
        .find(|file| file.exists())
        .context("the package has neither src/main.rs nor src/lib.rs")?;
    println!("{}: medians of {repetitions}", package.display());
    // So that the registry has everything, and the warm cache too.
    for goal in GOALS {
        bench.clean(Way::Warm, goal)?;
        bench.build(Way::Warm, goal)?;
    }
    for goal in GOALS {
        let mut clean = WAYS.map(|_| Vec::new());
        let mut changed = WAYS.map(|_| Vec::new());
        for repetition in 0..repetitions {
            for ((way, _), runs) in WAYS.iter().zip(&mut clean) {
                bench.clean(*way, goal)?;
                runs.push(bench.build(*way, goal)?);
            }
            let text = fs_err::read_to_string(&source)?;
            for change in 0..CHANGES {
                let line = format!("const _: [usize; 2] = [{repetition}, {change}];\n");
                fs_err::write(&source, text.clone() + &line)?;
                for ((way, _), runs) in WAYS.iter().zip(&mut changed) {
                    runs.push(bench.build(*way, goal)?);
                }
            }
            // Not so soon that cargo takes the file for one that it has seen.
            fs_err::write(&source, text)?;
        }
        print(&format!("clean `cargo {goal}`"), &clean, true);
        print(
            &format!("`cargo {goal}` after one line has changed"),
            &changed,
            false,
        );
    }
    bench.profile(&source, repetitions * CHANGES)
}

/// `with_empty`: after the clean build an empty cache is as full as the other.
fn print(what: &str, runs: &[Vec<Run>; WAYS.len()], with_empty: bool) {
    println!("\n{what}");
    let wall = |runs: &[Run]| Sample::new(runs.iter().map(|run| run.wall)).median() / 1e6;
    let native = wall(&runs[0]);
    for ((way, name), runs) in WAYS.iter().zip(runs) {
        if *way == Way::Empty && !with_empty {
            continue;
        }
        let cpu = Sample::new(runs.iter().map(|run| run.cpu)).median() / 1e6;
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default() >> 20;
        let (wall, name) = (wall(runs), if with_empty { name } else { short(*way) });
        println!(
            "  {name:<22} wall {wall:>7.3} s ({:.2})   CPU {cpu:>7.3} s   largest process {peak:>5} MB",
            wall / native
        );
    }
}

fn short(way: Way) -> &'static str {
    match way {
        Way::Native | Way::Optimised => "native",
        Way::Empty | Way::Warm => "pm-aot",
    }
}

impl Bench {
    fn build(&self, way: Way, goal: &str) -> Result<Run> {
        let target = self.place("target", way, goal);
        Run::of(&mut self.command(way, goal, &target), self.folder.path())
    }

    /// What the macros take in rustc itself: each of its processes maps them anew, and most run once or twice.
    fn profile(&self, source: &Path, repetitions: usize) -> Result<()> {
        let goal = GOALS[0];
        let profiler = Profiler::new(self.folder.path())?;
        let text = fs_err::read_to_string(source)?;
        let mut totals = PROFILED.map(|_| Vec::new());
        let mut count = 0;
        for repetition in 0..=repetitions {
            let line = format!("const _: usize = {repetition};\n");
            fs_err::write(source, text.clone() + &line)?;
            for ((way, _), totals) in PROFILED.iter().zip(&mut totals) {
                let target = self.place("profiled", *way, goal);
                let mut command = self.command(*way, goal, &target);
                let expansions = profiler.run(&mut command, |command| {
                    Run::of(command, self.folder.path()).map(drop)
                })?;
                count = expansions.count;
                // Everything is compiled in the first.
                if repetition > 0 {
                    totals.push(expansions.total);
                }
            }
        }
        fs_err::write(source, text)?;
        let medians = totals.map(|totals| Sample::new(totals).median() / 1e3);
        println!(
            "\nexpansions in `cargo {goal}` after one line has changed, by rustc's own profile: {count}"
        );
        let ours = medians[PROFILED.len() - 1];
        for ((_, name), median) in PROFILED.iter().zip(medians) {
            println!("  {name:<27} {median:>8.2} ms; pm-aot {:.2}", ours / median);
        }
        Ok(())
    }

    fn command(&self, way: Way, goal: &str, target: &Path) -> Command {
        let mut command = match way {
            Way::Native => self.toolchain.command(&self.toolchain.cargo),
            Way::Optimised => {
                let mut command = self.toolchain.command(&self.toolchain.cargo);
                command.env("CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL", "3");
                command
            }
            Way::Empty | Way::Warm => {
                let mut command = Command::new(&self.pm_aot);
                command.arg("cargo");
                command
            }
        };
        command
            .args([goal, "--offline", "--target-dir"])
            .arg(target)
            .env("PM_AOT_MACRO_CACHE", self.place("cache", way, goal))
            .current_dir(&self.package);
        command
    }

    /// Removes what cargo made, and what an empty cache has got.
    fn clean(&self, way: Way, goal: &str) -> Result<()> {
        remove(&self.place("target", way, goal))?;
        if way == Way::Empty {
            remove(&self.place("cache", way, goal))?;
        }
        Ok(())
    }

    fn place(&self, what: &str, way: Way, goal: &str) -> PathBuf {
        let way = match way {
            Way::Native => "native",
            Way::Optimised => "optimised",
            Way::Empty => "empty",
            Way::Warm => "warm",
        };
        self.folder.path().join(format!("{what}-{way}-{goal}"))
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Copies a package without what cargo has made of it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let entries = walkdir::WalkDir::new(from).into_iter();
    for entry in entries.filter_entry(|entry| entry.file_name() != "target") {
        let entry = entry?;
        let to = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(to)?;
        } else {
            fs_err::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
