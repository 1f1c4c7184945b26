//! Sets up a toolchain as the environment asks for it, telling each step, and prints it.
//!
//! `PM_AOT_CACHE=DIRECTORY cargo run --package pm-toolchain --example setup [abort|install|find]`

use std::error::Error;
use std::time::Instant;

use pm_toolchain::{NoCheck, PanicStrategy, Progress, Request, SetupError, diagnose, find, setup};

struct Lines(Instant);

impl Progress for Lines {
    fn step(&mut self, verb: &str, what: &str) {
        eprintln!("{:6.1} s {verb:>12} {what}", self.0.elapsed().as_secs_f32());
    }

    fn ticks(&mut self, done: u64, total: u64) {
        if done == total {
            eprintln!("{:6.1} s {:>12} {done}", self.0.elapsed().as_secs_f32(), "");
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut request = Request::from_env()?;
    match std::env::args().nth(1).as_deref() {
        Some("abort") => request.panic = PanicStrategy::Abort,
        Some("install") => request.install = true,
        Some("find") => {
            let start = Instant::now();
            let toolchain = find(&request)?;
            println!("{} in {:?}", toolchain.id, start.elapsed());
            return Ok(());
        }
        _ => {}
    }
    let toolchain = setup(&request, &mut Lines(Instant::now()), &NoCheck).inspect_err(
        |error: &SetupError| {
            eprintln!("help: {}", error.help());
        },
    )?;
    println!("{}", serde_json::to_string_pretty(&toolchain)?);
    println!("{}", serde_json::to_string_pretty(&diagnose(&request))?);
    Ok(())
}
