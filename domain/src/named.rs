//! Closed sets whose values have names: one spelling for code, database columns and the API.

/// A value of a closed set. [`named!`] implements it.
pub trait Named: Copy + Eq + Sized + 'static {
    /// All values, in the order of their declaration.
    const ALL: &'static [Self];

    /// The name, as columns and the API spell it.
    fn as_str(self) -> &'static str;

    /// The value with this name; none when no value has it.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == name)
    }
}

/// Implements [`Named`] for enums without data. The compiler refuses a list that leaves a value out.
macro_rules! named {
    ($($set:ty { $($value:ident = $name:literal),* $(,)? })*) => { $(
        impl $crate::named::Named for $set {
            const ALL: &'static [Self] = &[$(Self::$value),*];

            fn as_str(self) -> &'static str {
                match self { $(Self::$value => $name),* }
            }
        }
    )* };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Debug};

    use super::Named;
    use crate::{
        agenda::Thing,
        evidence::ContentKind,
        gate::Verdict,
        job,
        member::PersonKind,
        playbook::GateKind,
        root::RootKind,
        stage_run, venture,
        webhook::{self, DisabledReason},
        webhook_source::EventStatus,
    };

    fn check<T: Named + Debug>() {
        let names: BTreeSet<_> = T::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(names.len(), T::ALL.len(), "two values of {:?} have one name", T::ALL);
        for value in T::ALL {
            assert_eq!(T::parse(value.as_str()), Some(*value));
        }
        assert_eq!(T::parse("active"), None, "names are upper case");
        assert_eq!(T::parse(""), None);
    }

    #[test]
    fn every_name_reads_back_as_its_value() {
        check::<ContentKind>();
        check::<DisabledReason>();
        check::<EventStatus>();
        check::<GateKind>();
        check::<PersonKind>();
        check::<Thing>();
        check::<Verdict>();
        check::<RootKind>();
        check::<job::Status>();
        check::<stage_run::StatusKind>();
        check::<venture::StatusKind>();
        check::<webhook::DeliveryStatusKind>();
    }
}
