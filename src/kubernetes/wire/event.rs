//! Events, as core/v1 and as the newer writers fill it.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Metadata, SlimObject, or_default, time};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::survey::EventFact;
use crate::domain::text::printable;

/// The used part of a core/v1 Event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SlimEvent {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    reason: String,
    #[serde(deserialize_with = "or_default")]
    message: String,
    #[serde(deserialize_with = "or_default")]
    source: Source,
    #[serde(deserialize_with = "or_default")]
    reporting_component: String,
    #[serde(deserialize_with = "or_default")]
    involved_object: InvolvedObject,
    #[serde(deserialize_with = "time")]
    first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    event_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    count: i64,
    #[serde(deserialize_with = "or_default")]
    series: Series,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(deserialize_with = "or_default")]
    component: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct InvolvedObject {
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    #[serde(deserialize_with = "or_default")]
    count: i64,
    #[serde(deserialize_with = "time")]
    last_observed_time: Option<Timestamp>,
}

impl SlimObject for SlimEvent {
    type Value = ClusterEvent;

    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }
}

impl From<SlimEvent> for ClusterEvent {
    fn from(event: SlimEvent) -> Self {
        let created_at = event.metadata.creation_timestamp;
        let first_of = |one: String, other: String| printable(if one.is_empty() { &other } else { &one });
        Self {
            uid: first_of(event.metadata.uid, event.metadata.name),
            kind: if event.kind.eq_ignore_ascii_case("Warning") {
                EventKind::Warning
            } else {
                EventKind::Normal
            },
            reason: printable(&event.reason),
            message: printable(&event.message),
            source: first_of(event.source.component, event.reporting_component),
            object_kind: printable(&event.involved_object.kind),
            object_name: printable(&event.involved_object.name),
            first_seen: event.first_timestamp.or(event.event_time).or(created_at),
            last_seen: event
                .series
                .last_observed_time
                .or(event.last_timestamp)
                .or(event.event_time)
                .or(created_at),
            count: event
                .count
                .max(event.series.count)
                .clamp(1, i64::from(u32::MAX))
                .try_into()
                .unwrap_or(1),
        }
    }
}

impl From<SlimEvent> for EventFact {
    fn from(event: SlimEvent) -> Self {
        Self {
            namespace: printable(&event.involved_object.namespace),
            event: event.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(object: Value) -> ClusterEvent {
        serde_json::from_value::<SlimEvent>(object).unwrap().into()
    }

    fn seconds(time: Option<Timestamp>) -> String {
        time.map(|time| time.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_event_of_the_upgrader_is_read() {
        let event = read(json!({
            "metadata": {"name": "n1.17", "namespace": "default", "uid": "e1"},
            "type": "Warning", "reason": "Drain", "message": "Eviction blocked by\ttoo many requests",
            "source": {"component": "upgrader"}, "reportingComponent": "", "reportingInstance": "",
            "involvedObject": {"kind": "Node", "name": "n1", "uid": "n1"},
            "firstTimestamp": "2026-11-23T10:00:00Z", "lastTimestamp": "2026-11-23T10:05:00Z",
            "eventTime": null, "count": 7
        }));
        assert_eq!((event.uid.as_str(), event.kind), ("e1", EventKind::Warning));
        assert_eq!(event.message, "Eviction blocked by too many requests");
        assert_eq!(event.source, "upgrader");
        assert_eq!((event.object_kind.as_str(), event.object_name.as_str()), ("Node", "n1"));
        assert_eq!(seconds(event.first_seen), "2026-11-23T10:00:00Z");
        assert_eq!(seconds(event.last_seen), "2026-11-23T10:05:00Z");
        assert_eq!(event.count, 7);
    }

    #[test]
    fn newer_and_bare_events_are_read() {
        let newer = read(json!({
            "metadata": {"name": "n1.18"}, "type": "odd", "reportingComponent": "upgrader",
            "firstTimestamp": null, "lastTimestamp": null, "eventTime": "2026-11-23T10:00:00.000001Z",
            "series": {"count": 3, "lastObservedTime": "2026-11-23T10:01:00.000000Z"}
        }));
        assert_eq!(
            (newer.uid.as_str(), newer.kind, newer.count),
            ("n1.18", EventKind::Normal, 3)
        );
        assert_eq!(newer.source, "upgrader");
        assert_eq!(seconds(newer.first_seen), "2026-11-23T10:00:00.000001Z");
        assert_eq!(seconds(newer.last_seen), "2026-11-23T10:01:00Z");

        let bare =
            read(json!({"metadata": {"creationTimestamp": "2026-11-23T10:00:00Z"}, "source": null, "count": -4}));
        assert_eq!((bare.count, bare.source.as_str()), (1, ""));
        assert_eq!(bare.first_seen, bare.last_seen);
        assert!(bare.first_seen.is_some());
    }
}
