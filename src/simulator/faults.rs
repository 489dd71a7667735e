//! What goes wrong on the wire: throttling, failures, lost answers, denied subscriptions, an ARM that is down.
//! Only decides; `azure_api` and `server` act on it. Set by scenarios and, at run time, by tests.

use std::time::Duration;

use jiff::Timestamp;

/// When a 5xx is answered, seen from the change it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The request did nothing.
    None,
    /// The request took effect all the same.
    Done,
}

/// Why a change is refused with 409 although nothing can be seen on the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// `OperationNotAllowed`: another operation is in progress.
    Busy,
    /// `EtagMismatch`: something inside AKS wrote in between.
    Etag,
}

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 429 of ARM, with or without `Retry-After`.
    Throttle { retry_after_seconds: Option<u64> },
    /// 500 of AKS itself, in its flat shape.
    InternalError { effect: Effect },
    /// 502 or 504 of ARM's gateway.
    Gateway { status: u16, effect: Effect },
    /// 404 for an operation that exists.
    LostOperation,
    /// 200 with a body that is no JSON.
    NotJson,
    /// The answer comes this much later, in the world's time.
    Slow { by: Duration },
    /// 403 for this and the following matching requests.
    Denied,
    /// 401: the token was good once and is too old now. A client that asks for its token again gets through.
    TokenExpired,
    /// 409 for a change.
    Conflict(Conflict),
    /// Somebody saves a tag just before the request comes in, so that its `If-Match` does not fit any more.
    TagSaved,
    /// A read is answered as it would have been this much earlier, in the world's time.
    Stale { by: Duration },
    /// Connections to ARM break.
    Down,
}

/// A trouble and the requests it meets.
#[derive(Clone, Debug)]
pub struct Fault {
    pub trouble: Trouble,
    /// `GET`, `PUT`, ...; any where `None`.
    pub method: Option<String>,
    /// Part of the path, without regard to case; any where `None`.
    pub path: Option<String>,
    /// Meets only each n-th matching request.
    pub every: Option<u32>,
    /// Is over after so many requests.
    pub times: Option<u32>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    seen: u32,
}

impl Fault {
    /// A trouble that meets every request.
    pub fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            method: None,
            path: None,
            every: None,
            times: None,
            from: None,
            until: None,
            seen: 0,
        }
    }

    /// Only requests with this method and this part in their path.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_ascii_lowercase());
        self
    }

    /// Only so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only each n-th request.
    #[must_use]
    pub fn every(mut self, every: u32) -> Self {
        self.every = Some(every.max(1));
        self
    }

    /// Only from one time on, and not from another one on.
    #[must_use]
    pub fn between(mut self, from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        self.from = from;
        self.until = until;
        self
    }

    fn is_now(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until) && self.times != Some(0)
    }

    fn meets(&mut self, method: &str, path: &str, now: Timestamp) -> bool {
        let fits = self.is_now(now)
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self
                .path
                .as_deref()
                .is_none_or(|part| path.to_ascii_lowercase().contains(part));
        if !fits {
            return false;
        }
        self.seen += 1;
        if self.every.is_some_and(|every| !self.seen.is_multiple_of(every.max(1))) {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times -= 1;
        }
        true
    }
}

/// The faults that are set.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    faults: Vec<Fault>,
}

impl Faults {
    /// Adds a fault; the first that meets a request wins.
    pub fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// What happens to this request; counts it.
    pub fn meet(&mut self, method: &str, path: &str, now: Timestamp) -> Option<Trouble> {
        self.faults
            .iter_mut()
            .filter(|fault| fault.trouble != Trouble::Down)
            .find_map(|fault| fault.meets(method, path, now).then_some(fault.trouble))
    }

    /// True when every fault that counts requests has met all of its own.
    pub fn is_spent(&self) -> bool {
        self.faults.iter().all(|fault| fault.times == Some(0))
    }

    /// True while connections to ARM break.
    pub fn is_down(&self, now: Timestamp) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.trouble == Trouble::Down && fault.is_now(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_fault_meets_only_what_it_names_and_wears_off() {
        let mut faults = Faults::default();
        faults.push(Fault::new(Trouble::NotJson).on("GET", "/agentPools").times(2));
        let mut meet = |method, path| faults.meet(method, path, at(0)).is_some();
        assert!(!meet("PUT", "/x/agentpools/apps"));
        assert!(!meet("GET", "/x"));
        assert!(meet("GET", "/x/agentpools/apps"));
        assert!(meet("get", "/x/AGENTPOOLS/apps"));
        assert!(!meet("GET", "/x/agentpools/apps"));
    }

    #[test]
    fn a_fault_may_meet_each_third_request_only() {
        let mut faults = Faults::default();
        faults.push(
            Fault::new(Trouble::Throttle {
                retry_after_seconds: None,
            })
            .every(3),
        );
        let met: Vec<bool> = (0..6).map(|_| faults.meet("GET", "/", at(0)).is_some()).collect();
        assert_eq!(met, [false, false, true, false, false, true]);
    }

    #[test]
    fn an_outage_has_a_beginning_and_an_end() {
        let mut faults = Faults::default();
        faults.push(Fault {
            from: Some(at(10)),
            until: Some(at(20)),
            ..Fault::new(Trouble::Down)
        });
        assert_eq!(
            [9, 10, 19, 20].map(|second| faults.is_down(at(second))),
            [false, true, true, false]
        );
        assert_eq!(faults.meet("GET", "/", at(15)), None);
    }
}
