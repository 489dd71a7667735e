//! Until when a driver may send something, by the Lease. Answers from the clocks alone, so that it is right even
//! while nobody has time to look at the Lease.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::lease::LeaseTimes;
use crate::clock::Clock;

/// A point in time on both clocks: the monotonic one stands still while the machine sleeps, the wall clock may jump.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Moment {
    pub(in crate::engine) instant: Instant,
    pub(in crate::engine) wall: Timestamp,
}

impl Moment {
    pub(in crate::engine) fn now() -> Self {
        Self {
            instant: Instant::now(),
            wall: Clock::wall().now(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// The Lease never was ours: Azure's own refusals are all there is.
    None,
    Until(Moment),
    Closed,
}

/// Clones share the limit.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Fence(Arc<Mutex<Limit>>);

impl Fence {
    pub(in crate::engine) fn without_limit() -> Self {
        Self(Arc::new(Mutex::new(Limit::None)))
    }

    pub(in crate::engine) fn closed() -> Self {
        Self(Arc::new(Mutex::new(Limit::Closed)))
    }

    /// The Lease was renewed by a request that began at this moment.
    pub(in crate::engine) fn renewed(&self, began: Moment, times: LeaseTimes) {
        let lasts = times.may_send_for();
        *self.limit() = Limit::Until(Moment {
            instant: began.instant + lasts,
            wall: began.wall + lasts,
        });
    }

    /// Somebody else has the Lease.
    pub(in crate::engine) fn close(&self) {
        *self.limit() = Limit::Closed;
    }

    /// True while nobody else can have taken the Lease, or where there is none to go by.
    pub(in crate::engine) fn may_send(&self) -> bool {
        match *self.limit() {
            Limit::None => true,
            Limit::Closed => false,
            Limit::Until(end) => Instant::now() < end.instant && Clock::wall().now() < end.wall,
        }
    }

    fn limit(&self) -> MutexGuard<'_, Limit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_holder_stops_sending_before_anybody_else_may_take_the_lease() {
        let times = LeaseTimes::default();
        let fence = Fence::without_limit();
        assert!(fence.may_send());
        fence.renewed(Moment::now(), times);
        let last = Duration::from_millis(1);
        tokio::time::advance(times.may_send_for().saturating_sub(last)).await;
        assert!(fence.may_send());
        tokio::time::advance(last).await;
        assert!(!fence.may_send());
        fence.renewed(Moment::now(), times);
        assert!(fence.may_send());
        fence.close();
        assert!(!fence.may_send());
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_knows_by_the_wall_clock() {
        let times = LeaseTimes::default();
        let fence = Fence::without_limit();
        let an_hour_ago = Moment {
            wall: Moment::now().wall - Duration::from_hours(1),
            ..Moment::now()
        };
        fence.renewed(an_hour_ago, times);
        assert!(!fence.may_send());
    }
}
