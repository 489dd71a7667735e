//! Collects: owns the state, runs the readers it asks for, and publishes pictures, merged to a few a second.
//!
//! ```text
//! handles --orders--> +-----------+ --StartReaders--> Azure reader, Kubernetes reader of each cluster in focus
//!                     | collector |                          |
//! list reader, ticks  +-----------+ <--------news------------+
//!                       |      +--> live picture of each cluster (watch)
//!                       +---------> snapshot of the fleet (watch)
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::handle::{InventorySettings, LiveRequest};
use super::message::{AuthorQuestion, Effect, News, Order, RegionKey};
use super::readers::{self, AzureReader, KubeconfigSource, KubernetesReader};
use super::snapshot::{FleetSnapshot, RequestBudget};
use super::source::ReadProblem;
use super::state::State;
use crate::azure::client::AzureClient;
use crate::domain::ids::{ClusterId, NodeName};
use crate::kubernetes::client::Access;
use crate::progress::picture::LivePicture;

/// Room for the updates of one relist of 1,000 pods; a full channel slows the watches and loses nothing.
const NEWS: usize = 1024;
/// News taken in at one go before the collector looks whether it should publish.
const BATCH: usize = 256;

/// Longest wait for the activity log, in wall time: a name is worth no more.
const AUTHOR_PATIENCE: Duration = Duration::from_secs(20);

/// Orders of both kinds.
#[derive(Debug)]
pub(super) enum Ordered {
    Order(Order),
    Live(LiveRequest),
}

type LiveSender = Arc<watch::Sender<Arc<LivePicture>>>;

/// The task behind every handle.
#[derive(Debug)]
pub(super) struct Collector {
    settings: InventorySettings,
    state: State,
    snapshot: watch::Sender<Arc<FleetSnapshot>>,
    lives: BTreeMap<ClusterId, Vec<LiveSender>>,
    readers: BTreeMap<ClusterId, ClusterReaders>,
    hurry_list: Arc<Notify>,
    news: mpsc::Sender<News>,
    tasks: Vec<AbortOnDropHandle<()>>,
    /// Reads of regions and waits for dropped receivers.
    errands: tokio::task::JoinSet<Errand>,
}

/// How an errand ended.
#[derive(Debug)]
enum Errand {
    /// Its news are told.
    Told,
    LiveDropped(ClusterId),
}

