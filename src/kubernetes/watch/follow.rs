//! Follows one list of objects: reads it whole, then keeps it fresh, for ever.
//!
//! Written on kube's requests instead of its `watcher`, which does not tell when a broken watch is live again, does not
//! fall back from streaming lists, and spins on a server that ends every watch at once (kube-runtime 5.0).
//! Knows nothing about the other lists and keeps no objects.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::Request;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::WatchState;
use super::pauses::Pauses;
use super::settings::WatchSettings;
use crate::kubernetes::client::KubernetesClient;
use crate::kubernetes::error::KubernetesError;
use crate::kubernetes::wire::{Page, SlimObject};

/// Annotation of the bookmark that ends a streaming list (Kubernetes docs "API Concepts", Streaming lists, 2026).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Where a list is, and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) path: &'static str,
    /// A field selector; `None` for all objects.
    pub(super) fields: Option<String>,
    /// The right it takes, as shown where it is missing.
    pub(super) right: &'static str,
}

/// One change of the list, as domain values.
#[derive(Debug)]
pub(super) enum Change<T> {
    /// The whole list, complete.
    All(Vec<T>),
    Applied(T),
    Removed(T),
}

/// What a follower tells.
#[derive(Debug)]
pub(super) enum Finding<T> {
    Change(Change<T>),
    State(WatchState),
}

type Events<K> = BoxStream<'static, kube::Result<WatchEvent<K>>>;

/// Why an attempt ended before its time.
enum Ended {
    /// Nobody listens any more.
    Unheard,
    /// The version to go on from is too old for the server: the list must be read anew.
    Expired,
    Failed(KubernetesError),
}

impl From<KubernetesError> for Ended {
    fn from(error: KubernetesError) -> Self {
        match error {
            KubernetesError::Refused { status: 410, .. } => Self::Expired,
            other => Self::Failed(other),
        }
    }
}

/// Follows one list; `tell` wraps what it finds for the channel.
pub(super) struct Follower<K: SlimObject, R> {
    client: KubernetesClient,
    settings: WatchSettings,
    target: Target,
    reports: mpsc::Sender<R>,
    tell: Box<dyn Fn(Finding<K::Value>) -> R + Send + Sync>,
    /// The version to go on from; `None` until the list was read.
    version: Option<String>,
    /// Since when the present watch runs.
    live_since: Option<Instant>,
}

