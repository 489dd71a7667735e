//! How long an upgrade takes, from counts and widths, before anything was measured; and durations in words.

use std::time::Duration;

use crate::domain::pace::{BATCH, CONTROL_PLANE, TimeRange};

/// One pool: batch after batch, each with its soak.
pub(crate) fn pool_time(count: u32, width: u32, soak: Duration) -> TimeRange {
    BATCH.plus(TimeRange::exactly(soak)).times(count.div_ceil(width.max(1)))
}

/// The control plane where it moves, then pool after pool.
pub(crate) fn whole_time(moves_control_plane: bool, pools: impl IntoIterator<Item = TimeRange>) -> TimeRange {
    let start = if moves_control_plane {
        CONTROL_PLANE
    } else {
        TimeRange::ZERO
    };
    pools.into_iter().fold(start, TimeRange::plus)
}

/// As `45 min`, `2 h`, `2 h 10 min`; rounded up to minutes.
pub(crate) fn in_words(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_follow_one_another() {
        let minutes = |low, high| TimeRange {
            low: Duration::from_mins(low),
            high: Duration::from_mins(high),
        };
        for (count, width, soak, expected) in [
            (0, 1, 0, minutes(0, 0)),
            (10, 4, 0, minutes(12, 36)),
            (10, 4, 5, minutes(27, 51)),
            (3, 0, 0, minutes(12, 36)),
        ] {
            assert_eq!(
                pool_time(count, width, Duration::from_mins(soak)),
                expected,
                "{count} by {width}"
            );
        }
        assert_eq!(whole_time(true, [minutes(10, 20), minutes(1, 2)]), minutes(16, 37));
        assert_eq!(whole_time(false, []), TimeRange::ZERO);
    }

    #[test]
    fn durations_have_words() {
        for (seconds, words) in [
            (0, "0 min"),
            (61, "2 min"),
            (3_600, "1 h"),
            (7_800, "2 h 10 min"),
            (360_000, "100 h"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
