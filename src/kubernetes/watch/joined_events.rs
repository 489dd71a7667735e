//! The events of two lists, told as one: those about nodes, and the upgrader's about anything else.

use std::collections::BTreeMap;

use super::WatchUpdate;
use super::follow::Change;
use super::states::Source;
use crate::domain::event::ClusterEvent;

/// The events of both lists, by uid.
#[derive(Debug, Default)]
pub(super) struct JoinedEvents(BTreeMap<Source, BTreeMap<String, ClusterEvent>>);

impl JoinedEvents {
    /// Takes in a change of one list. A list read anew is told together with the other one; an event that Kubernetes
    /// has let go is not worth telling.
    pub(super) fn join(&mut self, source: &Source, change: Change<ClusterEvent>) -> Option<WatchUpdate> {
        let list = self.0.entry(source.clone()).or_default();
        match change {
            Change::All(events) => {
                *list = events.into_iter().map(|event| (event.uid.clone(), event)).collect();
                let all: BTreeMap<&String, &ClusterEvent> = self.0.values().flatten().collect();
                Some(WatchUpdate::EventsReplaced(all.into_values().cloned().collect()))
            }
            Change::Applied(event) => {
                list.insert(event.uid.clone(), event.clone());
                Some(WatchUpdate::EventApplied(event))
            }
            Change::Removed(event) => {
                list.remove(&event.uid);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventKind;

    fn event(uid: &str, count: u32) -> ClusterEvent {
        ClusterEvent {
            uid: uid.into(),
            kind: EventKind::Normal,
            reason: "Upgrade".into(),
            message: String::new(),
            source: "upgrader".into(),
            object_kind: "Node".into(),
            object_name: "n".into(),
            first_seen: None,
            last_seen: None,
            count,
        }
    }

    fn shown(update: Option<WatchUpdate>) -> String {
        match update {
            Some(WatchUpdate::EventsReplaced(events)) => {
                let uids: Vec<String> = events
                    .into_iter()
                    .map(|event| format!("{}x{}", event.uid, event.count))
                    .collect();
                format!("all {}", uids.join(" "))
            }
            Some(WatchUpdate::EventApplied(event)) => format!("applied {}", event.uid),
            Some(other) => panic!("{other:?}"),
            None => "nothing".into(),
        }
    }

    #[test]
    fn events_of_two_lists_are_told_as_one() {
        let mut events = JoinedEvents::default();
        let (nodes, pools) = (Source::NodeEvents, Source::PoolEvents);
        let mut check =
            |source: &Source, change, expected: &str| assert_eq!(shown(events.join(source, change)), expected);
        check(&nodes, Change::All(vec![event("a", 1), event("b", 1)]), "all ax1 bx1");
        check(&pools, Change::All(vec![event("p", 1)]), "all ax1 bx1 px1");
        check(&nodes, Change::Applied(event("b", 2)), "applied b");
        check(&nodes, Change::Removed(event("a", 1)), "nothing");
        check(&pools, Change::All(vec![event("q", 1)]), "all bx2 qx1");
    }
}
