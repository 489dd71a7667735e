//! First guesses of how long things take, before a cluster has shown its own times. Never more than guesses: each is
//! a range, and what was measured takes its place.

use std::time::Duration;

/// A time from the most hopeful to the most careful figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    pub low: Duration,
    pub high: Duration,
}

/// One batch of nodes from cordon to ready: light pods on small Linux nodes take about 4 minutes, heavy ones or
/// Windows about 12 (our estimate from public reports, 2026).
pub const BATCH: TimeRange = TimeRange::minutes(4, 12);
/// A control plane upgrade (our estimate from AKS recordings and public reports, 2026).
pub const CONTROL_PLANE: TimeRange = TimeRange::minutes(5, 15);
/// A write of a pool's settings, which moves no node (our estimate from AKS recordings, 2023).
pub const SETTINGS: TimeRange = TimeRange {
    low: Duration::from_secs(20),
    high: Duration::from_mins(3),
};
/// Until displaced pods are ready again behind the last node of a step (our estimate, 2026).
pub const READINESS: TimeRange = TimeRange::minutes(0, 5);

/// Surge nodes from asked for to ready, before the first node of a pool is touched (our estimate, 2026).
pub const SURGE_UP: TimeRange = TimeRange::minutes(1, 5);
/// Surge nodes drained and removed, and Azure's own end of the operation (our estimate, 2026).
pub const SURGE_DOWN: TimeRange = TimeRange::minutes(0, 3);

/// How long the same thing took several times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// In seconds.
    pub mean: f64,
    /// Standard deviation in seconds.
    pub deviation: f64,
    /// How many times; more count for more.
    pub count: u32,
}

impl Spread {
    /// Of these times; `None` where there are none. One time alone deviates by a third of itself.
    pub fn of(times: &[Duration]) -> Option<Self> {
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let seconds = || times.iter().map(Duration::as_secs_f64);
        let mean = seconds().sum::<f64>() / f64::from(count);
        let squares = seconds().map(|time| (time - mean).powi(2)).sum::<f64>();
        let deviation = match count {
            0 => return None,
            1 => mean / 3.0,
            _ => (squares / f64::from(count - 1)).sqrt(),
        };
        Some(Self { mean, deviation, count })
    }

    /// As good as a guess: its middle, and a quarter of its width.
    pub fn guessed(range: TimeRange) -> Self {
        let (low, high) = (range.low.as_secs_f64(), range.high.as_secs_f64());
        Self {
            mean: f64::midpoint(low, high),
            deviation: (high - low) / 4.0,
            count: 1,
        }
    }

    /// What is known of both together; each counts by its number.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let (one, two) = (f64::from(self.count), f64::from(other.count));
        let all = (one + two).max(1.0);
        let mean = (self.mean * one + other.mean * two) / all;
        let square = |spread: Self, weight: f64| weight * (spread.deviation.powi(2) + (spread.mean - mean).powi(2));
        Self {
            mean,
            deviation: ((square(self, one) + square(other, two)) / all).sqrt(),
            count: self.count.saturating_add(other.count),
        }
    }
}

/// How long a cluster took before, from its journal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UsualPace {
    /// One node from cordon to ready, without its soak.
    pub node: Option<Spread>,
    pub control_plane: Option<Spread>,
}

impl TimeRange {
    pub const ZERO: Self = Self {
        low: Duration::ZERO,
        high: Duration::ZERO,
    };

    const fn minutes(low: u64, high: u64) -> Self {
        Self {
            low: Duration::from_mins(low),
            high: Duration::from_mins(high),
        }
    }

    /// A time that is known.
    pub fn exactly(time: Duration) -> Self {
        Self { low: time, high: time }
    }

    /// One after the other.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }

    /// So many times in a row.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self {
            low: self.low.saturating_mul(factor),
            high: self.high.saturating_mul(factor),
        }
    }

    /// What is left when so much has passed; never below zero.
    #[must_use]
    pub fn minus(self, elapsed: Duration) -> Self {
        Self {
            low: self.low.saturating_sub(elapsed),
            high: self.high.saturating_sub(elapsed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_joined_by_their_number() {
        let of = |minutes: &[u64]| Spread::of(&minutes.iter().copied().map(Duration::from_mins).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        let two = of(&[4, 6]).unwrap();
        assert!((two.mean - 300.0).abs() < 0.1 && two.count == 2);
        let joined = two.with(Spread::guessed(BATCH));
        assert!((joined.mean - 360.0).abs() < 0.1, "{joined:?}");
        assert!(joined.deviation > two.deviation);
    }

    #[test]
    fn ranges_add_up_and_never_go_below_zero() {
        let two_batches = BATCH.times(2).plus(CONTROL_PLANE);
        assert_eq!(two_batches, TimeRange::minutes(13, 39));
        assert_eq!(two_batches.minus(Duration::from_mins(20)), TimeRange::minutes(0, 19));
        assert_eq!(TimeRange::exactly(Duration::MAX).times(2).low, Duration::MAX);
    }
}
