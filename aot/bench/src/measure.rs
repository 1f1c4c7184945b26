//! Samples of a duration.

use std::time::{Duration, Instant};

/// Durations of one thing, in microseconds, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn new(durations: impl IntoIterator<Item = Duration>) -> Sample {
        let mut all: Vec<f64> = durations
            .into_iter()
            .map(|d| d.as_secs_f64() * 1e6)
            .collect();
        all.sort_by(f64::total_cmp);
        Sample(all)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub(crate) fn low(&self) -> f64 {
        self.0[self.0.len() / 10]
    }

    pub(crate) fn high(&self) -> f64 {
        self.0[self.0.len() * 9 / 10]
    }
}

/// A result, and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// With as many digits as mean something.
pub(crate) fn microseconds(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1} µs")
    } else {
        format!("{value:.0} µs")
    }
}
