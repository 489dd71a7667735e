//! One simulated estate with an engine on it, and waiting for what it shows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::ids::{ClusterId, ExecutionId, NodeName, NodePoolName, PlanId};
use aks_cockpit::engine::command::{Command, PauseDepth, Person};
use aks_cockpit::engine::handle::{EngineHandle, EngineSettings};
use aks_cockpit::engine::view::ExecutionView;
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::plan::builder::{Intent, PoolChoice, build};
use aks_cockpit::plan::step::Plan;
use aks_cockpit::progress::picture::{LivePicture, NodePhase, NodeProgress};
use aks_cockpit::simulator::faults::Fault;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::SimulatedCluster;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

/// How much faster than the wall the simulated clock runs.
const SPEED: f64 = 600.0;

/// How long anything may take, in wall time; far more than it does.
const PATIENCE: Duration = Duration::from_mins(2);

/// A simulator with the cluster `shop-prod`, an empty journal, and a live picture of the cluster's nodes.
pub(crate) struct Estate {
    pub(crate) simulator: RunningSimulator,
    pub(crate) clock: Clock,
    pub(crate) azure: AzureClient,
    pub(crate) cluster: ClusterId,
    directory: tempfile::TempDir,
    live: watch::Receiver<Arc<LivePicture>>,
}

impl Estate {
    pub(crate) async fn new(scenario: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::running(SPEED);
        let scenario = Scenario::built_in(scenario).unwrap();
        let simulator = RunningSimulator::start(&scenario, 7, clock.clone()).await.unwrap();
        let azure = AzureClient::try_new(AzureSettings {
            endpoint: simulator.arm_endpoint.parse().unwrap(),
            credential: Credential::given(&simulator.token).unwrap(),
            api_version: API_VERSION.to_owned(),
            clock: clock.clone(),
        })
        .unwrap();
        let cluster = simulator.world.look(|world| {
            let profile = &world.clusters["shop-prod"].profile;
            ClusterId::from_parts(&profile.subscription, &profile.resource_group, &profile.name)
        });
        let live = watch_nodes(&simulator);
        Self {
            simulator,
            clock,
            azure,
            cluster,
            directory: tempfile::tempdir().unwrap(),
            live,
        }
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.directory.path().join("state/journal.db")
    }

    pub(crate) fn settings(&self, name: &str) -> EngineSettings {
        let live = self.live.clone();
        EngineSettings {
            journal_path: self.journal_path(),
            azure: Some(self.azure.clone()),
            clock: self.clock.clone(),
            person: person(name),
            live: Arc::new(move |_| live.clone()),
            targets: Arc::new(|_, _| {}),
            poll_interval: Duration::from_secs(10),
            read_only: false,
        }
    }

    pub(crate) fn engine(&self) -> EngineHandle {
        EngineHandle::open(self.settings("ada")).unwrap()
    }

    pub(crate) fn meet(&self, fault: Fault) {
        self.simulator.world.with(|world| world.faults.push(fault));
    }

    /// The newest minor on offer, for all pools or for `apps` alone after the control plane.
    pub(crate) async fn plan(&self, pools: PoolChoice) -> Plan {
        let cluster = self.azure.get_cluster(&self.cluster).await.unwrap();
        let names: Vec<NodePoolName> = cluster.pools.iter().map(|pool| pool.name.clone()).collect();
        let upgrades = self.azure.cluster_upgrades(&self.cluster, &names).await.unwrap();
        let newest = upgrades
            .control_plane
            .iter()
            .filter(|offer| !offer.is_preview)
            .map(|offer| offer.version)
            .max()
            .unwrap();
        let intent = Intent::Upgrade {
            to: newest.to_string().parse().unwrap(),
            pools,
        };
        build(PlanId::new("plan"), &cluster, &upgrades, &intent, self.clock.now()).unwrap()
    }

    pub(crate) fn look<R>(&self, read: impl FnOnce(&SimulatedCluster) -> R) -> R {
        self.simulator.world.look(|world| read(&world.clusters["shop-prod"]))
    }

    /// Operations that were ever started on the cluster, aborts not counted.
    pub(crate) fn operations(&self) -> usize {
        self.look(|cluster| cluster.operations.len())
    }

