//! Watches: the log of changes, followed from a version on. No gap and no loss: a watcher keeps the version it has
//! read up to, marks the wake-up as seen *before* it looks, and only then waits for the next one.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::failure::Failure;
use super::filter::Filter;
use super::form::Form;
use super::{Away, Call, Cluster, Trouble, gone_away};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::store::Change;

/// How long a watch lasts when the client does not say (the API server draws 30 to 60 minutes).
const USUAL_LENGTH: Duration = Duration::from_mins(30);
/// Time between bookmarks. Like all times of a connection it is wall time, whatever the speed of the world.
const BOOKMARKS_EVERY: Duration = Duration::from_secs(10);

impl Call<'_> {
    pub(super) fn watch(&self) -> Result<Response, Trouble> {
        let filter = self.filter()?;
        let wake = self.cluster.world.subscribe();
        let start = self.cluster.look(|objects| self.start(objects))??;
        let now = Instant::now();
        let length = self.query.timeout_seconds.map_or(USUAL_LENGTH, Duration::from_secs);
        let mut watcher = Watcher {
            cluster: self.cluster.clone(),
            wake,
            filter,
            form: self.form,
            seen: start.version,
            queue: VecDeque::new(),
            ends_at: now.checked_add(length).unwrap_or(now + USUAL_LENGTH),
            bookmark_at: self.query.wants_bookmarks.then(|| now + BOOKMARKS_EVERY),
            has_columns: true,
            is_over: false,
        };
        for object in &start.objects {
            if watcher.filter.matches(object) {
                watcher.push("ADDED", object);
            }
        }
        if self.query.wants_initial_events {
            watcher.push_bookmark(true);
        }
        let stream = futures::stream::unfold(watcher, Watcher::next);
        let mut response = Response::new(Body::from_stream(stream));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    /// What the watch begins with: nothing after a given version, else everything there is.
    fn start(&self, objects: &ObjectStore) -> Result<Start, Failure> {
        let store = objects.store();
        let current = store.version();
        if let Some(version) = self.query.version.filter(|version| *version > current) {
            return Err(Failure::from_the_future(version, current));
        }
        if self.query.wants_initial_events {
            if !objects.has_streaming_lists() {
                return Err(Failure::invalid_options(
                    "sendInitialEvents",
                    "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
                ));
            }
            if self.query.version_match != "NotOlderThan" {
                return Err(Failure::invalid_options(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                ));
            }
        }
        let with_all = self.query.wants_initial_events || self.query.version.is_none();
        Ok(Start {
            version: match self.query.version {
                Some(version) if !with_all => version,
                _ => current,
            },
            objects: if with_all {
                store.all(self.target.kind)
            } else {
                Vec::new()
            },
        })
    }
}

struct Start {
    version: u64,
    objects: Vec<Arc<Value>>,
}

/// What a look at the log gives.
enum News {
    Changes(Vec<Change>),
    /// The log no longer reaches back to what was seen last.
    TooOld {
        oldest: u64,
    },
}

/// One running watch, pulled by its connection: a slow client makes it look less often, and loses nothing.
struct Watcher {
    cluster: Cluster,
    wake: watch::Receiver<u64>,
    filter: Filter,
    form: Form,
    /// Everything up to this version was read.
    seen: u64,
    queue: VecDeque<Bytes>,
    ends_at: Instant,
    bookmark_at: Option<Instant>,
    /// Tables name their columns in the first event.
    has_columns: bool,
    is_over: bool,
}

impl Watcher {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            if let Some(line) = self.queue.pop_front() {
                return Some((Ok(line), self));
            }
            if self.is_over {
                return None;
            }
            self.wake.borrow_and_update();
            match self.look() {
                Err(Away) => {
                    self.is_over = true;
                    return Some((Err(gone_away()), self));
                }
                Ok(News::TooOld { oldest }) => self.give_up(oldest),
                Ok(News::Changes(changes)) => changes.iter().for_each(|change| self.tell(change)),
            }
            if self.queue.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Reads the log up to now.
    fn look(&mut self) -> Result<News, Away> {
        let (seen, kind) = (self.seen, self.filter.kind);
        let (news, version) = self.cluster.look(|objects| {
            let store = objects.store();
            let news = match store.changes_after(seen) {
                Ok(changes) => News::Changes(changes.filter(|change| change.kind == kind).cloned().collect()),
                Err(too_old) => News::TooOld { oldest: too_old.oldest },
            };
            (news, store.version())
        })?;
        if matches!(news, News::Changes(_)) {
            self.seen = version;
        }
        Ok(news)
    }

    /// Waits for a change, for the time of a bookmark, or for the end.
    async fn wait(&mut self) {
        let until = self.bookmark_at.map_or(self.ends_at, |at| at.min(self.ends_at));
        tokio::select! {
            woken = self.wake.changed() => self.is_over = woken.is_err(),
            () = tokio::time::sleep_until(until) => {
                if self.bookmark_at.is_some_and(|at| at <= Instant::now()) {
                    self.push_bookmark(false);
                    self.bookmark_at = Some(Instant::now() + BOOKMARKS_EVERY);
                }
                self.is_over = self.ends_at <= Instant::now();
            }
        }
    }

    /// One change as this watcher sees it: an object may come into or leave what its selectors let through.
    fn tell(&mut self, change: &Change) {
        let was_seen = change.before.as_ref().is_some_and(|before| self.filter.matches(before));
        let is_seen = !change.is_removal && self.filter.matches(&change.after);
        match (was_seen, is_seen) {
            (false, true) => self.push("ADDED", &change.after),
            (true, true) => self.push("MODIFIED", &change.after),
            (true, false) if change.is_removal => self.push("DELETED", &change.after),
            (true, false) => {
                if let Some(before) = &change.before {
                    let mut last = Value::clone(before);
                    fields::put(&mut last, &["metadata", "resourceVersion"], change.version.to_string());
                    self.push("DELETED", &last);
                }
            }
            (false, false) => {}
        }
    }

    fn give_up(&mut self, oldest: u64) {
        let failure = Failure::expired(format!("too old resource version: {} ({oldest})", self.seen));
        self.push_line(&json!({ "type": "ERROR", "object": failure.status() }));
        self.is_over = true;
    }

    fn push(&mut self, word: &str, object: &Value) {
        let kind: Kind = self.filter.kind;
        let object = self.form.object(kind, object, self.cluster.now(), self.has_columns);
        self.has_columns = false;
        self.push_line(&json!({ "type": word, "object": object }));
    }

    fn push_bookmark(&mut self, ends_initial_events: bool) {
        let object = self.form.bookmark(self.filter.kind, self.seen, ends_initial_events);
        self.push_line(&json!({ "type": "BOOKMARK", "object": object }));
    }

    fn push_line(&mut self, event: &Value) {
        self.queue.push_back(Bytes::from(format!("{event}\n")));
    }
}
