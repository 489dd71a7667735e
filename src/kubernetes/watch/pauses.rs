//! How long a follower waits before it tries again, and when a short-lived watch counts as trouble.

use std::time::Duration;

use super::WatchState;
use super::settings::WatchSettings;

/// Pauses after failures, and after watches that end before they did any good.
#[derive(Debug)]
pub(super) struct Pauses {
    steady_after: Duration,
    /// Starts again as soon as the server lets a watch start.
    failures: Backoff,
    /// Starts again once a watch was steady.
    early_ends: Backoff,
    last_was_early: bool,
}

impl Pauses {
    pub(super) fn new(settings: &WatchSettings) -> Self {
        Self {
            steady_after: settings.steady_after,
            failures: Backoff::new(settings),
            early_ends: Backoff::new(settings),
            last_was_early: false,
        }
    }

    /// Notes how long the last watch lived; `None` where it did not start.
    pub(super) fn note(&mut self, lived: Option<Duration>) {
        self.last_was_early = lived.is_some_and(|lived| lived < self.steady_after);
        if lived.is_some() {
            self.failures.reset();
            if !self.last_was_early {
                self.early_ends.reset();
            }
        }
    }

    pub(super) fn after_failure(&mut self) -> Duration {
        if self.last_was_early {
            self.early_ends.pause()
        } else {
            self.failures.pause()
        }
    }

    /// No pause after a watch that was steady. A server that ends every watch at once must not be asked in a tight
    /// loop; from the second time on that is trouble worth telling.
    pub(super) fn after_early_end(&mut self) -> (Option<WatchState>, Duration) {
        if !self.last_was_early {
            return (None, Duration::ZERO);
        }
        let is_first = self.early_ends.is_fresh();
        let retry_in = self.early_ends.pause();
        let trouble = WatchState::Broken {
            why: "the API server ends every watch at once".to_owned(),
            retry_in,
        };
        ((!is_first).then_some(trouble), retry_in)
    }
}

/// Pauses that double, with jitter so that many watches do not come back in the same moment.
#[derive(Debug)]
struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    fn new(settings: &WatchSettings) -> Self {
        Self {
            first: settings.first_retry,
            longest: settings.longest_retry,
            next: settings.first_retry,
        }
    }

    fn is_fresh(&self) -> bool {
        self.next == self.first
    }

    fn reset(&mut self) {
        self.next = self.first;
    }

    /// The next pause: between half and all of the step that is due.
    fn pause(&mut self) -> Duration {
        let step = self.next.min(self.longest);
        self.next = step.saturating_mul(2);
        step.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Option<Duration> = Some(Duration::from_secs(30));
    const SHORT: Option<Duration> = Some(Duration::from_millis(1));

    #[test]
    fn pauses_double_up_to_the_longest_and_start_again() {
        let mut backoff = Backoff::new(&WatchSettings::default());
        let mut check = |expected_seconds: f64| {
            let pause = backoff.pause().as_secs_f64();
            assert!(
                pause >= expected_seconds / 2.0 - 1e-6 && pause <= expected_seconds + 1e-6,
                "{pause} for {expected_seconds}"
            );
        };
        for expected in [0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0] {
            check(expected);
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(800));
    }

    #[test]
    fn only_watches_that_end_early_again_and_again_are_trouble() {
        let mut pauses = Pauses::new(&WatchSettings::default());
        pauses.note(LONG);
        assert_eq!(pauses.after_early_end(), (None, Duration::ZERO));
        pauses.note(SHORT);
        let (trouble, pause) = pauses.after_early_end();
        assert!(trouble.is_none() && pause > Duration::ZERO);
        pauses.note(SHORT);
        assert!(matches!(
            pauses.after_early_end(),
            (Some(WatchState::Broken { retry_in, .. }), pause) if retry_in == pause
        ));
        pauses.note(LONG);
        pauses.note(SHORT);
        assert!(pauses.after_early_end().0.is_none());
    }

    #[test]
    fn failures_start_again_once_the_server_answers() {
        let mut pauses = Pauses::new(&WatchSettings::default());
        let first = Duration::from_millis(800);
        for _ in 0..5 {
            pauses.note(None);
            pauses.after_failure();
        }
        assert!(pauses.after_failure() > first);
        pauses.note(SHORT);
        assert!(pauses.after_failure() <= first);
        pauses.note(SHORT);
        assert!(
            pauses.after_failure() >= first,
            "a watch that starts and fails at once is waited for longer"
        );
        pauses.note(None);
        assert!(pauses.after_failure() <= first);
    }
}
