//! Keeps the cluster's events in the journal while an execution is driven: Kubernetes forgets them after an hour
//! (Kubernetes docs "kube-apiserver", `--event-ttl`, v1.36). Never decides anything by them.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::event::{ClusterEvent, EventKind};
use crate::journal::writer::NewObservation;
use crate::progress::picture::LivePicture;

/// Tells new events from known ones.
pub(super) struct Observer {
    live: watch::Receiver<Arc<LivePicture>>,
    /// Keys of the last picture's events.
    known: HashSet<String>,
}

impl Observer {
    pub(super) fn new(mut live: watch::Receiver<Arc<LivePicture>>) -> Self {
        live.mark_changed();
        Self {
            live,
            known: HashSet::new(),
        }
    }

    /// Events that came since the last call. The journal leaves out what it has already.
    pub(super) fn new_events(&mut self, now: Timestamp) -> Vec<NewObservation> {
        if !self.live.has_changed().unwrap_or(false) {
            return Vec::new();
        }
        let picture = Arc::clone(&self.live.borrow_and_update());
        let all: HashSet<String> = picture.events.iter().map(key_of).collect();
        let fresh = picture
            .events
            .iter()
            .filter(|event| !self.known.contains(&key_of(event)));
        let seen = fresh.map(|event| observation(event, now)).collect();
        self.known = all;
        seen
    }
}

/// An event that comes again keeps its uid and counts up.
fn key_of(event: &ClusterEvent) -> String {
    format!("{}/{}", event.uid, event.count)
}

fn observation(event: &ClusterEvent, now: Timestamp) -> NewObservation {
    let kind = match event.kind {
        EventKind::Normal => "Normal",
        EventKind::Warning => "Warning",
    };
    NewObservation {
        at: now,
        kind: "event".to_owned(),
        key: key_of(event),
        json: serde_json::json!({
            "v": 1,
            "type": kind,
            "reason": event.reason,
            "message": event.message,
            "source": event.source,
            "object": format!("{}/{}", event.object_kind, event.object_name),
            "firstSeen": event.first_seen,
            "lastSeen": event.last_seen,
            "count": event.count,
        })
        .to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(uid: &str, second: i64, count: u32) -> ClusterEvent {
        ClusterEvent {
            uid: uid.to_owned(),
            kind: EventKind::Normal,
            reason: "Drain".to_owned(),
            message: "Draining node n1".to_owned(),
            source: "upgrader".to_owned(),
            object_kind: "Node".to_owned(),
            object_name: "n1".to_owned(),
            first_seen: None,
            last_seen: Timestamp::from_second(second).ok(),
            count,
        }
    }

    #[test]
    fn every_event_is_given_once_it_is_new() {
        let now = Timestamp::UNIX_EPOCH;
        let mut picture = LivePicture::empty(now);
        picture.events = vec![event("a", 10, 1)];
        let live = watch::Sender::new(Arc::new(picture.clone()));
        let mut observer = Observer::new(live.subscribe());
        assert_eq!(observer.new_events(now).len(), 1);
        assert!(observer.new_events(now).is_empty());
        picture.events = vec![event("b", 20, 1), event("a", 10, 1)];
        live.send_replace(Arc::new(picture.clone()));
        let keys: Vec<String> = observer.new_events(now).into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["b/1"]);
        picture.events = vec![event("b", 20, 2)];
        live.send_replace(Arc::new(picture));
        assert_eq!(observer.new_events(now)[0].key, "b/2");
    }
}