/// The running readers of one cluster; dropping them ends them.
#[derive(Debug)]
struct ClusterReaders {
    hurry: Arc<Notify>,
    pods_of: watch::Sender<BTreeSet<NodeName>>,
    private_fqdn: watch::Sender<Option<String>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Collector {
    /// Prepares the collector; the news it is to be run with come with it.
    pub(super) fn new(
        settings: InventorySettings,
        snapshot: watch::Sender<Arc<FleetSnapshot>>,
    ) -> (Self, mpsc::Receiver<News>) {
        let (news, heard) = mpsc::channel(NEWS);
        let state = State::new(settings.azure.is_some(), settings.clock.now());
        let mut collector = Self {
            settings,
            state,
            snapshot,
            lives: BTreeMap::new(),
            readers: BTreeMap::new(),
            hurry_list: Arc::new(Notify::new()),
            news,
            tasks: Vec::new(),
            errands: tokio::task::JoinSet::new(),
        };
        if let Some(access) = &collector.settings.kubeconfig {
            let effects = collector
                .state
                .add_context(context_of(access), collector.settings.clock.now());
            collector.act(effects);
        }
        // The first snapshot is there before the first handle: loading, and not merely empty.
        collector.publish();
        (collector, heard)
    }

    /// Runs until the last handle is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Ordered>, mut heard: mpsc::Receiver<News>) {
        self.start();
        let mut next_publish = Instant::now();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                ordered = orders.recv() => match ordered {
                    Some(ordered) => self.take_order(ordered),
                    None => return,
                },
                _ = heard.recv_many(&mut batch, BATCH) => {
                    let now = self.settings.clock.now();
                    for news in batch.drain(..) {
                        let effects = self.state.hear(news, now);
                        self.act(effects);
                    }
                }
                Some(errand) = self.errands.join_next() => self.end_errand(errand),
                () = tokio::time::sleep_until(next_publish), if self.state.is_dirty() => {
                    self.publish();
                    // For eyes, not for the simulated world: wall time at any speed of the clock.
                    next_publish = Instant::now() + self.settings.refresh.picture;
                }
            }
        }
    }

    fn start(&mut self) {
        let clock = self.settings.clock.clone();
        let refresh = self.settings.refresh;
        self.spawn(readers::tick(clock.clone(), refresh.focused, self.news.clone()));
        if let Some(azure) = self.settings.azure.clone() {
            self.spawn(readers::list(
                azure,
                self.settings.subscriptions.clone(),
                clock,
                refresh.list,
                Arc::clone(&self.hurry_list),
                self.news.clone(),
            ));
        }
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(AbortOnDropHandle::new(tokio::spawn(task)));
    }

    fn take_order(&mut self, ordered: Ordered) {
        let order = match ordered {
            Ordered::Order(order) => order,
            Ordered::Live(request) => self.take_live(request),
        };
        let effects = self.state.order(order, self.settings.clock.now());
        self.act(effects);
    }

    /// Keeps the sender for as long as somebody receives, and the cluster in focus as long.
    fn take_live(&mut self, request: LiveRequest) -> Order {
        let LiveRequest { cluster, sender } = request;
        let sender = Arc::new(sender);
        if let Some(picture) = self.state.live(&cluster) {
            sender.send_replace(Arc::clone(picture));
        }
        let (waiting, dropped) = (Arc::clone(&sender), cluster.clone());
        self.errands.spawn(async move {
            waiting.closed().await;
            Errand::LiveDropped(dropped)
        });
        self.lives.entry(cluster.clone()).or_default().push(sender);
        Order::Focus(cluster)
    }

    fn end_errand(&mut self, errand: Result<Errand, tokio::task::JoinError>) {
        match errand {
            Ok(Errand::LiveDropped(cluster)) => {
                if let Some(senders) = self.lives.get_mut(&cluster) {
                    senders.retain(|sender| !sender.is_closed());
                    if senders.is_empty() {
                        self.lives.remove(&cluster);
                    }
                }
                self.take_order(Ordered::Order(Order::Unfocus(cluster)));
            }
            Ok(Errand::Told) => {}
            Err(error) => tracing::error!(%error, "an errand of the inventory ended badly"),
        }
    }

    fn publish(&mut self) {
        let budget = request_budget(self.settings.azure.as_ref());
        let published = self.state.publish(budget, self.settings.clock.now());
        for (cluster, picture) in published.live {
            for sender in self.lives.get(&cluster).into_iter().flatten() {
                sender.send_replace(Arc::clone(&picture));
            }
        }
        self.snapshot.send_replace(published.snapshot);
        for (cluster, readers) in &self.readers {
            let name = self.state.private_fqdn(cluster);
            readers.private_fqdn.send_if_modified(|known| {
                let is_new = known.as_deref() != name;
                if is_new {
                    *known = name.map(str::to_owned);
                }
                is_new
            });
        }
        self.act(published.effects);
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::StartReaders { cluster, session } => self.start_readers(cluster, session),
                Effect::StopReaders(cluster) => {
                    self.readers.remove(&cluster);
                }
                Effect::HurryCluster(cluster) => {
                    if let Some(readers) = self.readers.get(&cluster) {
                        readers.hurry.notify_one();
                    }
                }
                Effect::HurryList => self.hurry_list.notify_one(),
                Effect::ReadRegion(key) => self.read_region(key),
                Effect::AskAuthor(question) => self.ask_author(question),
                Effect::WatchPods(cluster, nodes) => {
                    if let Some(readers) = self.readers.get(&cluster) {
                        readers.pods_of.send_replace(nodes);
                    }
                }
            }
        }
    }

    fn start_readers(&mut self, cluster: ClusterId, session: u64) {
        let (pods_of, wanted_pods) = watch::channel(BTreeSet::new());
        let (private_fqdn, known_fqdn) = watch::channel(self.state.private_fqdn(&cluster).map(str::to_owned));
        let hurry = Arc::new(Notify::new());
        let mut tasks = Vec::new();
        let source = if cluster.is_kubeconfig_context() {
            self.settings.kubeconfig.clone().map(KubeconfigSource::File)
        } else {
            self.settings.azure.clone().map(KubeconfigSource::Azure)
        };
        if let Some(KubeconfigSource::Azure(azure)) = &source {
            let reader = AzureReader {
                azure: azure.clone(),
                cluster: cluster.clone(),
                clock: self.settings.clock.clone(),
                every: self.settings.refresh.focused,
                profiles_every: self.settings.refresh.profiles,
                hurry: Arc::clone(&hurry),
                news: self.news.clone(),
            };
            tasks.push(AbortOnDropHandle::new(tokio::spawn(reader.run())));
        }
        if let Some(source) = source {
            let reader = KubernetesReader {
                source,
                cluster: cluster.clone(),
                session,
                clock: self.settings.clock.clone(),
                private_fqdn: known_fqdn,
                pods_of: wanted_pods,
                news: self.news.clone(),
                requests: self.settings.requests.clone(),
            };
            tasks.push(AbortOnDropHandle::new(tokio::spawn(reader.run())));
        }
        self.readers.insert(
            cluster,
            ClusterReaders {
                hurry,
                pods_of,
                private_fqdn,
                _tasks: tasks,
            },
        );
    }

    fn read_region(&mut self, key: RegionKey) {
        let Some(azure) = self.settings.azure.clone() else {
            return;
        };
        let news = self.news.clone();
        self.errands.spawn(async move {
            let read = azure.region_versions(&key.subscription, &key.location).await;
            // A collector that is gone needs no answer.
            let _ = news.send(News::RegionRead(key, read.map_err(ReadProblem::from))).await;
            Errand::Told
        });
    }

    fn ask_author(&mut self, question: AuthorQuestion) {
        let Some(azure) = self.settings.azure.clone() else {
            return;
        };
        let news = self.news.clone();
        self.errands.spawn(async move {
            let AuthorQuestion {
                cluster,
                pool,
                since,
                turn,
            } = question;
            let asked = azure.last_change_by(&cluster, pool.as_ref(), since);
            let answer = match tokio::time::timeout(AUTHOR_PATIENCE, asked).await {
                Ok(answer) => answer.map_err(ReadProblem::from),
                Err(_) => Err(ReadProblem::Failed {
                    why: "the activity log did not answer in time".to_owned(),
                }),
            };
            // A collector that is gone needs no answer.
            let _ = news.send(News::AuthorTold { cluster, turn, answer }).await;
            Errand::Told
        });
    }
}

/// The cluster of a kubeconfig: named by its context, else by where the file is from.
fn context_of(access: &Access) -> ClusterId {
    ClusterId::from_context(&access.context_name().unwrap_or_else(|| access.origin.clone()))
}

/// What the Azure client says about its own requests.
fn request_budget(azure: Option<&AzureClient>) -> RequestBudget {
    azure
        .map(AzureClient::budget)
        .map_or_else(RequestBudget::default, |budget| RequestBudget {
            per_minute: budget.per_minute,
            remaining_reads: budget.remaining_reads,
            throttled_until: budget.throttled_until,
        })
}

/// Default time between two pictures of one cluster, in wall time.
pub(super) const PICTURE: Duration = Duration::from_millis(200);
