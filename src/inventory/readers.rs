//! The readers: one loop for the list, two for each cluster in focus (Azure, Kubernetes). They read and tell; they keep nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};

use super::access;
use super::message::News;
use super::snapshot::SourceState;
use super::source::{READ_KUBECONFIG, ReadProblem};
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{ClusterId, NodeName, NodePoolName, SubscriptionId};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::survey::ClusterDetails;
use crate::kubernetes::client::{Access, KubernetesClient};
use crate::kubernetes::watch::{ClusterWatch, WatchSettings, WatchState, WatchUpdate, Watched};
use crate::requests::log::RequestLog;

/// After a failed connection the next one waits this long.
const RECONNECT: Duration = Duration::from_secs(30);
/// A private API server that cannot be reached from here will hardly be reachable soon.
const RECONNECT_PRIVATE: Duration = Duration::from_mins(5);
/// A right is granted by a person; asking often does not help.
const RECONNECT_DENIED: Duration = Duration::from_mins(2);
/// A watch broken for this long is given a fresh kubeconfig: certificates may have been rotated.
const BROKEN_TOO_LONG: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Maintenance configurations of a cluster in focus are read again after this: people change them a few times a year.
const WINDOWS_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

/// Tells the collector about time, so that what only waits is looked at again.
pub(super) async fn tick(clock: Clock, every: Duration, news: mpsc::Sender<News>) {
    loop {
        clock.sleep(every).await;
        if news.send(News::Tick).await.is_err() {
            return;
        }
    }
}

/// Lists all clusters again and again.
pub(super) async fn list(
    azure: AzureClient,
    subscriptions: Vec<SubscriptionId>,
    clock: Clock,
    every: Duration,
    hurry: Arc<Notify>,
    news: mpsc::Sender<News>,
) {
    loop {
        let listed = azure.list_clusters(&subscriptions).await.map_err(ReadProblem::from);
        if news.send(News::Listed(listed)).await.is_err() {
            return;
        }
        wait(&clock, every, &hurry).await;
    }
}

async fn wait(clock: &Clock, time: Duration, hurry: &Notify) {
    tokio::select! {
        () = clock.sleep(time) => {}
        () = hurry.notified() => {}
    }
}

/// One cluster's Azure side: the resource often, its upgrade profiles when they may have changed, its maintenance
/// windows while it is upgraded.
#[derive(Debug)]
pub(super) struct AzureReader {
    pub(super) azure: AzureClient,
    pub(super) cluster: ClusterId,
    pub(super) clock: Clock,
    pub(super) every: Duration,
    /// While nothing changes; the windows too.
    pub(super) profiles_every: Duration,
    pub(super) hurry: Arc<Notify>,
    pub(super) news: mpsc::Sender<News>,
}

/// What a cluster's upgrade offers depend on.
type Offered = (
    Option<String>,
    Vec<(NodePoolName, Option<String>, bool)>,
    ProvisioningState,
);

impl AzureReader {
    pub(super) async fn run(self) {
        let mut offered: Option<(Offered, Timestamp)> = None;
        let mut known_details: Option<Arc<ClusterDetails>> = None;
        let mut windows_at: Option<Timestamp> = None;
        let mut is_hurried = false;
        loop {
            let read = self.azure.get_cluster_with_details(&self.cluster).await;
            let now = self.clock.now();
            let (read, details) = match read {
                Ok((cluster, details)) => (Ok(cluster), Some(details)),
                Err(error) => (Err(ReadProblem::from(error)), None),
            };
            let profiles_of = read.as_ref().ok().filter(|cluster| {
                let is_due = offered.as_ref().is_none_or(|(known, at)| {
                    *known != offered_by(cluster) || now.duration_since(*at).unsigned_abs() >= self.profiles_every
                });
                is_due || is_hurried
            });
            let is_upgrading = read.as_ref().is_ok_and(Cluster::is_upgrading);
            let due = profiles_of.map(|cluster| (offered_by(cluster), pool_names(cluster)));
            let told = News::ClusterRead(self.cluster.clone(), Box::new(read));
            if self.news.send(told).await.is_err() {
                return;
            }
            if let Some(details) = details.filter(|details| known_details.as_deref() != Some(details)) {
                let details = Arc::new(details);
                known_details = Some(Arc::clone(&details));
                let told = News::DetailsRead(self.cluster.clone(), details);
                if self.news.send(told).await.is_err() {
                    return;
                }
            }
            if let Some((by, pools)) = due {
                let upgrades = self.azure.cluster_upgrades(&self.cluster, &pools).await;
                offered = Some((by, now));
                let told = News::UpgradesRead(self.cluster.clone(), upgrades.map_err(ReadProblem::from));
                if self.news.send(told).await.is_err() {
                    return;
                }
            }
            let is_old = windows_at.is_none_or(|at| {
                let age = now.duration_since(at);
                age >= WINDOWS_EVERY || is_upgrading && age.unsigned_abs() >= self.profiles_every
            });
            if is_old || is_hurried {
                windows_at = Some(now);
                let windows = self.azure.maintenance_windows(&self.cluster).await;
                let told = News::WindowsRead(self.cluster.clone(), windows.map_err(ReadProblem::from));
                if self.news.send(told).await.is_err() {
                    return;
                }
            }
            is_hurried = tokio::select! {
                () = self.clock.sleep(self.every) => false,
                () = self.hurry.notified() => true,
            };
        }
    }
}

fn pool_names(cluster: &Cluster) -> Vec<NodePoolName> {
    cluster.pools.iter().map(|pool| pool.name.clone()).collect()
}

