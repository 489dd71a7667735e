//! Which execution a person means: by id, by cluster, or one that somebody else began and is adopted now.

use std::sync::Arc;

use super::super::args::GlobalArguments;
use super::super::finding;
use super::super::session::Session;
use super::{confirm, follow};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::handle::{EngineError, ForeignOperation};
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::problem::{Exit, Problem};

/// What a person named.
pub(super) enum Target {
    Execution(ExecutionId),
    /// A cluster without an execution here that could be steered.
    Cluster(Arc<ClusterSnapshot>),
}

/// Finds an execution by its id, or by its cluster.
pub(super) async fn find(session: &Session, text: &str) -> Result<Target, Problem> {
    let missing = match session.engine.find(text).await {
        Ok(id) => return Ok(Target::Execution(id)),
        Err(error @ EngineError::NoSuchExecution(_)) if text != "last" => Problem::from(error),
        Err(error) => return Err(error.into()),
    };
    match finding::cluster(session, text).await {
        Ok(cluster) => Ok(open_on(session, &cluster.id).map_or(Target::Cluster(cluster), Target::Execution)),
        Err(problem) if problem.exit == Exit::Usage => Err(problem),
        // Neither of the two: what is known of the clusters helps to find the word that was meant.
        Err(problem) => Err(problem
            .why
            .iter()
            .fold(missing.because(&problem.what), Problem::because)),
    }
}

/// The execution on a cluster that is not final.
fn open_on(session: &Session, cluster: &ClusterId) -> Option<ExecutionId> {
    let executions = session.engine.subscribe();
    let views = executions.borrow();
    let open = views
        .iter()
        .find(|view| view.plan.cluster == *cluster && !view.state.is_final());
    open.map(|view| view.id.clone())
}

/// Finds an execution, and how it stands; an upgrade that somebody else runs on the named cluster becomes one, after
/// a yes, and has stood nowhere before.
pub(super) async fn find_or_adopt(
    session: &Session,
    text: &str,
    global: &GlobalArguments,
) -> Result<(ExecutionId, Option<Arc<ExecutionView>>), Problem> {
    let cluster = match find(session, text).await? {
        Target::Execution(id) => {
            let known = follow::view(session, &id);
            return Ok((id, known));
        }
        Target::Cluster(cluster) => cluster,
    };
    let name = cluster.id.name();
    let foreign = session.engine.foreign(&cluster.id).await.map_err(Problem::from)?;
    let Some(foreign) = foreign else {
        return Err(
            Problem::new(Exit::NotFound, format!("nothing runs on {name} that could be steered"))
                .because("it has no execution here, and Azure runs no upgrade on it")
                .try_this(format!("see how it stands: aks-cockpit status {name}")),
        );
    };
    confirm(global, &format!("{} Take charge of it?", describe(name, &foreign)))?;
    let adopted = session.engine.adopt(foreign, session.person.clone()).await;
    Ok((adopted.map_err(Problem::from)?, None))
}

/// Whose operation it is, in one sentence.
pub(in super::super) fn describe(cluster: &str, foreign: &ForeignOperation) -> String {
    let by = foreign
        .started_by
        .as_deref()
        .unwrap_or("somebody the activity log does not name");
    let at = foreign
        .started_at
        .map_or_else(String::new, |at| at.strftime(" at %Y-%m-%d %H:%M UTC").to_string());
    format!(
        "The operation {} on {cluster} was started by {by}{at}, not from here.",
        foreign.operation
    )
}
