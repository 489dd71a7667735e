//! The upgrader's own event texts (`assets/upgrade-events.json`): which of them are steps of every upgrade.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::event::{ClusterEvent, EventKind};

#[derive(Deserialize)]
struct Table {
    events: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    reason: String,
    contains: String,
    #[serde(rename = "type")]
    kind: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../assets/upgrade-events.json"))
        .expect("the shipped table is sound: a test reads it")
});

/// True for an event that tells of a step of an upgrade: the upgrader made progress when it was written.
pub(in crate::diagnosis) fn is_upgrade_step(event: &ClusterEvent) -> bool {
    event.kind == EventKind::Normal
        && TABLE
            .events
            .iter()
            .any(|row| row.kind == "Normal" && row.reason == event.reason && event.message.contains(&row.contains))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_from_warnings_and_from_other_events() {
        let event = |kind: EventKind, reason: &str, message: &str| ClusterEvent {
            uid: String::new(),
            kind,
            reason: reason.into(),
            message: message.into(),
            source: "upgrader".into(),
            object_kind: "Node".into(),
            object_name: "n1".into(),
            first_seen: None,
            last_seen: None,
            count: 1,
        };
        assert!(is_upgrade_step(&event(
            EventKind::Normal,
            "Drain",
            "Draining node: [n1]"
        )));
        assert!(is_upgrade_step(&event(
            EventKind::Normal,
            "Upgrade",
            "Successfully upgraded node: n1"
        )));
        assert!(!is_upgrade_step(&event(
            EventKind::Warning,
            "Drain",
            "Error draining node n1"
        )));
        assert!(!is_upgrade_step(&event(
            EventKind::Normal,
            "NodeReady",
            "Node n1 status is now: NodeReady"
        )));
    }
}
