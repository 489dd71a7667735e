//! How many nodes were ready over time while an upgrade was watched, and the least of it. Kept for the session; asks
//! nobody, and invents nothing for the time before somebody looked.

use jiff::Timestamp;

use crate::progress::picture::LivePicture;

/// Looks that are kept; more are thinned out, every second one goes.
const MOST: usize = 240;

/// One look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) at: Timestamp,
    pub(crate) ready: usize,
    /// Nodes that there were, ready or not.
    pub(crate) of: usize,
}

/// The looks at one upgrade, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capacity {
    running_since: Option<Timestamp>,
    looks: Vec<Look>,
    least: Option<Look>,
}

impl Capacity {
    /// Takes a picture in; another upgrade begins anew, and after an upgrade its looks stay.
    pub(crate) fn see(&mut self, live: &LivePicture) {
        if live.nodes.is_empty() || self.looks.last().is_some_and(|last| last.at >= live.as_of) {
            return;
        }
        if live.is_running && self.running_since != live.running_since {
            *self = Self {
                running_since: live.running_since,
                ..Self::default()
            };
        }
        if !live.is_running {
            return;
        }
        let look = Look {
            at: live.as_of,
            ready: live.nodes.values().filter(|node| node.is_ready == Some(true)).count(),
            of: live.nodes.len(),
        };
        if self.least.is_none_or(|least| look.ready < least.ready) {
            self.least = Some(look);
        }
        if self.looks.len() >= MOST {
            let mut at = 0;
            self.looks.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.looks.push(look);
    }

    /// The least that was ready, and when that was first seen.
    pub(crate) fn least(&self) -> Option<Look> {
        self.least
    }

    /// True where at some moment fewer nodes were ready than there are.
    pub(crate) fn has_dipped(&self) -> bool {
        let now = self.last().map_or(0, |last| last.of);
        self.least.is_some_and(|least| least.ready < least.of.min(now))
    }

    /// The first look at this upgrade.
    pub(crate) fn first(&self) -> Option<Look> {
        self.looks.first().copied()
    }

    /// The newest look.
    pub(crate) fn last(&self) -> Option<Look> {
        self.looks.last().copied()
    }

    /// The least ready nodes in each of so many equal parts of the time looked at, oldest first; fewer parts where there
    /// are fewer looks.
    pub(crate) fn lows(&self, parts: usize) -> Vec<usize> {
        let parts = parts.min(self.looks.len());
        (0..parts)
            .filter_map(|part| {
                let (from, to) = (part * self.looks.len() / parts, (part + 1) * self.looks.len() / parts);
                self.looks.get(from..to)?.iter().map(|look| look.ready).min()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::ui::fixtures;

    /// A picture so many seconds later, with so many nodes not ready.
    fn seen(seconds: i64, not_ready: usize) -> LivePicture {
        let mut live = fixtures::picture(fixtures::now() + SignedDuration::from_secs(seconds), 12);
        live.nodes.values_mut().for_each(|node| node.is_ready = Some(true));
        live.nodes
            .values_mut()
            .take(not_ready)
            .for_each(|node| node.is_ready = Some(false));
        live
    }

    #[test]
    fn the_least_is_kept_while_old_looks_are_thinned_out() {
        let mut capacity = Capacity::default();
        for second in 0..1000 {
            capacity.see(&seen(second, usize::from(second == 3) * 5));
        }
        let least = capacity.least().unwrap();
        assert_eq!((least.ready, least.of), (11, 16));
        assert_eq!(least.at, fixtures::now() + SignedDuration::from_secs(3));
        assert!(capacity.looks.len() <= MOST);
        assert_eq!(capacity.lows(10).len(), 10);
        assert_eq!(capacity.last().unwrap().ready, 16);
    }

    #[test]
    fn another_upgrade_begins_anew_and_an_ended_one_stays() {
        let mut capacity = Capacity::default();
        capacity.see(&seen(0, 4));
        capacity.see(&seen(0, 9));
        assert_eq!(capacity.lows(24), [12], "the same moment is seen once");
        let mut ended = seen(10, 0);
        ended.is_running = false;
        capacity.see(&ended);
        assert_eq!(capacity.least().unwrap().ready, 12);
        let mut other = seen(20, 1);
        other.running_since = Some(fixtures::now());
        capacity.see(&other);
        assert_eq!(
            (capacity.least().unwrap().ready, capacity.first().unwrap().ready),
            (15, 15)
        );
    }
}
