//! How long nodes took in an upgrade that is over, from the upgrader's events alone. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::upgrader_event::{self, Stage};
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;

/// Longer is no time of a node but a pause in between.
const LONGEST: Duration = Duration::from_hours(6);

/// What is known of one node.
#[derive(Default)]
struct Passage {
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    soak: Duration,
}

/// Times of nodes from cordon or drain to upgraded, without their soak; in no order. Nodes whose beginning or end was
/// not told are left out.
pub fn node_times<'a>(events: impl IntoIterator<Item = &'a ClusterEvent>) -> Vec<Duration> {
    let mut passages: BTreeMap<NodeName, Passage> = BTreeMap::new();
    for event in events {
        let Some(read) = upgrader_event::read(event) else {
            continue;
        };
        let (Some(node), Some(first)) = (read.node, event.first_seen.or(event.last_seen)) else {
            continue;
        };
        let passage = passages.entry(node).or_default();
        match read.stage {
            Stage::Cordoning | Stage::Draining => {
                passage.began = Some(passage.began.map_or(first, |began| began.min(first)));
            }
            Stage::Soaking => passage.soak = read.soak.unwrap_or_default(),
            Stage::Upgraded => passage.ended = event.last_seen.max(passage.ended),
            _ => {}
        }
    }
    let times = passages.into_values().filter_map(|passage| {
        let time = passage.ended?.duration_since(passage.began?);
        let time = Duration::try_from(time).ok()?.saturating_sub(passage.soak);
        (!time.is_zero() && time <= LONGEST).then_some(time)
    });
    times.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::upgrader;

    #[test]
    fn a_node_is_timed_from_cordon_to_upgraded_without_its_soak() {
        let events = [
            upgrader("a", "Cordon", "Cordoning node: n1", 100),
            upgrader("b", "Drain", "Draining node: n1", 110),
            upgrader("c", "Upgrade", "Soak duration 2m0s after draining node: n1", 160),
            upgrader("d", "Upgrade", "Successfully upgraded node: n1", 580),
            upgrader("e", "Drain", "Draining node: n2", 600),
            upgrader("f", "Upgrade", "Successfully upgraded node: n3", 600),
        ];
        assert_eq!(node_times(&events), [Duration::from_mins(6)]);
        assert!(node_times(&[]).is_empty());
    }
}
