//! Metrics: values of something measured, each of one time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::Refusal;

/// How far ahead of ours the clock of who measures may be.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// A value of a metric at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub metric: String,
    /// When it was measured.
    pub at: DateTime<Utc>,
    /// What was measured; a finite number.
    pub value: f64,
}

impl Sample {
    /// Checks a name of 1 to 100 characters of a-z, 0-9, `.`, `_` and `-` that starts with a letter, a finite
    /// value, and a time since 1970. A late sample is as good as any; one of the future is none.
    pub fn checked(metric: &str, at: DateTime<Utc>, value: f64, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let named = (1..=100).contains(&metric.len())
            && metric.starts_with(|c: char| c.is_ascii_lowercase())
            && metric.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c));
        if !named {
            let message = "a metric is 1 to 100 characters of a-z, 0-9, ., _ and -, starting with a letter";
            return Err(Refusal::invalid("metric", message));
        }
        if !value.is_finite() {
            return Err(Refusal::invalid("value", "the value is no finite number"));
        }
        if at > now + TOLERANCE {
            return Err(Refusal::invalid("time", "the sample is of the future"));
        }
        if at < DateTime::UNIX_EPOCH {
            return Err(Refusal::invalid("time", "the sample is of before 1970"));
        }
        Ok(Self { metric: metric.to_owned(), at: at.trunc_subsecs(6), value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_named_finite_and_not_of_the_future() {
        let now: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
        let field = |metric: &str, at, value| {
            Sample::checked(metric, at, value, now).map(|_| ()).map_err(|refusal| refusal.field.join("."))
        };
        assert_eq!(field("sign-ups.per_day2", now + TOLERANCE, -0.5), Ok(()));
        assert_eq!(field("a", DateTime::UNIX_EPOCH, 0.0), Ok(()));
        for bad in ["", "Leads", "1st", "a b", &"a".repeat(101)] {
            assert_eq!(field(bad, now, 1.0), Err("metric".to_owned()), "{bad:?}");
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(field("a", now, bad), Err("value".to_owned()));
        }
        for bad in
            [now + TOLERANCE + TimeDelta::microseconds(1), DateTime::UNIX_EPOCH - TimeDelta::seconds(1)]
        {
            assert_eq!(field("a", bad, 1.0), Err("time".to_owned()), "{bad}");
        }
    }
}
