//! Upgrades that were started elsewhere: seen, named, and adopted. Adopting sends nothing.

use std::time::Duration;

use super::super::command::Person;
use super::super::record::Origin;
use super::{EngineError, EngineHandle, ForeignOperation, Preparation};
use crate::domain::cluster::Cluster;
use crate::domain::ids::{ClusterId, ExecutionId, NodePoolName, PlanId};
use crate::domain::text::printable;
use crate::plan::adopt::plan_of_running;

/// How far back the activity log is searched, in the clock's time: longer than any one operation lasts.
const SEARCHED: Duration = Duration::from_hours(24);

impl EngineHandle {
    /// The upgrade that runs on the cluster without an execution here; `None` where none does.
    ///
    /// # Errors
    /// When there is no Azure, or it cannot be read.
    pub async fn foreign(&self, cluster: &ClusterId) -> Result<Option<ForeignOperation>, EngineError> {
        let azure = self.0.settings.azure.as_ref().ok_or(EngineError::NoAzure)?;
        if let Some(journal) = self.0.journal.clone()
            && self.open_execution(journal, cluster).await?.is_some()
        {
            return Ok(None);
        }
        let found = azure.get_cluster(cluster).await?;
        let now = self.0.settings.clock.now();
        let id = PlanId::new(uuid::Uuid::new_v4().simple().to_string());
        let Some(plan) = plan_of_running(id, &found, now) else {
            return Ok(None);
        };
        let pool = plan.steps.first().and_then(|step| step.kind.pool()).cloned();
        let since = now.checked_sub(SEARCHED).unwrap_or(now);
        // A missing right hides a name, not the operation.
        let author = azure.last_change_by(cluster, pool.as_ref(), since).await.ok().flatten();
        Ok(Some(ForeignOperation {
            operation: operation_word(&found, pool.as_ref()),
            plan,
            started_by: author.as_ref().map(|author| printable(&author.caller)),
            started_at: author.map(|author| author.at),
        }))
    }

    /// Adopts an operation somebody else started: from now on it has an execution that can be paused, resumed,
    /// retried and aborted. Nothing is sent by that.
    ///
    /// # Errors
    /// As [`EngineHandle::start`].
    pub async fn adopt(&self, foreign: ForeignOperation, by: Person) -> Result<ExecutionId, EngineError> {
        let ForeignOperation {
            plan,
            operation,
            started_by,
            started_at,
        } = foreign;
        let origin = Origin::Foreign {
            operation,
            started_by,
            started_at,
        };
        self.start_from(plan, by, Some(origin), Preparation::default()).await
    }
}

/// Azure's word for what runs on the pool, or else on the cluster.
fn operation_word(cluster: &Cluster, pool: Option<&NodePoolName>) -> String {
    let of_pool = pool
        .and_then(|name| cluster.pool(name))
        .map(|pool| &pool.provisioning_state)
        .filter(|state| !state.is_terminal());
    of_pool
        .or_else(|| cluster.active_state())
        .unwrap_or(&cluster.provisioning_state)
        .to_string()
}
