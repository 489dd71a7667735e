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
use aks_cockpit::engine::handle::{EngineHandle, EngineSettings, KubernetesSource};
use aks_cockpit::engine::lease::LeaseTimes;
use aks_cockpit::engine::view::ExecutionView;
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::kubernetes::client::{Access, KubernetesClient};
use aks_cockpit::plan::builder::{Facts, Intent, Options, PoolChoice, build};
use aks_cockpit::plan::step::Plan;
use aks_cockpit::progress::picture::{LivePicture, NodePhase, NodeProgress};
use aks_cockpit::simulator::faults::{Fault, Trouble};
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::SimulatedCluster;
use aks_cockpit::smoke::SmokeRunner;
use futures::FutureExt;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

/// How much faster than the wall the simulated clock runs.
const SPEED: f64 = 600.0;

/// A Lease that lasts as long as a test can wait, in wall time. Its duration is stored in whole seconds.
pub(crate) const LEASE: LeaseTimes = LeaseTimes {
    duration: Duration::from_secs(2),
    renew_every: Duration::from_millis(200),
    skew: Duration::from_millis(200),
};

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
            kubernetes: None,
            smoke: SmokeRunner::new(self.clock.clone()),
        }
    }

    /// Another machine: a journal of its own, and the cluster's Lease between them.
    pub(crate) fn machine(&self, name: &str, host: &str) -> EngineHandle {
        let settings = EngineSettings {
            journal_path: self.directory.path().join(host).join("journal.db"),
            person: person_on(name, host),
            ..self.with_lease(name)
        };
        EngineHandle::open_with(settings, LEASE).unwrap()
    }

    /// Settings of this machine with a way to the API server.
    pub(crate) fn with_lease(&self, name: &str) -> EngineSettings {
        EngineSettings {
            kubernetes: Some(self.kubernetes()),
            ..self.settings(name)
        }
    }

    fn kubernetes(&self) -> KubernetesSource {
        let azure = self.azure.clone();
        Arc::new(move |cluster| {
            let (azure, cluster) = (azure.clone(), cluster.clone());
            async move {
                let access = Access {
                    origin: "Azure".to_owned(),
                    kubeconfig: azure.user_kubeconfig(&cluster).await.unwrap(),
                    context: None,
                    token: None,
                };
                KubernetesClient::connect(&access).await
            }
            .boxed()
        })
    }

    /// Refuses every change from now on, so that nothing is ever started.
    pub(crate) fn refuse_changes(&self) {
        let throttled = Trouble::Throttle {
            retry_after_seconds: Some(36_000),
        };
        self.meet(Fault::new(throttled).on("PUT", "managedClusters"));
    }

    pub(crate) fn engine(&self) -> EngineHandle {
        EngineHandle::open(self.settings("ada")).unwrap()
    }

    pub(crate) fn meet(&self, fault: Fault) {
        self.simulator.world.with(|world| world.faults.push(fault));
    }

    /// The newest minor on offer, for all pools or for `apps` alone after the control plane.
    pub(crate) async fn plan(&self, pools: PoolChoice) -> Plan {
        self.plan_with(pools, &Options::default()).await
    }

    pub(crate) async fn plan_with(&self, pools: PoolChoice, options: &Options) -> Plan {
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
        let facts = Facts {
            cluster: &cluster,
            upgrades: &upgrades,
            region: None,
        };
        build(PlanId::new("plan"), &facts, &intent, options, self.clock.now()).unwrap()
    }

    /// Somebody else asks for a change; waits for it to end where it is not about a pool.
    pub(crate) async fn run_elsewhere(&self, change: &Change) {
        let request = self.azure.prepare(change).await.unwrap();
        self.azure.send(&request, uuid::Uuid::new_v4()).await.unwrap();
        if change.pool().is_none() {
            eventually("the control plane is done", || {
                self.simulator.world.with(|_| ());
                self.look(|cluster| cluster.control_plane.running == cluster.control_plane.claimed)
            })
            .await;
            let mut is_busy = true;
            while is_busy {
                let cluster = self.azure.get_cluster(&self.cluster).await.unwrap();
                is_busy = cluster.active_state().is_some();
            }
        }
    }

    pub(crate) fn look<R>(&self, read: impl FnOnce(&SimulatedCluster) -> R) -> R {
        self.simulator.world.look(|world| read(&world.clusters["shop-prod"]))
    }

    /// Operations that were ever started on the cluster, aborts not counted.
    pub(crate) fn operations(&self) -> usize {
        self.look(|cluster| cluster.operations.len())
    }

    /// Those among them that were started with our token.
    pub(crate) fn own_operations(&self) -> usize {
        self.simulator.world.look(|world| {
            let operations = world.clusters["shop-prod"].operations.iter();
            operations
                .filter(|operation| operation.author.caller == world.identity)
                .count()
        })
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
    person_on(name, "desk")
}

pub(crate) fn person_on(name: &str, host: &str) -> Person {
    Person {
        name: name.to_owned(),
        host: host.to_owned(),
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

/// Waits until nobody drives the execution.
pub(crate) async fn until_left(engine: &EngineHandle, id: &ExecutionId) -> Arc<ExecutionView> {
    until(engine, id, "without a driver", |view| view.driver.is_none()).await
}

/// Waits until this person drives the execution.
pub(crate) async fn until_driven_by(engine: &EngineHandle, id: &ExecutionId, name: &str) -> Arc<ExecutionView> {
    until(engine, id, name, |view| {
        view.driver.as_ref().is_some_and(|driver| driver.name == name)
    })
    .await
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
        let mut tick = interval(Duration::from_millis(25));
        while !sender.is_closed() {
            tick.tick().await;
            let picture = world.look(|world| {
                world
                    .clusters
                    .get("shop-prod")
                    .map(|cluster| picture_of(cluster, world.now))
            });
            if let Some(picture) = picture {
                sender.send_replace(Arc::new(picture));
            }
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
                zone: None,
            };
            picture.nodes.insert(name, progress);
        }
    }
    picture
}
