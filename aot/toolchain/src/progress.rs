//! How a set-up tells what it does.

/// Told what happens; a terminal draws bars of it.
pub trait Progress {
    /// A new step has begun: cargo's kind of status line, "Unpacking" "rustc-web 1.96.0".
    fn step(&mut self, verb: &str, what: &str);

    /// How far the current step is, in units of work. `total` may grow.
    fn ticks(&mut self, done: u64, total: u64);

    /// How far a download is.
    fn bytes(&mut self, done: u64, total: u64) {
        self.ticks(done, total);
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _verb: &str, _what: &str) {}
    fn ticks(&mut self, _done: u64, _total: u64) {}
}
