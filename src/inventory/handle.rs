//! The way to the collector: subscribe to the picture, focus a cluster, ask for a refresh.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use super::collector::{self, Collector, Ordered};
use super::message::Order;
use super::snapshot::{FleetSnapshot, SeenChange, Sourced};
use super::source::{READ_ACTIVITY_LOG, ReadProblem};
use super::survey::{self, SurveySource};
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::domain::ids::{ClusterId, NodePoolName, SubscriptionId};
use crate::domain::pace::UsualPace;
use crate::domain::survey::{Survey, SurveyDepth};
use crate::kubernetes::client::Access;
use crate::progress::facts::Target;
use crate::progress::picture::LivePicture;
use crate::requests::log::RequestLog;

/// Orders come from people's keys and from one engine; this many are never waiting in practice.
const ORDERS: usize = 256;

/// How far back the changes of a cluster are looked for.
const CHANGES_OF: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How often things are read again. In the clock's time, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshIntervals {
    pub list: Duration,
    /// A cluster in focus: its resource in Azure.
    pub focused: Duration,
    /// Upgrade profiles of a cluster in focus that does not change.
    pub profiles: Duration,
    /// Shortest time between two pictures, in wall time.
    pub picture: Duration,
}

impl Default for RefreshIntervals {
    fn default() -> Self {
        Self {
            list: Duration::from_secs(30),
            focused: Duration::from_secs(10),
            profiles: Duration::from_mins(5),
            picture: collector::PICTURE,
        }
    }
}

/// What is collected, and how.
#[derive(Clone, Debug)]
pub struct InventorySettings {
    /// `None` shows the kubeconfig's cluster alone.
    pub azure: Option<AzureClient>,
    /// A cluster known by its kubeconfig alone.
    pub kubeconfig: Option<Access>,
    /// Empty means all that are visible.
    pub subscriptions: Vec<SubscriptionId>,
    pub clock: Clock,
    pub refresh: RefreshIntervals,
    /// Where requests to API servers are written down.
    pub requests: RequestLog,
}

/// Somebody wants the pictures of a cluster.
#[derive(Debug)]
pub(super) struct LiveRequest {
    pub(super) cluster: ClusterId,
    pub(super) sender: watch::Sender<Arc<LivePicture>>,
}

/// A clonable way to the collector; dropping all handles stops it.
#[derive(Clone, Debug)]
pub struct InventoryHandle {
    snapshot: watch::Receiver<Arc<FleetSnapshot>>,
    orders: mpsc::Sender<Ordered>,
    clock: Clock,
    runtime: tokio::runtime::Handle,
    survey: Arc<SurveySource>,
}

/// Starts collecting; must be called inside a tokio runtime.
pub fn start(settings: InventorySettings) -> InventoryHandle {
    let (orders, ordered) = mpsc::channel(ORDERS);
    let clock = settings.clock.clone();
    let survey = Arc::new(SurveySource {
        azure: settings.azure.clone(),
        kubeconfig: settings.kubeconfig.clone(),
        clock: settings.clock.clone(),
        requests: settings.requests.clone(),
    });
    let (sender, snapshot) = watch::channel(Arc::new(FleetSnapshot::default()));
    let (collector, heard) = Collector::new(settings, sender);
    let runtime = tokio::runtime::Handle::current();
    runtime.spawn(collector.run(ordered, heard));
    InventoryHandle {
        snapshot,
        orders,
        clock,
        runtime,
        survey,
    }
}

impl InventoryHandle {
    /// The newest picture of the fleet, and a signal when it changes.
    pub fn subscribe(&self) -> watch::Receiver<Arc<FleetSnapshot>> {
        self.snapshot.clone()
    }

    /// Watches this cluster closely (GET, upgrade profiles, Kubernetes watches) until as many `unfocus` calls came.
    pub fn focus(&self, cluster: &ClusterId) {
        self.order(Ordered::Order(Order::Focus(cluster.clone())));
    }

    /// Ends one `focus`.
    pub fn unfocus(&self, cluster: &ClusterId) {
        self.order(Ordered::Order(Order::Unfocus(cluster.clone())));
    }

    /// The live picture of one cluster; focuses it until the receiver and all its clones are dropped.
    ///
    /// The first picture may be empty: it is what is known already.
    pub fn live(&self, cluster: &ClusterId) -> watch::Receiver<Arc<LivePicture>> {
        let known = self
            .snapshot
            .borrow()
            .cluster(cluster)
            .and_then(|cluster| cluster.live.clone());
        let first = known.unwrap_or_else(|| Arc::new(LivePicture::empty(self.clock.now())));
        let (sender, receiver) = watch::channel(first);
        self.order(Ordered::Live(LiveRequest {
            cluster: cluster.clone(),
            sender,
        }));
        receiver
    }