    /// True where control plane and every node run the version the control plane was asked to run.
    pub(crate) fn is_done(&self) -> bool {
        self.look(|cluster| {
            let target = cluster.control_plane.claimed;
            cluster.control_plane.running == target
                && cluster
                    .pools
                    .iter()
                    .flat_map(|pool| &pool.nodes)
                    .all(|node| node.version == target)
        })
    }

    /// What the journal says of each request, in the order they were sent.
    pub(crate) fn answers(&self, id: &ExecutionId) -> Vec<String> {
        Journal::open(&self.journal_path(), Mode::ReadOnly)
            .unwrap()
            .requests(id.as_str())
            .unwrap()
            .into_iter()
            .map(|request| request.answer.unwrap_or_else(|| "none".to_owned()))
            .collect()
    }

    pub(crate) fn abort_change(&self, pool: &str) -> Change {
        Change::AbortNodePool {
            cluster: self.cluster.clone(),
            pool: pool.into(),
        }
    }
}

pub(crate) fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        host: "desk".to_owned(),
    }
}

/// Waits until the execution fulfils `condition`, and returns it.
pub(crate) async fn until(
    engine: &EngineHandle,
    id: &ExecutionId,
    what: &str,
    condition: impl Fn(&ExecutionView) -> bool,
) -> Arc<ExecutionView> {
    let mut views = engine.subscribe();
    let mut last = None;
    let waiting = async {
        loop {
            last = views.borrow_and_update().iter().find(|view| view.id == *id).cloned();
            if let Some(view) = last.as_ref().filter(|view| condition(view)) {
                return Arc::clone(view);
            }
            views.changed().await.unwrap();
        }
    };
    let found = timeout(PATIENCE, waiting).await;
    found.unwrap_or_else(|_| panic!("{id} never was {what}: {last:#?}"))
}

pub(crate) async fn until_state(engine: &EngineHandle, id: &ExecutionId, word: &str) -> Arc<ExecutionView> {
    until(engine, id, word, |view| view.state.word() == word).await
}

/// Waits until Azure works on the pool.
pub(crate) async fn until_pool_runs(engine: &EngineHandle, id: &ExecutionId, pool: &str) {
    until(engine, id, pool, |view| {
        view.current_step().is_some_and(|step| {
            step.step.kind.pool().is_some_and(|name| name.as_str() == pool) && step.state.word() == "running"
        })
    })
    .await;
}

/// Waits until `condition` holds, looking again and again.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        let mut tick = interval(Duration::from_millis(5));
        while !condition() {
            tick.tick().await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "never: {what}");
}

pub(crate) async fn pause(engine: &EngineHandle, id: &ExecutionId, depth: PauseDepth) {
    engine.send(id, Command::Pause { depth }, person("bob")).await.unwrap();
}

/// The nodes as a watch would show them.
fn watch_nodes(simulator: &RunningSimulator) -> watch::Receiver<Arc<LivePicture>> {
    let world = simulator.world.clone();
    let (sender, receiver) = watch::channel(Arc::new(LivePicture::empty(world.clock().now())));
    tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(5));
        while !sender.is_closed() {
            tick.tick().await;
            let picture = world.look(|world| picture_of(&world.clusters["shop-prod"], world.now));
            sender.send_replace(Arc::new(picture));
        }
    });
    receiver
}

fn picture_of(cluster: &SimulatedCluster, now: jiff::Timestamp) -> LivePicture {
    let mut picture = LivePicture::empty(now);
    for pool in &cluster.pools {
        for node in &pool.nodes {
            let is_cordoned = cluster.objects.is_cordoned(&node.name);
            let phase = if !cluster.objects.has_node(&node.name) {
                NodePhase::Reimaging
            } else if is_cordoned {
                NodePhase::Cordoned
            } else {
                NodePhase::Waiting
            };
            let name = NodeName::new(&node.name);
            let progress = NodeProgress {
                name: name.clone(),
                pool: Some(pool.name.as_str().into()),
                phase,
                since: now,
                is_surge: node.is_surge,
                version: Some(node.version),
                version_text: format!("v{}", node.version),
                node_image: None,
                is_ready: Some(true),
                is_cordoned,
                drain: None,
                last_event: None,
            };
            picture.nodes.insert(name, progress);
        }
    }
    picture
}
