//! Figures, their limits and aims, and how they are shown. Measures nothing.

use std::{fmt::Write, thread};

use serde_json::{Value, json};

/// Something measured, once.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What.
    pub(crate) name: String,
    /// How much.
    pub(crate) value: f64,
    /// In what.
    pub(crate) unit: Unit,
    /// What it is held against.
    pub(crate) limit: Option<Limit>,
    /// What it is to be.
    pub(crate) aim: Option<Aim>,
}

/// What the same machine did in the same run without the system, in the figure's unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// What did it.
    pub(crate) name: &'static str,
    /// How much.
    pub(crate) value: f64,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Per second; more is better.
    PerSecond,
    /// Milliseconds; less is better.
    Milliseconds,
    /// Megabytes of 1,000,000 bytes; less is better.
    Megabytes,
}

/// What a figure is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    /// This share of its limit, or more.
    OfLimit(f64),
    /// So many times its limit, or more: for a rate that is held against another system's.
    AtLeastTimes(f64),
    /// So many times its limit, or less: for a time that is held against the same with less to do, or against what
    /// it was before.
    AtMostTimes(f64),
    /// Less than this.
    Below(f64),
}

impl Aim {
    /// Whether figure and limit are compared as "so many times".
    fn in_times(self) -> bool {
        matches!(self, Self::AtLeastTimes(_) | Self::AtMostTimes(_))
    }
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
        }
    }
}

impl Figure {
    /// How near it comes to its limit: 1 is as good as the limit, whichever way is better.
    fn ratio(&self) -> Option<f64> {
        let limit = self.limit?.value;
        Some(if self.unit == Unit::PerSecond { self.value / limit } else { limit / self.value })
    }

    /// How many times its limit it is.
    fn times(&self) -> Option<f64> {
        Some(self.value / self.limit?.value)
    }

    fn meets_aim(&self) -> Option<bool> {
        match self.aim? {
            Aim::OfLimit(share) => self.ratio().map(|ratio| ratio >= share),
            Aim::AtLeastTimes(least) => self.times().map(|times| times >= least),
            Aim::AtMostTimes(most) => self.times().map(|times| times <= most),
            Aim::Below(most) => Some(self.value < most),
        }
    }

    fn shown(&self, value: f64) -> String {
        let decimals = if value >= 100.0 { 0 } else { 1 };
        format!("{value:.decimals$} {}", self.unit.symbol())
    }
}

/// The same figure of several rounds.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    /// Of the round in the middle by its ratio, or by its value where there is no limit; of two in the middle the
    /// lower one.
    middle: Figure,
    /// The ratios of all rounds, ascending; none where there is no limit.
    ratios: Vec<f64>,
    /// How many times its limit the figure was in each round, ascending; none where there is no limit.
    times: Vec<f64>,
}

impl Rounds {
    /// What rounds with the same figures in the same order come to, figure by figure.
    pub(crate) fn of(rounds: &[Vec<Figure>]) -> Vec<Self> {
        let figures = rounds.first().map_or(0, Vec::len);
        (0..figures).map(|place| Self::of_one(rounds.iter().map(|round| round[place].clone()))).collect()
    }

    fn of_one(rounds: impl Iterator<Item = Figure>) -> Self {
        let score = |figure: &Figure| figure.ratio().unwrap_or(figure.value);
        let mut sorted: Vec<_> = rounds.collect();
        sorted.sort_by(|a, b| score(a).total_cmp(&score(b)));
        let ratios = sorted.iter().filter_map(Figure::ratio).collect();
        let mut times: Vec<_> = sorted.iter().filter_map(Figure::times).collect();
        times.sort_by(f64::total_cmp);
        Self { middle: sorted.swap_remove((sorted.len() - 1) / 2), ratios, times }
    }

    fn ratio_shown(&self) -> String {
        let in_times = self.middle.aim.is_some_and(Aim::in_times);
        let (middle, all) = if in_times {
            (self.middle.times(), self.times.as_slice())
        } else {
            (self.middle.ratio(), self.ratios.as_slice())
        };
        let (unit, shown): (_, fn(f64) -> String) = if in_times {
            ("×", |times| format!("{times:.2}"))
        } else {
            ("%", |ratio| format!("{:.0}", ratio * 100.0))
        };
        match (middle, all) {
            (None, _) => "–".to_owned(),
            (Some(middle), [lowest, .., highest]) => {
                format!("{} {unit} ({}–{})", shown(middle), shown(*lowest), shown(*highest))
            }
            (Some(middle), _) => format!("{} {unit}", shown(middle)),
        }
    }
}

