//! Keeps what is seen of the cluster in the journal while an execution is driven: its events, which Kubernetes forgets
//! after an hour (Kubernetes docs "kube-apiserver", `--event-ttl`, v1.36), and what changes in the live picture, for
//! the replay. Never decides anything by them.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::event::{ClusterEvent, EventKind};
use crate::engine::replay::{EVENT, PICTURE, recorder};
use crate::journal::writer::NewObservation;
use crate::progress::picture::LivePicture;

/// From here on, in bytes, the picture is kept once a minute only; an upgrade of 5,000 nodes comes to some 20 MB.
const MUCH: usize = 32 * 1024 * 1024;
const SELDOM: SignedDuration = SignedDuration::from_mins(1);

/// Tells new things from known ones.
pub(super) struct Observer {
    live: watch::Receiver<Arc<LivePicture>>,
    /// Keys of the last picture's events.
    known: HashSet<String>,
    /// The picture that was kept last, and when.
    kept: Option<(Arc<LivePicture>, Timestamp)>,
    /// A picture came that is not kept yet.
    is_behind: bool,
    /// Tells this driver's rows from those of others.
    writer: Uuid,
    rows: u32,
    /// Of pictures, so far.
    bytes: usize,
}

impl Observer {
    pub(super) fn new(mut live: watch::Receiver<Arc<LivePicture>>) -> Self {
        live.mark_changed();
        Self {
            live,
            known: HashSet::new(),
            kept: None,
            is_behind: false,
            writer: Uuid::new_v4(),
            rows: 0,
            bytes: 0,
        }
    }

    /// What came since the last call. The journal leaves out events that it has already.
    pub(super) fn news(&mut self, now: Timestamp) -> Vec<NewObservation> {
        let is_new = self.live.has_changed().unwrap_or(false);
        if !is_new && !self.is_behind {
            return Vec::new();
        }
        let picture = Arc::clone(&self.live.borrow_and_update());
        let mut news = if is_new { self.events(&picture, now) } else { Vec::new() };
        news.extend(self.change(picture, now));
        news
    }

    /// What was given last could not be kept: the next picture is given whole.
    pub(super) fn forget(&mut self) {
        self.kept = None;
        self.known.clear();
        self.is_behind = true;
    }

    fn events(&mut self, picture: &LivePicture, now: Timestamp) -> Vec<NewObservation> {
        let all: HashSet<String> = picture.events.iter().map(key_of).collect();
        let fresh = picture
            .events
            .iter()
            .filter(|event| !self.known.contains(&key_of(event)));
        let seen = fresh.map(|event| observation(event, now)).collect();
        self.known = all;
        seen
    }

    fn change(&mut self, picture: Arc<LivePicture>, now: Timestamp) -> Option<NewObservation> {
        // Before the first look at the nodes there is nothing to keep.
        if self.kept.is_none() && picture.nodes.is_empty() && picture.pools.is_empty() {
            return None;
        }
        let before = self.kept.as_ref();
        self.is_behind = before.is_some_and(|(_, at)| self.bytes > MUCH && now.duration_since(*at) < SELDOM);
        if self.is_behind {
            return None;
        }
        let row = recorder::row(before.map(|(picture, _)| &**picture), &picture)?.to_string();
        self.kept = Some((picture, now));
        self.bytes += row.len();
        self.rows += 1;
        Some(NewObservation {
            at: now,
            kind: PICTURE.to_owned(),
            key: format!("{}/{}", self.writer.simple(), self.rows),
            json: row,
        })
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
        kind: EVENT.to_owned(),
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

    fn keys(news: Vec<NewObservation>, kind: &str) -> Vec<String> {
        news.into_iter()
            .filter(|one| one.kind == kind)
            .map(|one| one.key)
            .collect()
    }

    #[test]
    fn every_event_is_given_once_it_is_new() {
        let now = Timestamp::UNIX_EPOCH;
        let mut picture = LivePicture::empty(now);
        picture.events = vec![event("a", 10, 1)];
        let live = watch::Sender::new(Arc::new(picture.clone()));
        let mut observer = Observer::new(live.subscribe());
        assert_eq!(keys(observer.news(now), EVENT).len(), 1);
        assert!(observer.news(now).is_empty());
        picture.events = vec![event("b", 20, 1), event("a", 10, 1)];
        live.send_replace(Arc::new(picture.clone()));
        assert_eq!(keys(observer.news(now), EVENT), ["b/1"]);
        picture.events = vec![event("b", 20, 2)];
        live.send_replace(Arc::new(picture));
        assert_eq!(keys(observer.news(now), EVENT), ["b/2"]);
    }

    #[test]
    fn a_picture_is_kept_when_it_changes_and_whole_after_a_loss() {
        let now = Timestamp::UNIX_EPOCH;
        let mut picture = LivePicture::empty(now);
        let live = watch::Sender::new(Arc::new(picture.clone()));
        let mut observer = Observer::new(live.subscribe());
        assert!(observer.news(now).is_empty(), "nothing was looked at yet");
        picture.pools = vec![recorder::sample_pool()];
        live.send_replace(Arc::new(picture.clone()));
        assert!(observer.news(now)[0].json.contains("\"whole\":true"));
        picture.as_of = now + SignedDuration::from_secs(9);
        live.send_replace(Arc::new(picture.clone()));
        assert!(observer.news(now).is_empty(), "only the time has gone on");
        picture.is_running = true;
        live.send_replace(Arc::new(picture.clone()));
        assert_eq!(observer.news(now)[0].json, r#"{"picture":{"running":true},"v":1}"#);
        observer.forget();
        assert!(observer.news(now)[0].json.contains("\"whole\":true"));
    }
}
