//! What earlier executions tell of how long a cluster takes. Pure: records and observations in, a pace out.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::record::Record;
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::pace::{Spread, UsualPace};
use crate::plan::step::{Plan, StepKind};
use crate::progress::history::node_times;

/// One earlier execution, as the journal has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    /// Oldest first.
    pub(super) records: Vec<(Timestamp, Record)>,
    /// JSON of the events its driver kept.
    pub(super) events: Vec<String>,
}

/// How long the cluster took in these executions.
pub(super) fn usual_pace(earlier: &[Earlier]) -> UsualPace {
    let mut nodes = Vec::new();
    let mut control_planes = Vec::new();
    for one in earlier {
        let events: Vec<ClusterEvent> = one.events.iter().filter_map(|json| event(json)).collect();
        nodes.extend(node_times(&events));
        control_planes.extend(control_plane_times(&one.records));
    }
    UsualPace {
        node: Spread::of(&nodes),
        control_plane: Spread::of(&control_planes),
    }
}

/// From the moment Azure took the request to the moment its operation ended, where nothing came between.
fn control_plane_times(records: &[(Timestamp, Record)]) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut plan: Option<&Plan> = None;
    let (mut is_control_plane, mut taken) = (false, None);
    for (at, record) in records {
        match record {
            Record::Created { plan: created, .. } => plan = Some(created.as_ref()),
            Record::StepBegan { step, .. } => {
                let step = plan.and_then(|plan| plan.step(step));
                is_control_plane = step.is_some_and(|step| matches!(step.kind, StepKind::ControlPlaneUpgrade { .. }));
                taken = None;
            }
            Record::Accepted { .. } if is_control_plane => taken = Some(*at),
            Record::Paused { .. } | Record::StepFailed { .. } | Record::StepStopped { .. } => taken = None,
            Record::StepSucceeded { .. } => {
                let time = taken.take().map(|taken| at.duration_since(taken));
                times.extend(time.and_then(|time| Duration::try_from(time).ok()));
            }
            _ => {}
        }
    }
    times
}

/// Reads an event as `driver/observing.rs` keeps it, without its uid; `None` for another format.
pub(super) fn event(json: &str) -> Option<ClusterEvent> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let time = |key: &str| value[key].as_str().and_then(|text| text.parse().ok());
    let object = text("object");
    let (kind, name) = object.split_once('/')?;
    Some(ClusterEvent {
        uid: String::new(),
        kind: match value["type"].as_str()? {
            "Warning" => EventKind::Warning,
            _ => EventKind::Normal,
        },
        reason: text("reason"),
        message: text("message"),
        source: text("source"),
        object_kind: kind.to_owned(),
        object_name: name.to_owned(),
        first_seen: time("firstSeen"),
        last_seen: time("lastSeen"),
        count: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(reason: &str, message: &str, at: &str) -> String {
        serde_json::json!({
            "v": 1, "type": "Normal", "reason": reason, "message": message, "source": "upgrader", "object": "Node/n1",
            "firstSeen": at, "lastSeen": at, "count": 1,
        })
        .to_string()
    }

    #[test]
    fn node_times_come_from_the_events_that_were_kept() {
        let earlier = Earlier {
            records: Vec::new(),
            events: vec![
                kept("Drain", "Draining node: n1", "2026-11-20T10:00:00Z"),
                kept("Upgrade", "Successfully upgraded node: n1", "2026-11-20T10:06:00Z"),
                "no json".to_owned(),
            ],
        };
        let pace = usual_pace(&[earlier]);
        assert!(
            pace.node
                .is_some_and(|node| (node.mean - 360.0).abs() < 0.1 && node.count == 1)
        );
        assert_eq!(pace.control_plane, None);
        assert_eq!(usual_pace(&[]), UsualPace::default());
    }
}
