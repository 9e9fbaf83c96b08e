//! Processor time of the whole machine, as the kernel counts it.
//!
//! Nothing is subtracted: the servers, the system, its callers, the kernel's own work, and whatever else the machine
//! did meanwhile are all in it.

use std::fs::read_to_string;

/// The kernel counts in hundredths of a second, whatever its own clock is (`USER_HZ` of `proc(5)`).
const TICK_MS: f64 = 10.0;

/// Counts from when it was made.
pub(crate) struct Meter(Option<f64>);

impl Meter {
    /// Begins to count.
    pub(crate) fn start() -> Self {
        Self(busy_ticks())
    }

    /// Milliseconds for each of so many since it began, over all cores together; none where the kernel does not say.
    pub(crate) fn ms_per(&self, count: f64) -> Option<f64> {
        Some((busy_ticks()? - self.0?) * TICK_MS / count)
    }
}

fn busy_ticks() -> Option<f64> {
    busy(&read_to_string("/proc/stat").ok()?)
}

/// The ticks in which some core worked: for users, for niced ones, in the kernel, and for interrupts. Neither idle,
/// nor waiting for a disk, nor stolen by another guest of the same host.
fn busy(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [user, nice, system, _idle, _waiting, irq, softirq, ..] = ticks.as_slice() else { return None };
    Some(user + nice + system + irq + softirq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_worked_counts_and_what_waited_does_not() {
        let stat = "cpu  1000 20 300 90000 7000 4 5 600 70 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy(stat), Some(1329.0));
        assert_eq!(busy("intr 5"), None);
    }

    #[test]
    fn time_that_passes_in_work_is_counted() {
        let meter = Meter(busy_ticks().map(|ticks| ticks - 300.0));
        // Three seconds of ticks back, and whatever was worked since.
        assert!(meter.ms_per(10.0).is_none_or(|ms| ms >= 300.0));
        assert_eq!(Meter(None).ms_per(10.0), None);
    }
}
