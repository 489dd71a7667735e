//! What the engine is given to work with. Values only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;

use super::super::command::Person;
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::domain::ids::ClusterId;
use crate::kubernetes::client::KubernetesClient;
use crate::kubernetes::error::KubernetesError;
use crate::plan::estimate::PlanEstimate;
use crate::plan::step::Plan;
use crate::progress::facts::Target;
use crate::progress::picture::LivePicture;
use crate::smoke::SmokeRunner;

/// Where the live picture of a cluster comes from.
pub type LiveSource = Arc<dyn Fn(&ClusterId) -> watch::Receiver<Arc<LivePicture>> + Send + Sync>;

/// Where it is said what an execution driven here is heading for; `None` when it is not driven here any more.
pub type TargetSink = Arc<dyn Fn(&ClusterId, Option<Target>) + Send + Sync>;

/// Connects to the API server of a cluster.
pub type KubernetesSource =
    Arc<dyn Fn(&ClusterId) -> BoxFuture<'static, Result<KubernetesClient, KubernetesError>> + Send + Sync>;

/// An operation somebody else started, for a person to look at before it is adopted.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignOperation {
    /// What it would become here; its first step is the one that runs.
    pub plan: Plan,
    /// Azure's state word.
    pub operation: String,
    /// From the activity log; `None` where that does not say.
    pub started_by: Option<String>,
    pub started_at: Option<Timestamp>,
}

/// What the engine works with.
#[derive(Clone)]
pub struct EngineSettings {
    pub journal_path: PathBuf,
    /// `None` where there is no Azure: executions can be watched, not driven.
    pub azure: Option<AzureClient>,
    pub clock: Clock,
    /// Who drives in this process.
    pub person: Person,
    pub live: LiveSource,
    pub targets: TargetSink,
    /// Pause between two polls where Azure does not ask for another one, in the clock's time; usually 10 seconds.
    pub poll_interval: Duration,
    /// True where nothing may be changed, not even the journal.
    pub read_only: bool,
    /// How to reach a cluster's API server, for the Lease and the readiness of workloads; `None` where there is none.
    pub kubernetes: Option<KubernetesSource>,
    pub smoke: SmokeRunner,
}

/// The observation under which a report of the checks is kept.
pub(super) const BASELINE: &str = "preflight";

/// What was done before an upgrade is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Why it is started although the checks named blockers.
    pub despite: Option<String>,
    /// The report of the checks, as JSON.
    pub baseline: Option<String>,
    /// What the plan is thought to take, to be compared with what comes of it.
    pub estimate: Option<PlanEstimate>,
}