impl<K: SlimObject, R: Send + 'static> Follower<K, R> {
    pub(super) fn new(
        client: KubernetesClient,
        settings: WatchSettings,
        target: Target,
        reports: mpsc::Sender<R>,
        tell: impl Fn(Finding<K::Value>) -> R + Send + Sync + 'static,
    ) -> Self {
        Self {
            client,
            settings,
            target,
            reports,
            tell: Box::new(tell),
            version: None,
            live_since: None,
        }
    }

    /// Runs until nobody listens.
    pub(super) async fn run(mut self) {
        if self.report(Finding::State(WatchState::Connecting)).await.is_err() {
            return;
        }
        let mut pauses = Pauses::new(&self.settings);
        loop {
            let resumes = self.version.is_some();
            self.live_since = None;
            let ended = self.attempt().await;
            let lived = self.live_since.map(|since| since.elapsed());
            pauses.note(lived);
            let (trouble, pause) = match ended {
                Err(Ended::Unheard) => return,
                Err(Ended::Failed(error)) => self.trouble(&error, &mut pauses),
                // The next attempt reads the list, so this cannot become a tight loop.
                Err(Ended::Expired) if resumes => (None, Duration::ZERO),
                Ok(()) | Err(Ended::Expired) => pauses.after_early_end(),
            };
            if let Some(state) = trouble
                && self.report(Finding::State(state)).await.is_err()
            {
                return;
            }
            sleep(pause).await;
        }
    }

    /// One watch: from the start or from where the last one stopped. Ok when the server ended it in its own time.
    async fn attempt(&mut self) -> Result<(), Ended> {
        let resumed = match self.version.clone() {
            Some(version) => self.start_watch(&version, false).await,
            None => self.read_all().await,
        };
        let events = match resumed {
            Ok(events) => events,
            Err(ended) => {
                if matches!(ended, Ended::Expired) {
                    self.version = None;
                }
                return Err(ended);
            }
        };
        self.live_since = Some(Instant::now());
        self.report(Finding::State(WatchState::Live)).await?;
        self.pass_on(events).await
    }

    /// Reads the whole list and tells it at once; the events that follow it come back.
    async fn read_all(&mut self) -> Result<Events<K>, Ended> {
        if self.client.streams_lists() {
            match self.read_stream().await {
                Err(Ended::Failed(error)) if has_no_streaming_lists(&error) => {
                    tracing::debug!(
                        server = self.client.server(),
                        why = error.why(),
                        "lists are read by page"
                    );
                    self.client.lists_by_page_from_now_on();
                }
                read => return read,
            }
        }
        let version = self.read_pages().await?;
        self.start_watch(&version, false).await
    }

    /// Reads a streaming list: one watch that begins with all objects and marks where they end.
    async fn read_stream(&mut self) -> Result<Events<K>, Ended> {
        // "0" is any state the server has cached; it costs the server least.
        let mut events = self.start_watch("0", true).await?;
        let give_up_at = Instant::now() + self.settings.answer_within;
        let mut objects = Vec::new();
        loop {
            let Ok(event) = timeout_at(give_up_at, events.try_next()).await else {
                return Err(self.no_end_of_list());
            };
            match event.map_err(|error| self.failed(error))? {
                Some(WatchEvent::Added(object) | WatchEvent::Modified(object)) => objects.push(object.into()),
                Some(WatchEvent::Bookmark(bookmark))
                    if bookmark.metadata.annotations.contains_key(INITIAL_EVENTS_END) =>
                {
                    self.tell_all(objects, bookmark.metadata.resource_version).await?;
                    return Ok(events);
                }
                Some(WatchEvent::Bookmark(_) | WatchEvent::Deleted(_)) => {}
                Some(WatchEvent::Error(status)) => {
                    return Err(KubernetesError::from_status(self.target.right, &status).into());
                }
                None => return Err(self.no_end_of_list()),
            }
        }
    }

    /// Reads all pages and tells them as one list; its version comes back.
    async fn read_pages(&mut self) -> Result<String, Ended> {
        let mut objects: Vec<K::Value> = Vec::new();
        let mut parameters = ListParams {
            field_selector: self.target.fields.clone(),
            limit: Some(self.settings.page_size),
            ..ListParams::default()
        };
        loop {
            let request = Request::new(self.target.path)
                .list(&parameters)
                .map_err(|error| self.failed(kube::Error::BuildRequest(error)))?;
            let page: Page<K> = self
                .client
                .ask(self.target.right, request, self.settings.answer_within)
                .await?;
            objects.extend(page.items.into_iter().map(K::Value::from));
            if page.metadata.next.is_empty() {
                let version = page.metadata.resource_version;
                self.tell_all(objects, version.clone()).await?;
                return Ok(version);
            }
            parameters.continue_token = Some(page.metadata.next);
        }
    }

    /// Tells the whole list and keeps its version.
    async fn tell_all(&mut self, objects: Vec<K::Value>, version: String) -> Result<(), Ended> {
        if version.is_empty() {
            return Err(self.no_version());
        }
        self.version = Some(version);
        self.report(Finding::Change(Change::All(objects))).await
    }

    async fn start_watch(&self, version: &str, with_all_objects: bool) -> Result<Events<K>, Ended> {
        let parameters = WatchParams {
            field_selector: self.target.fields.clone(),
            timeout: Some(self.settings.watch_seconds),
            bookmarks: true,
            send_initial_events: with_all_objects,
            ..WatchParams::default()
        };
        let request = Request::new(self.target.path)
            .watch(&parameters, version)
            .map_err(|error| self.failed(kube::Error::BuildRequest(error)))?;
        let within = self.settings.answer_within;
        let events = timeout(within, self.client.inner.request_events::<K>(request))
            .await
            .map_err(|_| KubernetesError::no_answer(self.client.server(), within))?
            .map_err(|error| self.failed(error))?;
        Ok(events.boxed())
    }

    /// Tells every event until the server ends the watch, or the connection is lost.
    async fn pass_on(&mut self, mut events: Events<K>) -> Result<(), Ended> {
        // A connection that is cut or falls silent is no trouble yet: the next attempt shows whether the server is there.
        while let Ok(event) = timeout(self.settings.silence(), events.try_next()).await {
            match event {
                Ok(Some(WatchEvent::Added(object) | WatchEvent::Modified(object))) => {
                    self.version = Some(object.resource_version().to_owned());
                    self.report(Finding::Change(Change::Applied(object.into()))).await?;
                }
                Ok(Some(WatchEvent::Deleted(object))) => {
                    self.version = Some(object.resource_version().to_owned());
                    self.report(Finding::Change(Change::Removed(object.into()))).await?;
                }
                Ok(Some(WatchEvent::Bookmark(bookmark))) => self.version = Some(bookmark.metadata.resource_version),
                Ok(Some(WatchEvent::Error(status))) => {
                    // Whatever it is, reading the list anew is safe.
                    self.version = None;
                    return Err(KubernetesError::from_status(self.target.right, &status).into());
                }
                Ok(None) | Err(kube::Error::ReadEvents(_)) => break,
                Err(error) => {
                    self.version = None;
                    return Err(self.failed(error));
                }
            }
            if self.version.as_deref().is_some_and(str::is_empty) {
                self.version = None;
                return Err(self.no_version());
            }
        }
        Ok(())
    }

    fn trouble(&self, error: &KubernetesError, pauses: &mut Pauses) -> (Option<WatchState>, Duration) {
        match error {
            KubernetesError::Denied { what, why } => {
                let state = WatchState::Denied {
                    right: what.clone(),
                    why: why.clone(),
                };
                // A refused login heals with the next token, a missing right only when somebody grants it.
                let is_right = what == self.target.right;
                let pause = if is_right {
                    self.settings.denied_retry
                } else {
                    pauses.after_failure()
                };
                (Some(state), pause)
            }
            other => {
                let retry_in = pauses.after_failure();
                let why = other.why();
                (Some(WatchState::Broken { why, retry_in }), retry_in)
            }
        }
    }

    async fn report(&self, finding: Finding<K::Value>) -> Result<(), Ended> {
        self.reports
            .send((self.tell)(finding))
            .await
            .map_err(|_| Ended::Unheard)
    }

    fn failed(&self, error: kube::Error) -> Ended {
        KubernetesError::from_kube(self.client.server(), self.target.right, error).into()
    }

    fn no_version(&self) -> Ended {
        Ended::Failed(KubernetesError::Refused {
            what: self.target.right.to_owned(),
            status: 200,
            why: "the answer has no resourceVersion".to_owned(),
        })
    }

    fn no_end_of_list(&self) -> Ended {
        Ended::Failed(KubernetesError::Refused {
            what: self.target.right.to_owned(),
            status: 200,
            why: "the streaming list did not come to its end".to_owned(),
        })
    }
}

/// True for answers of a server that has no streaming lists: it rejects the parameters, ignores them, or says in the
/// stream that it cannot (500, "RequestWatchProgress is disabled", kube-apiserver 1.36 over etcd 3.4). Reading
/// by page is always right, so a doubtful answer counts too.
fn has_no_streaming_lists(error: &KubernetesError) -> bool {
    matches!(
        error,
        KubernetesError::Refused {
            status: 0 | 200 | 400 | 405 | 406 | 415 | 422 | 500 | 501,
            ..
        }
    )
}
