//! A cold look at a scenario: start its simulator, read everything once, watch until the picture stands, diagnose.

use std::sync::Arc;
use std::time::Duration;

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::diagnosis::catalogue::Catalogue;
use aks_cockpit::diagnosis::cause::Diagnosis;
use aks_cockpit::diagnosis::diagnose;
use aks_cockpit::diagnosis::symptoms::{ErrorSymptom, Symptoms, UsualTimes};
use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::ids::{ClusterId, NodePoolName};
use aks_cockpit::domain::subject::Subject;
use aks_cockpit::domain::survey::{Survey, SurveyDepth};
use aks_cockpit::domain::version::NodeImageVersion;
use aks_cockpit::inventory::handle::{self, InventorySettings, RefreshIntervals};
use aks_cockpit::inventory::snapshot::{ClusterSnapshot, FleetSnapshot, SourceState};
use aks_cockpit::inventory::survey::{SurveySource, take};
use aks_cockpit::kubernetes::client::Access;
use aks_cockpit::progress::picture::LivePicture;
use aks_cockpit::requests::log::RequestLog;
use aks_cockpit::simulator::scenario::{Attempt, AttemptedChange, Expected, Scenario, Sight};
use aks_cockpit::simulator::server::RunningSimulator;
use tokio::time::timeout;

const SEED: u64 = 7;
/// How long the watches may take to settle, in wall time; far more than they do.
const PATIENCE: Duration = Duration::from_mins(1);
/// The image that pools of the scenarios ran before.
const OLD_IMAGE: &str = "AKSUbuntu-2204gen2containerd-202610.19.0";

/// What is told of a scenario by somebody who has just arrived.
pub(crate) async fn look(scenario: &Scenario, expected: &Expected) -> Diagnosis {
    let clock = Clock::running(1.0);
    let simulator = RunningSimulator::start(scenario, SEED, clock.clone()).await.unwrap();
    let source = source(&simulator, expected.sight, &clock);
    let (survey, picture, refusal) = observe(&source, &simulator, expected).await;
    let errors: Vec<ErrorSymptom> = refusal.into_iter().chain(errors_of(&survey)).collect();
    let usual = UsualTimes::default();
    let symptoms = Symptoms {
        survey: &survey,
        picture: Some(&picture),
        errors: &errors,
        usual: &usual,
        now: clock.now(),
    };
    diagnose(&symptoms, Catalogue::shipped())
}

fn source(simulator: &RunningSimulator, sight: Sight, clock: &Clock) -> SurveySource {
    let azure = AzureClient::try_new(AzureSettings {
        endpoint: simulator.arm_endpoint.parse().unwrap(),
        credential: Credential::given(&simulator.token).unwrap(),
        api_version: API_VERSION.to_owned(),
        clock: clock.clone(),
    });
    let kubeconfig = simulator.kubeconfigs.values().next().unwrap();
    let access = Access {
        origin: "the scenario".to_owned(),
        kubeconfig: kubeconfig.clone(),
        context: None,
        token: None,
    };
    let sees_azure = sight != Sight::Kubernetes;
    SurveySource {
        azure: sees_azure.then(|| azure.unwrap()),
        kubeconfig: (!sees_azure).then_some(access),
        clock: clock.clone(),
        requests: RequestLog::new(clock.clone()),
    }
}

async fn observe(
    source: &SurveySource,
    simulator: &RunningSimulator,
    expected: &Expected,
) -> (Survey, Arc<LivePicture>, Option<ErrorSymptom>) {
    let id = simulator.world.look(|world| {
        let profile = &world.clusters.values().next().unwrap().profile;
        ClusterId::from_parts(&profile.subscription, &profile.resource_group, &profile.name)
    });
    let inventory = handle::start(InventorySettings {
        azure: source.azure.clone(),
        kubeconfig: source.kubeconfig.clone(),
        subscriptions: Vec::new(),
        clock: source.clock.clone(),
        refresh: RefreshIntervals::default(),
        requests: RequestLog::new(source.clock.clone()),
    });
    let mut snapshots = inventory.subscribe();
    // A cluster known by its kubeconfig alone has an id of its own.
    let known = |snapshot: &FleetSnapshot| snapshot.clusters.first().map(|cluster| cluster.id.clone());
    let id = match expected.sight {
        Sight::Kubernetes => {
            let listed = timeout(PATIENCE, snapshots.wait_for(|snapshot| known(snapshot).is_some()));
            known(&listed.await.unwrap().unwrap()).unwrap()
        }
        Sight::Both | Sight::Azure => id,
    };
    let live = inventory.live(&id);
    let refusal = match (&expected.start, &source.azure) {
        (Some(attempt), Some(azure)) => refusal_of(azure, &id, attempt).await,
        _ => None,
    };
    let settled = snapshots.wait_for(|snapshot| snapshot.cluster(&id).is_some_and(|cluster| is_settled(cluster)));
    timeout(PATIENCE, settled).await.unwrap().unwrap();
    let survey = take(source, &id, SurveyDepth::Diagnosis).await;
    let picture = live.borrow().clone();
    (survey, picture, refusal)
}

/// Everything was read, or cannot be.
fn is_settled(cluster: &ClusterSnapshot) -> bool {
    let cannot = matches!(
        cluster.kubernetes,
        SourceState::Denied { .. }
            | SourceState::Failed { .. }
            | SourceState::Unavailable { .. }
            | SourceState::Stale { .. }
    );
    (cluster.are_watches_settled || cannot) && cluster.live.is_some()
}

/// Azure's answer to the change somebody tries; `None` where it is accepted.
async fn refusal_of(azure: &AzureClient, cluster: &ClusterId, attempt: &Attempt) -> Option<ErrorSymptom> {
    let pool = attempt.pool.as_deref().map(NodePoolName::new);
    let to = || attempt.to.as_deref().unwrap_or_default().parse().unwrap();
    let cluster = cluster.clone();
    let subject = pool.as_ref().map_or(Subject::Cluster, Subject::pool);
    let change = match (attempt.change, pool) {
        (AttemptedChange::Pool, Some(pool)) => Change::UpgradeNodePool {
            cluster,
            pool,
            to: to(),
        },
        (AttemptedChange::Rollback, Some(pool)) => Change::RollBackNodePool {
            cluster,
            pool,
            to: to(),
            node_image: NodeImageVersion::new(OLD_IMAGE),
        },
        _ => Change::UpgradeControlPlane { cluster, to: to() },
    };
    let request = azure.prepare(&change).await.unwrap();
    let error = azure.send(&request, uuid::Uuid::new_v4()).await.err()?;
    Some(ErrorSymptom {
        subject,
        error: error.detail()?.clone(),
        at: None,
        is_refusal: true,
    })
}

/// Errors that stand on the cluster and its pools.
fn errors_of(survey: &Survey) -> Vec<ErrorSymptom> {
    let Ok(cluster) = &survey.azure.cluster else {
        return Vec::new();
    };
    let symptom = |subject, error: &_| ErrorSymptom {
        subject,
        error: Clone::clone(error),
        at: None,
        is_refusal: false,
    };
    let pools = cluster
        .pools
        .iter()
        .filter_map(|pool| Some(symptom(Subject::pool(&pool.name), pool.error.as_ref()?)));
    let own = cluster.error.iter().map(|error| symptom(Subject::Cluster, error));
    pools.chain(own).collect()
}
