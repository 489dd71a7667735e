//! What goes on with the cluster: does an upgrade run, did one fail, or is all quiet. Decides which rules may speak.

use jiff::{SignedDuration, Timestamp};

use crate::diagnosis::catalogue::is_upgrade_step;
use crate::diagnosis::symptoms::Symptoms;
use crate::domain::cluster::Cluster;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::survey::NodeFact;

/// Without Azure an upgrade is taken to run while its last step is not older than this.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

/// The state of affairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) struct Situation {
    /// An upgrade runs.
    pub(in crate::diagnosis) is_running: bool,
    /// When it began, as far as that was seen or said.
    pub(in crate::diagnosis) since: Option<Timestamp>,
    /// Azure says `Failed` of the cluster or of a pool.
    pub(in crate::diagnosis) is_failed: bool,
    /// Azure runs any operation.
    pub(in crate::diagnosis) is_busy: bool,
    /// Azure refused what somebody just asked for.
    pub(in crate::diagnosis) is_refused: bool,
    is_cluster_upgrading: bool,
}

impl Situation {
    /// True where something runs, failed or was refused: only then is a symptom taken for a cause of trouble.
    pub(in crate::diagnosis) fn is_active(self) -> bool {
        self.is_running || self.is_failed || self.is_refused
    }

    pub(in crate::diagnosis) fn is_whole_cluster_upgrading(self) -> bool {
        self.is_cluster_upgrading
    }
}

pub(super) fn judge(symptoms: &Symptoms<'_>) -> Situation {
    let azure = symptoms.survey.azure.cluster.as_ref().ok();
    let is_running = match azure {
        Some(cluster) => cluster.is_upgrading(),
        None => symptoms.picture.is_some_and(|picture| picture.is_running) || events_tell_of_work(symptoms),
    };
    let seen_failed = symptoms.picture.filter(|_| azure.is_none()).is_some_and(|picture| {
        let is_failed = |state: &Option<ProvisioningState>| *state == Some(ProvisioningState::Failed);
        picture.pools.iter().any(|pool| is_failed(&pool.state))
    });
    Situation {
        is_running,
        since: began(symptoms).filter(|_| is_running),
        is_failed: azure.is_some_and(|cluster| is_failed(cluster) || is_given_up(symptoms, cluster))
            || seen_failed
            || azure.is_none() && has_error(symptoms),
        is_busy: azure.is_some_and(|cluster| cluster.active_state().is_some()),
        is_refused: symptoms.errors.iter().any(|error| error.is_refusal),
        is_cluster_upgrading: azure.is_some_and(|cluster| cluster.provisioning_state.is_upgrading()),
    }
}

/// When the upgrade began: Azure's own word where it was read, else the earliest anybody saw of it.
fn began(symptoms: &Symptoms<'_>) -> Option<Timestamp> {
    let seen = symptoms.picture.and_then(|picture| picture.running_since);
    let operation = symptoms.survey.azure.running_operation.as_ref().ok();
    let said = operation.and_then(|operation| Some(operation.as_ref()?.started_at));
    [seen, said].into_iter().flatten().min()
}

fn states(cluster: &Cluster) -> impl Iterator<Item = &ProvisioningState> {
    std::iter::once(&cluster.provisioning_state).chain(cluster.pools.iter().map(|pool| &pool.provisioning_state))
}

fn is_failed(cluster: &Cluster) -> bool {
    states(cluster).any(|state| *state == ProvisioningState::Failed)
}

/// Canceled with an error or with blocked nodes: AKS gave up. Without either a person stopped it on purpose.
fn is_given_up(symptoms: &Symptoms<'_>, cluster: &Cluster) -> bool {
    let has_blocked = || {
        let nodes = symptoms.survey.kubernetes.nodes.iter().flatten();
        nodes.into_iter().any(|fact| fact.node.is_quarantined)
    };
    let has_own_error = || cluster.error.is_some() || cluster.pools.iter().any(|pool| pool.error.is_some());
    states(cluster).any(|state| *state == ProvisioningState::Canceled)
        && (has_error(symptoms) || has_own_error() || has_blocked())
}

/// Where Azure's states are not known, an error that is not a refusal says that something failed.
fn has_error(symptoms: &Symptoms<'_>) -> bool {
    symptoms.errors.iter().any(|error| !error.is_refusal)
}

/// Steps just now, or an upgrade that fell silent with its work half done.
fn events_tell_of_work(symptoms: &Symptoms<'_>) -> bool {
    let events = symptoms
        .survey
        .kubernetes
        .events
        .iter()
        .flatten()
        .map(|fact| &fact.event);
    let newest = events
        .filter(|event| is_upgrade_step(event) || event.source == "upgrader")
        .filter_map(|event| event.last_seen.or(event.first_seen))
        .max();
    newest.is_some_and(|newest| symptoms.now.duration_since(newest) <= QUIET || is_half_done(symptoms))
}

/// Nodes of one pool run different versions, and one of them is not ready or takes no pods.
fn is_half_done(symptoms: &Symptoms<'_>) -> bool {
    let nodes: Vec<&NodeFact> = symptoms.survey.kubernetes.nodes.iter().flatten().collect();
    nodes.iter().any(|fact| {
        let is_in_work = !fact.node.readiness.is_ready() || fact.node.is_cordoned;
        let differs = |other: &&NodeFact| other.node.pool == fact.node.pool && other.node.version != fact.node.version;
        is_in_work && nodes.iter().any(differs)
    })
}
