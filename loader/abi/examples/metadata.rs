//! Lists the macros of a `.rmeta` file or of a `.rustc` section's content, and measures the reading.
//!
//! `cargo run --release --package pm-abi --example metadata -- COUNT FILE…`

use pm_abi::metadata::proc_macros;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().ok_or("COUNT is missing")?.parse()?;
    for path in arguments {
        let bytes = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
        let mut times: Vec<_> = (0..1000)
            .map(|_| {
                let start = Instant::now();
                let _ = black_box(proc_macros(black_box(&bytes), count));
                start.elapsed()
            })
            .collect();
        times.sort();
        let (least, median) = (times[0], times[times.len() / 2]);
        eprintln!(
            "{path}: {} bytes, {count} macros, {median:?} (median of 1000; least {least:?})",
            bytes.len()
        );
        for item in proc_macros(&bytes, count)? {
            println!("{} {} {}", item.kind, item.name, item.attributes.join(","));
        }
    }
    Ok(())
}
