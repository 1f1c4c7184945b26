//! Works through units in parallel, each after what it depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<E> {
    Done,
    Failed(E),
    /// A dependency failed, directly or not: this is the one.
    Blocked(String),
}

struct State<'a, E> {
    /// What each unit still waits for.
    waiting: BTreeMap<&'a str, BTreeSet<&'a str>>,
    running: usize,
    outcomes: BTreeMap<&'a str, Outcome<E>>,
}

/// Calls `work` for each unit of `dependencies`, on up to `jobs` threads. What a unit depends on
/// must be a unit of `dependencies` too, and nothing may depend on itself.
pub(crate) fn run<'a, E: Clone + Send>(
    dependencies: BTreeMap<&'a str, BTreeSet<&'a str>>,
    jobs: NonZero<usize>,
    work: impl Fn(&str) -> Result<(), E> + Sync,
) -> BTreeMap<&'a str, Outcome<E>> {
    let threads = jobs.get().min(dependencies.len());
    let state = State {
        waiting: dependencies,
        running: 0,
        outcomes: BTreeMap::new(),
    };
    let (state, changed) = (Mutex::new(state), Condvar::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(unit) = next(&state, &changed) {
                    let outcome = match work(unit) {
                        Ok(()) => Outcome::Done,
                        Err(error) => Outcome::Failed(error),
                    };
                    let mut state = lock(&state);
                    state.running -= 1;
                    state.finish(unit, outcome);
                    changed.notify_all();
                }
            });
        }
    });
    state
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .outcomes
}

/// The next unit that waits for nothing, or nothing when all are taken.
fn next<'a, E: Clone>(state: &Mutex<State<'a, E>>, changed: &Condvar) -> Option<&'a str> {
    let mut state = lock(state);
    loop {
        let ready = state
            .waiting
            .iter()
            .find(|(_, open)| open.is_empty())
            .map(|(unit, _)| *unit);
        if let Some(unit) = ready {
            state.waiting.remove(unit);
            state.running += 1;
            return Some(unit);
        }
        if state.running == 0 {
            return None;
        }
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

impl<'a, E: Clone> State<'a, E> {
    fn finish(&mut self, unit: &'a str, outcome: Outcome<E>) {
        let blocked_by = match &outcome {
            Outcome::Done => None,
            Outcome::Failed(_) => Some(unit.to_owned()),
            Outcome::Blocked(by) => Some(by.clone()),
        };
        self.outcomes.insert(unit, outcome);
        let dependents: Vec<_> = self
            .waiting
            .iter_mut()
            .filter_map(|(dependent, open)| open.remove(unit).then_some(*dependent))
            .collect();
        if let Some(by) = blocked_by {
            for dependent in dependents {
                // Another failed dependency may have taken it out already.
                if self.waiting.remove(dependent).is_some() {
                    self.finish(dependent, Outcome::Blocked(by.clone()));
                }
            }
        }
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units as `a<b,c` for "a needs b and c", and those that fail.
    fn check(units: &str, fail: &str, jobs: usize, expect: &str) {
        let dependencies = units.split(' ').map(|unit| {
            let (unit, on) = unit.split_once('<').unwrap_or((unit, ""));
            (unit, on.split_terminator(',').collect())
        });
        let dependencies: BTreeMap<&str, BTreeSet<&str>> = dependencies.collect();
        let order = Mutex::new(Vec::new());
        let outcomes = run(dependencies.clone(), NonZero::new(jobs).unwrap(), |unit| {
            for needed in &dependencies[unit] {
                assert!(
                    lock(&order).contains(&(*needed).to_owned()),
                    "{unit} before {needed}"
                );
            }
            lock(&order).push(unit.to_owned());
            if fail.contains(unit) { Err(()) } else { Ok(()) }
        });
        let outcomes = outcomes.iter().map(|(unit, outcome)| match outcome {
            Outcome::Done => format!("{unit}+"),
            Outcome::Failed(()) => format!("{unit}-"),
            Outcome::Blocked(by) => format!("{unit}?{by}"),
        });
        assert_eq!(outcomes.collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn each_unit_after_what_it_needs() {
        for jobs in [1, 2, 8] {
            check("a<b,c b<d c<d d e", "", jobs, "a+ b+ c+ d+ e+");
        }
    }

    #[test]
    fn a_failure_stops_only_what_depends_on_it() {
        for jobs in [1, 3] {
            check("a<b,c b<d c d e<a f<c", "d", jobs, "a?d b?d c+ d- e?d f+");
            check("a<b b", "b", jobs, "a?b b-");
        }
    }
}
