//! The one place where the wall clock is read. Everything else is handed a time, or a `Clock` to ask.
//! Demo and `--simulate` run it faster, tests step it; against real Azure it is the plain wall clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

/// A source of time that can be slept on; clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// Wall time, or wall time at a multiple of its speed since `started`.
    Running {
        origin: Timestamp,
        started: Instant,
        speed: f64,
    },
    Stepped(watch::Sender<Timestamp>),
}

impl Clock {
    /// The plain wall clock.
    pub fn wall() -> Self {
        Self::running(1.0)
    }

    /// Starts at the wall clock's time and runs at `speed` times its pace; `speed` must be above zero.
    pub fn running(speed: f64) -> Self {
        debug_assert!(speed > 0.0, "a clock must move");
        Self(Arc::new(Source::Running {
            origin: read_wall_clock(),
            started: Instant::now(),
            speed,
        }))
    }

    /// The clock another process runs, from the text of [`Clock::describe`].
    ///
    /// # Errors
    /// When the text is not `TIME*SPEED` with a speed above zero.
    pub fn following(text: &str) -> Result<Self, String> {
        let error = || format!("'{text}' is not a clock like 2026-11-23T10:00:00Z*150");
        let (origin, speed) = text.split_once('*').ok_or_else(error)?;
        let origin: Timestamp = origin.parse().map_err(|_| error())?;
        let speed: f64 = speed.parse().ok().filter(|speed| *speed > 0.0).ok_or_else(error)?;
        let elapsed = read_wall_clock().duration_since(origin).as_secs_f64().max(0.0);
        let now = origin + SignedDuration::from_secs_f64(elapsed * speed);
        Ok(Self(Arc::new(Source::Running {
            origin: now,
            started: Instant::now(),
            speed,
        })))
    }

    /// Wall time at which it started, and its speed, for a process that is to follow it; `None` for a stepped clock.
    pub fn describe(&self) -> Option<String> {
        match &*self.0 {
            Source::Running { origin, speed, .. } => Some(format!("{origin}*{speed}")),
            Source::Stepped(_) => None,
        }
    }

    /// A clock that stands still until it is stepped.
    pub fn stepped(start: Timestamp) -> Self {
        Self(Arc::new(Source::Stepped(watch::Sender::new(start))))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            // The wall clock itself, not the monotonic one: it follows suspends and corrections.
            #[expect(clippy::float_cmp, reason = "exactly 1.0 is what `wall` sets")]
            Source::Running { speed, .. } if *speed == 1.0 => read_wall_clock(),
            Source::Running { origin, started, speed } => {
                *origin + SignedDuration::from_secs_f64(started.elapsed().as_secs_f64() * speed)
            }
            Source::Stepped(now) => *now.borrow(),
        }
    }

    /// How many of this clock's seconds pass in one second of the wall clock; 1 for a stepped clock.
    pub fn speed(&self) -> f64 {
        match &*self.0 {
            Source::Running { speed, .. } => *speed,
            Source::Stepped(_) => 1.0,
        }
    }

    /// Moves a stepped clock forward; a running clock moves by itself and is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Stepped(now) = &*self.0 {
            now.send_modify(|now| *now += by);
        }
    }

    /// Waits until `by` of this clock's time has passed.
    pub async fn sleep(&self, by: Duration) {
        match &*self.0 {
            Source::Running { speed, .. } => tokio::time::sleep(by.div_f64(*speed)).await,
            Source::Stepped(now) => {
                let until = *now.borrow() + by;
                // The sender lives in `self`, so waiting can only end by reaching the time.
                let _ = now.subscribe().wait_for(|now| *now >= until).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn read_wall_clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stepped_clock_wakes_sleepers_when_their_time_has_come() {
        let clock = Clock::stepped(Timestamp::UNIX_EPOCH);
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move {
                clock.sleep(Duration::from_mins(1)).await;
                clock.now()
            })
        };
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert_eq!(sleeper.await.unwrap().as_second(), 60);
    }

    #[tokio::test]
    async fn a_clock_can_be_followed_from_another_process() {
        let clock = Clock::running(150.0);
        let follower = Clock::following(&clock.describe().unwrap()).unwrap();
        let apart = follower.now().duration_since(clock.now()).as_secs_f64().abs();
        assert!(apart < 150.0, "{apart} s apart");
        for text in ["", "now*1", "2026-11-23T10:00:00Z*0", "2026-11-23T10:00:00Z"] {
            assert!(Clock::following(text).is_err(), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_sleeps_less_wall_time() {
        let clock = Clock::running(60.0);
        let before = Instant::now();
        clock.sleep(Duration::from_mins(1)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(1));
    }
}