/// A Markdown table, headed by what was measured on.
pub(crate) fn table(figures: &[Rounds], quick: bool) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let mut text = format!("Shared by all processes: {cores} cores.");
    if cfg!(debug_assertions) {
        text += " A debug build: not to be quoted.";
    }
    if quick {
        text += " A tenth of the full counts: not to be quoted.";
    }
    text += "\n\n| figure | measured | limit | ratio | aim |\n|---|---|---|---|---|\n";
    for rounds in figures {
        let (figure, ratio) = (&rounds.middle, rounds.ratio_shown());
        let limit = figure
            .limit
            .map_or("–".to_owned(), |limit| format!("{} ({})", figure.shown(limit.value), limit.name));
        let aim = match figure.aim {
            Some(Aim::OfLimit(share)) => format!("≥ {:.0} %", share * 100.0),
            Some(Aim::AtLeastTimes(least)) => format!("≥ {least:.2} ×"),
            Some(Aim::AtMostTimes(most)) => format!("≤ {most:.2} ×"),
            Some(Aim::Below(most)) => format!("< {}", figure.shown(most)),
            None => "–".to_owned(),
        };
        let met = match figure.meets_aim() {
            Some(true) => ": met",
            Some(false) => ": missed",
            None => "",
        };
        let value = figure.shown(figure.value);
        writeln!(text, "| {} | {value} | {limit} | {ratio} | {aim}{met} |", figure.name)
            .expect("a string takes all");
    }
    text
}

/// One figure for programs.
pub(crate) fn json(rounds: &Rounds) -> Value {
    let figure = &rounds.middle;
    json!({
        "figure": figure.name,
        "value": figure.value,
        "unit": figure.unit.symbol(),
        "limit": figure.limit.map(|limit| json!({ "name": limit.name, "value": limit.value })),
        "ratio": figure.ratio(),
        "ratios": rounds.ratios,
        "meets_aim": figure.meets_aim(),
    })
}

/// The value below which this share of the samples lies; the nearest sample.
pub(crate) fn percentile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place within the samples"
    )]
    let place = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[place - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(unit: Unit, value: f64, limit: f64, aim: Aim) -> Figure {
        let limit = Some(Limit { name: "bare", value: limit });
        Figure { name: "it".to_owned(), value, unit, limit, aim: Some(aim) }
    }

    #[test]
    fn a_ratio_is_one_at_the_limit_and_less_before_it() {
        let rate = figure(Unit::PerSecond, 50.0, 100.0, Aim::OfLimit(0.5));
        let wait = figure(Unit::Milliseconds, 8.0, 2.0, Aim::OfLimit(0.5));
        assert_eq!((rate.ratio(), rate.meets_aim()), (Some(0.5), Some(true)));
        assert_eq!((wait.ratio(), wait.meets_aim()), (Some(0.25), Some(false)));
    }

    #[test]
    fn a_row_shows_both_figures_and_the_verdict() {
        let figures = vec![figure(Unit::Milliseconds, 812.0, 1.5, Aim::Below(1_000.0))];
        let text = table(&Rounds::of(&[figures]), false);
        let row = text.lines().last().unwrap();
        assert_eq!(row, "| it | 812 ms | 1.5 ms (bare) | 0 % | < 1000 ms: met |");
    }

    #[test]
    fn of_several_rounds_the_middle_one_is_shown_and_how_far_they_lie_apart() {
        let round = |rate, wait| {
            let aim = Aim::OfLimit(0.5);
            vec![figure(Unit::PerSecond, rate, 100.0, aim), figure(Unit::Milliseconds, wait, 2.0, aim)]
        };
        let rounds = [round(70.0, 4.0), round(40.0, 20.0), round(55.0, 3.0)];
        let text = table(&Rounds::of(&rounds), false);
        let rows: Vec<_> = text.lines().skip(4).collect();
        let rate = "| it | 55.0 /s | 100 /s (bare) | 55 % (40–70) | ≥ 50 %: met |";
        let wait = "| it | 4.0 ms | 2.0 ms (bare) | 50 % (10–67) | ≥ 50 %: met |";
        assert_eq!(rows, [rate, wait]);
        let lower_of_two = table(&Rounds::of(&rounds[..2]), false);
        assert!(lower_of_two.contains("| 40 % (40–70) | ≥ 50 %: missed |"), "{lower_of_two}");
    }

    #[test]
    fn a_figure_with_an_aim_in_times_is_shown_in_times() {
        let round = |rate, wait| {
            vec![
                figure(Unit::PerSecond, rate, 100.0, Aim::AtLeastTimes(2.0)),
                figure(Unit::Milliseconds, wait, 2.0, Aim::AtMostTimes(1.5)),
            ]
        };
        let text = table(&Rounds::of(&[round(190.0, 3.2), round(210.0, 2.9), round(230.0, 2.0)]), false);
        let rows: Vec<_> = text.lines().skip(4).collect();
        let rate = "| it | 210 /s | 100 /s (bare) | 2.10 × (1.90–2.30) | ≥ 2.00 ×: met |";
        let wait = "| it | 2.9 ms | 2.0 ms (bare) | 1.45 × (1.00–1.60) | ≤ 1.50 ×: met |";
        assert_eq!(rows, [rate, wait]);
        let missed = table(&Rounds::of(&[round(199.0, 3.1)]), false);
        assert_eq!(missed.matches("missed").count(), 2, "{missed}");
    }

    #[test]
    fn percentiles_are_samples() {
        let samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!([0.5, 0.99, 1.0].map(|share| percentile(&samples, share)), [50.0, 99.0, 100.0]);
        assert_eq!(percentile(&[7.0], 0.5), 7.0);
    }
}
