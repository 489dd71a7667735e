//! Waits and sizes of a watch.

use std::time::Duration;

/// Waits and sizes; the default suits a real API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSettings {
    /// Pause after the first failure; doubles up to `longest_retry`.
    pub first_retry: Duration,
    pub longest_retry: Duration,
    /// Pause after a missing right: somebody has to grant it first.
    pub denied_retry: Duration,
    /// A watch that lived this long was sound: the next failure starts with the first pause again.
    pub steady_after: Duration,
    /// Limit for one page, for a whole streaming list, and for the start of a watch.
    pub answer_within: Duration,
    /// How long the server is asked to keep one watch, in seconds. A connection that died without a word, or a server
    /// that shuts down while it still holds the connection, is noticed shortly after.
    pub watch_seconds: u32,
    /// Objects per page where the server has no streaming lists.
    pub page_size: u32,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_millis(800),
            longest_retry: Duration::from_secs(15),
            denied_retry: Duration::from_mins(1),
            steady_after: Duration::from_secs(5),
            answer_within: Duration::from_secs(30),
            watch_seconds: 30,
            page_size: 500,
        }
    }
}

impl WatchSettings {
    /// The usual settings with pauses for a world whose time runs `speed` times as fast; `speed` must be above zero.
    pub fn at_speed(speed: f64) -> Self {
        let usual = Self::default();
        let shorter = |pause: Duration| pause.div_f64(speed.max(1.0)).max(Duration::from_millis(20));
        Self {
            first_retry: shorter(usual.first_retry),
            longest_retry: shorter(usual.longest_retry),
            denied_retry: shorter(usual.denied_retry),
            steady_after: shorter(usual.steady_after),
            ..usual
        }
    }

    /// How long a watch may be silent before its connection counts as dead.
    pub(super) fn silence(&self) -> Duration {
        Duration::from_secs(u64::from(self.watch_seconds) + 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_world_is_retried_faster_but_never_at_once() {
        assert_eq!(WatchSettings::at_speed(1.0), WatchSettings::default());
        let fast = WatchSettings::at_speed(10.0);
        assert_eq!(fast.first_retry, Duration::from_millis(80));
        assert_eq!(fast.watch_seconds, 30);
        assert_eq!(WatchSettings::at_speed(10_000.0).first_retry, Duration::from_millis(20));
    }
}