    /// Says what our own execution is heading for; `None` when it has ended.
    pub fn set_target(&self, cluster: &ClusterId, target: Option<Target>) {
        self.order(Ordered::Order(Order::SetTarget(cluster.clone(), target)));
    }

    /// Says how long a cluster took before.
    pub fn set_usual(&self, cluster: &ClusterId, usual: UsualPace) {
        self.order(Ordered::Order(Order::SetUsual(cluster.clone(), usual)));
    }

    /// Reads again now: one cluster, or the list.
    pub fn refresh(&self, cluster: Option<&ClusterId>) {
        self.order(Ordered::Order(Order::Refresh(cluster.cloned())));
    }

    /// Looks at everything once; what cannot be read is in its place, with the reason.
    pub async fn survey(&self, cluster: &ClusterId, depth: SurveyDepth) -> Survey {
        survey::take(&self.survey, cluster, depth).await
    }

    /// The changes of a cluster and its pools that Azure's activity log tells of, newest first. Asked once for each call.
    pub async fn changes(&self, cluster: &ClusterId, pools: &[NodePoolName]) -> Sourced<Vec<SeenChange>> {
        let mut changes = Sourced::default();
        let now = self.clock.now();
        let Some(azure) = self.survey.azure.as_ref().filter(|_| !cluster.is_kubeconfig_context()) else {
            return Sourced::unavailable("only Azure's activity log knows this, and Azure is not asked here");
        };
        let since = now.checked_sub(CHANGES_OF).unwrap_or(Timestamp::MIN);
        let read = azure.changes_since(cluster, pools, since).await;
        changes.take(read.map_err(ReadProblem::from), READ_ACTIVITY_LOG, now);
        changes
    }

    /// Never blocks and never loses an order: one that finds the channel full waits in a task.
    fn order(&self, order: Ordered) {
        if let Err(TrySendError::Full(order)) = self.orders.try_send(order) {
            let orders = self.orders.clone();
            self.runtime.spawn(async move {
                // A collector that is gone has no use for orders.
                let _ = orders.send(order).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::inventory::snapshot::SourceState;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn nothing_to_read(clock: &Clock) -> InventoryHandle {
        start(InventorySettings {
            azure: None,
            kubeconfig: None,
            subscriptions: Vec::new(),
            clock: clock.clone(),
            refresh: RefreshIntervals::default(),
            requests: RequestLog::new(clock.clone()),
        })
    }

    /// Steps the clock on until the cluster's watches are in that state.
    async fn wait_for(handle: &InventoryHandle, clock: &Clock, cluster: &ClusterId, state: &SourceState) {
        let mut snapshots = handle.subscribe();
        let is_there = |snapshot: &Arc<FleetSnapshot>| {
            snapshot
                .cluster(cluster)
                .is_some_and(|cluster| cluster.kubernetes == *state)
        };
        timeout(PATIENCE, async {
            while !is_there(&snapshots.borrow_and_update()) {
                clock.advance(Duration::from_secs(10));
                // A round without news is no failure: the clock is stepped again.
                let _ = timeout(Duration::from_millis(50), snapshots.changed()).await;
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_cluster_is_in_focus_until_the_last_receiver_is_dropped() {
        let clock = Clock::stepped(Timestamp::UNIX_EPOCH);
        let handle = nothing_to_read(&clock);
        assert_eq!(handle.subscribe().borrow().list, SourceState::Fresh);
        let cluster = ClusterId::from_context("one");
        let first = handle.live(&cluster);
        let second = first.clone();
        assert!(first.borrow().nodes.is_empty());
        wait_for(&handle, &clock, &cluster, &SourceState::Loading).await;
        drop(first);
        drop(second);
        wait_for(&handle, &clock, &cluster, &SourceState::NotAsked).await;
    }

    #[tokio::test]
    async fn the_collector_ends_with_its_last_handle() {
        let handle = nothing_to_read(&Clock::stepped(Timestamp::UNIX_EPOCH));
        let mut snapshots = handle.subscribe();
        drop(handle);
        timeout(PATIENCE, async { while snapshots.changed().await.is_ok() {} })
            .await
            .unwrap();
    }
}
