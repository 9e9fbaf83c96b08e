//! Changing a secret that signs webhooks, either way, at leisure: the old one stays good for a while.

use chrono::TimeDelta;

use crate::Refusal;

/// The longest that a secret stays good beside the one that replaced it, in hours.
pub const MAX_OVERLAP_HOURS: u32 = 168;

/// How long the secret until now stays good.
pub fn overlap(hours: u32) -> Result<TimeDelta, Refusal> {
    if hours > MAX_OVERLAP_HOURS {
        let message = format!("the secret until now stays good for 0 to {MAX_OVERLAP_HOURS} hours");
        return Err(Refusal::invalid("overlapHours", message));
    }
    Ok(TimeDelta::hours(i64::from(hours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_at_the_most() {
        assert_eq!(overlap(0), Ok(TimeDelta::zero()));
        assert_eq!(overlap(168), Ok(TimeDelta::days(7)));
        assert_eq!(overlap(169).map_err(|refusal| refusal.field), Err(vec!["overlapHours".to_owned()]));
    }
}
