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
    fn ranges_add_up_and_never_go_below_zero() {
        let two_batches = BATCH.times(2).plus(CONTROL_PLANE);
        assert_eq!(two_batches, TimeRange::minutes(13, 39));
        assert_eq!(two_batches.minus(Duration::from_mins(20)), TimeRange::minutes(0, 19));
        assert_eq!(TimeRange::exactly(Duration::MAX).times(2).low, Duration::MAX);
    }
}
