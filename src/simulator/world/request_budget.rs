//! ARM's token buckets per subscription, told in headers (ARM "Request limits and throttling", 2026).
//! Only counts: requests are refused by faults, never by an empty bucket.

use jiff::Timestamp;

/// One bucket that fills again over time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    size: f64,
    refill_per_second: f64,
    left: f64,
}

impl Bucket {
    fn full(size: f64, refill_per_second: f64) -> Self {
        Self {
            size,
            refill_per_second,
            left: size,
        }
    }

    fn refill(&mut self, seconds: f64) {
        self.left = (self.left + seconds * self.refill_per_second).min(self.size);
    }

    fn take(&mut self) -> u64 {
        self.left = (self.left - 1.0).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the size of the bucket"
        )]
        let left = self.left as u64;
        left
    }
}

/// What is left of the caller's reads and writes.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulator) struct RequestBudget {
    reads: Bucket,
    writes: Bucket,
    at: Timestamp,
}

impl RequestBudget {
    pub(in crate::simulator) fn full(now: Timestamp) -> Self {
        Self {
            reads: Bucket::full(250.0, 25.0),
            writes: Bucket::full(200.0, 10.0),
            at: now,
        }
    }

    /// Counts one request and returns the headers about it.
    pub(in crate::simulator) fn spend(&mut self, is_read: bool, now: Timestamp) -> [(&'static str, String); 2] {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.at = self.at.max(now);
        self.reads.refill(seconds);
        self.writes.refill(seconds);
        if is_read {
            [
                (
                    "x-ms-ratelimit-remaining-subscription-reads",
                    self.reads.take().to_string(),
                ),
                ("x-ms-ratelimit-remaining-subscription-global-reads", "3749".to_owned()),
            ]
        } else {
            [
                (
                    "x-ms-ratelimit-remaining-subscription-writes",
                    self.writes.take().to_string(),
                ),
                ("x-ms-ratelimit-remaining-subscription-global-writes", "2999".to_owned()),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_run_down_and_fill_again() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut budget = RequestBudget::full(at(0));
        let mut left = |second| budget.spend(true, at(second))[0].1.clone();
        assert_eq!([left(0), left(0), left(60)], ["249", "248", "249"]);
    }
}
