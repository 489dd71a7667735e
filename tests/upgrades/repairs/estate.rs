//! One simulated cluster with an engine on it, its survey, and causes made by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::diagnosis::cause::{Cause, Confidence, Impact};
use aks_cockpit::domain::azure_edit::ClusterEdit;
use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::ids::ClusterId;
use aks_cockpit::domain::subject::Subject;
use aks_cockpit::domain::survey::{Survey, SurveyDepth};
use aks_cockpit::engine::command::Person;
use aks_cockpit::engine::handle::{EngineHandle, EngineSettings};
use aks_cockpit::engine::repair::{RepairEntry, RepairState};
use aks_cockpit::kubernetes::client::{Access, KubernetesClient};
use aks_cockpit::progress::picture::LivePicture;
use aks_cockpit::remedy;
use aks_cockpit::remedy::repair::Repair;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::{SimulatedCluster, World};
use aks_cockpit::smoke::SmokeRunner;
use futures::FutureExt;
use serde_json::Value;
use tokio::sync::watch;

/// Time passes in these steps, at most so many of them: more than any upgrade takes.
pub(crate) const STEP: Duration = Duration::from_secs(30);
pub(crate) const LONGEST_STEPS: usize = 1400;

pub(crate) struct Estate {
    pub(crate) simulator: RunningSimulator,
    pub(crate) clock: Clock,
    pub(crate) azure: AzureClient,
    pub(crate) cluster: ClusterId,
    directory: tempfile::TempDir,
}

impl Estate {
    /// Its time stands still but where a test moves it, so that no test depends on how quick the machine is.
    pub(crate) async fn new(scenario: &str) -> Self {
        let estate = Self::at_beginning(scenario).await;
        estate.pass(Duration::from_mins(10));
        estate
    }

    /// As a scenario says it is when somebody arrives.
    pub(crate) async fn at_beginning(scenario: &str) -> Self {
        let clock = Clock::stepped("2026-11-23T09:00:00Z".parse().unwrap());
        let _ = rustls::crypto::ring::default_provider().install_default();
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
        Self {
            simulator,
            clock,
            azure,
            cluster,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.simulator.world.with(|_| ());
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.directory.path().join("journal.db")
    }

    pub(crate) fn settings(&self) -> EngineSettings {
        let (_, live) = watch::channel(Arc::new(LivePicture::empty(self.clock.now())));
        let kubeconfig = self.simulator.kubeconfigs["shop-prod"].clone();
        EngineSettings {
            journal_path: self.journal_path(),
            azure: Some(self.azure.clone()),
            clock: self.clock.clone(),
            person: Person {
                name: "ada".to_owned(),
                host: "desk".to_owned(),
            },
            live: Arc::new(move |_| live.clone()),
            targets: Arc::new(|_, _| {}),
            poll_interval: Duration::from_secs(10),
            read_only: false,
            kubernetes: Some(Arc::new(move |_| {
                let kubeconfig = kubeconfig.clone();
                async move {
                    KubernetesClient::connect(&Access {
                        origin: "simulator".to_owned(),
                        kubeconfig,
                        context: None,
                        token: None,
                    })
                    .await
                }
                .boxed()
            })),
            smoke: SmokeRunner::new(self.clock.clone()),
        }
    }

    pub(crate) fn engine(&self) -> EngineHandle {
        EngineHandle::open(self.settings()).unwrap()
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        self.simulator.world.with(change)
    }

    pub(crate) fn look<R>(&self, read: impl FnOnce(&SimulatedCluster) -> R) -> R {
        self.simulator.world.look(|world| read(&world.clusters["shop-prod"]))
    }

    /// An object as the API server has it.
    pub(crate) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        self.look(|cluster| {
            cluster
                .objects
                .object(kind, namespace, name)
                .map(|object| (*object).clone())
        })
    }

    pub(crate) async fn survey(&self) -> Survey {
        let source = self.settings().kubernetes.unwrap();
        let client = source(&self.cluster).await.unwrap();
        Survey {
            cluster: self.cluster.clone(),
            taken_at: self.clock.now(),
            azure: self.azure.survey(&self.cluster, SurveyDepth::Preflight).await,
            kubernetes: client.survey(SurveyDepth::Diagnosis).await,
        }
    }

    /// The remedy, exact.
    pub(crate) async fn plan(&self, remedy: &str, cause: &Cause) -> Repair {
        let survey = self.survey().await;
        remedy::plan(remedy, cause, &survey).unwrap_or_else(|why| panic!("{remedy}: {why}"))
    }

    /// Plans, shows and makes a remedy.
    pub(crate) async fn apply(&self, engine: &EngineHandle, remedy: &str, cause: &Cause) -> RepairEntry {
        let repair = self.plan(remedy, cause).await;
        let preview = engine.preview_repair(&repair).await.unwrap();
        assert!(!preview.requests.is_empty(), "{remedy}: {repair:#?}");
        engine.apply_repair(preview).await.unwrap()
    }

    /// As Azure gives it, without what changes by itself.
    pub(crate) async fn in_azure(&self) -> Value {
        let read = Change::EditCluster {
            cluster: self.cluster.clone(),
            change: ClusterEdit::Reconcile,
        };
        let mut body = self.azure.resource_of(&read).await.unwrap().unwrap();
        body.as_object_mut().unwrap().remove("eTag");
        for pool in body["properties"]["agentPoolProfiles"].as_array_mut().unwrap() {
            pool.as_object_mut().unwrap().remove("eTag");
        }
        body
    }

    /// Lets time pass until Azure does nothing on the cluster.
    pub(crate) fn at_rest(&self) {
        for _ in 0..LONGEST_STEPS {
            let is_busy = self.look(|cluster| {
                !cluster.state.is_terminal() || cluster.pools.iter().any(|pool| !pool.state.is_terminal())
            });
            if !is_busy {
                return;
            }
            self.pass(STEP);
        }
        panic!("Azure never rests");
    }
}

/// A cause as the diagnosis would give it.
pub(crate) fn cause(code: &str, subjects: Vec<Subject>) -> Cause {
    Cause {
        code: code.to_owned(),
        rank: 1,
        title: String::new(),
        headline: String::new(),
        explanation: String::new(),
        confidence: Confidence::Confirmed,
        impact: Impact::Stalled,
        subjects,
        nodes: Vec::new(),
        evidence: Vec::new(),
        since: None,
        deadline: None,
        remedies: Vec::new(),
        guide: None,
    }
}

pub(crate) fn done(entry: &RepairEntry) {
    assert_eq!(entry.state, RepairState::Done, "{entry:#?}");
}

pub(crate) fn undone(entry: &RepairEntry) {
    assert_eq!(entry.state, RepairState::Undone, "{entry:#?}");
}

/// An object without what the server writes.
pub(crate) fn own_part(object: &Value) -> Value {
    let mut own = object.clone();
    own.as_object_mut().unwrap().remove("status");
    if let Some(metadata) = own["metadata"].as_object_mut() {
        for field in [
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "managedFields",
        ] {
            metadata.remove(field);
        }
    }
    // The node controller's taint follows the cordon, with the time of that.
    let taints = own.pointer_mut("/spec/taints").and_then(Value::as_array_mut);
    for taint in taints.into_iter().flatten() {
        taint.as_object_mut().unwrap().remove("timeAdded");
    }
    own
}