fn offered_by(cluster: &Cluster) -> Offered {
    let pools = cluster.pools.iter().map(|pool| {
        let version = pool.version.map(|version| version.to_string());
        (pool.name.clone(), version, pool.provisioning_state.is_terminal())
    });
    (
        cluster.version.map(|version| version.to_string()),
        pools.collect(),
        cluster.provisioning_state.clone(),
    )
}

/// Where a cluster's kubeconfig comes from.
#[derive(Clone, Debug)]
pub(super) enum KubeconfigSource {
    Azure(AzureClient),
    File(Access),
}

/// One cluster's Kubernetes side: connects, watches, connects again.
#[derive(Debug)]
pub(super) struct KubernetesReader {
    pub(super) source: KubeconfigSource,
    pub(super) cluster: ClusterId,
    pub(super) session: u64,
    pub(super) clock: Clock,
    /// Name of an API server that only a private network reaches.
    pub(super) private_fqdn: watch::Receiver<Option<String>>,
    pub(super) pods_of: watch::Receiver<BTreeSet<NodeName>>,
    pub(super) news: mpsc::Sender<News>,
    pub(super) requests: RequestLog,
}

/// The collector is gone.
#[derive(Debug)]
struct NobodyListens;

/// How a watch ended.
#[derive(Debug)]
enum WatchEnd {
    /// It was never once live.
    NeverLive {
        why: String,
    },
    Broken,
}

impl KubernetesReader {
    pub(super) async fn run(mut self) {
        while let Ok(pause) = self.one_connection().await {
            self.clock.sleep(pause).await;
        }
    }

    /// Connects and watches until that fails; gives the pause before the next attempt.
    async fn one_connection(&mut self) -> Result<Duration, NobodyListens> {
        let access = match self.access().await {
            Ok(access) => access,
            Err(problem) => return self.tell_problem(problem).await,
        };
        let client = match KubernetesClient::connect_logged(&access, &self.requests).await {
            Ok(client) => client,
            Err(error) => return self.tell_problem(error.into()).await,
        };
        let end = self
            .follow(client.watch_with(WatchSettings::at_speed(self.clock.speed())))
            .await?;
        match end {
            WatchEnd::NeverLive { why } if self.private_fqdn.borrow().is_some() => {
                self.tell_private(&why).await?;
                Ok(RECONNECT_PRIVATE)
            }
            WatchEnd::NeverLive { .. } | WatchEnd::Broken => Ok(RECONNECT),
        }
    }

    async fn access(&self) -> Result<Access, ReadProblem> {
        match &self.source {
            KubeconfigSource::File(access) => Ok(access.clone()),
            KubeconfigSource::Azure(azure) => access::of_cluster(azure, &self.cluster).await,
        }
    }

    async fn tell_problem(&self, problem: ReadProblem) -> Result<Duration, NobodyListens> {
        let is_denied = matches!(problem, ReadProblem::Denied { .. });
        let has_private_name = self.private_fqdn.borrow().is_some();
        if has_private_name && !is_denied {
            self.tell_private(problem.why()).await?;
            return Ok(RECONNECT_PRIVATE);
        }
        self.tell(problem.state(READ_KUBECONFIG, false)).await?;
        Ok(if is_denied { RECONNECT_DENIED } else { RECONNECT })
    }

    async fn tell_private(&self, why: &str) -> Result<(), NobodyListens> {
        let name = self.private_fqdn.borrow().clone().unwrap_or_default();
        let why = format!("the private API server {name} cannot be reached from here: {why}");
        self.tell(SourceState::Unavailable { why }).await
    }

    async fn tell(&self, state: SourceState) -> Result<(), NobodyListens> {
        let told = News::NotWatched {
            cluster: self.cluster.clone(),
            session: self.session,
            state,
        };
        self.news.send(told).await.map_err(|_| NobodyListens)
    }

    /// Passes the watch's updates on until it breaks for good.
    async fn follow(&mut self, mut watch: ClusterWatch) -> Result<WatchEnd, NobodyListens> {
        let mut is_live = false;
        let mut broken_since: Option<Timestamp> = None;
        watch.pods_of.send_replace(self.pods_of.borrow_and_update().clone());
        loop {
            let update = tokio::select! {
                update = watch.updates.recv() => update,
                changed = self.pods_of.changed() => {
                    changed.map_err(|_| NobodyListens)?;
                    watch.pods_of.send_replace(self.pods_of.borrow_and_update().clone());
                    continue;
                }
            };
            let Some(update) = update else {
                return Ok(WatchEnd::Broken);
            };
            let mut broken_why = None;
            if let WatchUpdate::State {
                watched: Watched::Nodes,
                state,
            } = &update
            {
                match state {
                    WatchState::Live => (is_live, broken_since) = (true, None),
                    WatchState::Broken { why, .. } => broken_why = Some(why.clone()),
                    WatchState::Connecting | WatchState::Denied { .. } => {}
                }
            }
            let told = News::Watched {
                cluster: self.cluster.clone(),
                session: self.session,
                update: Box::new(update),
            };
            self.news.send(told).await.map_err(|_| NobodyListens)?;
            if let Some(why) = broken_why {
                let now = self.clock.now();
                let since = *broken_since.get_or_insert(now);
                if !is_live && self.private_fqdn.borrow().is_some() {
                    return Ok(WatchEnd::NeverLive { why });
                }
                if now.duration_since(since) >= BROKEN_TOO_LONG {
                    return Ok(WatchEnd::Broken);
                }
            }
        }
    }
}
