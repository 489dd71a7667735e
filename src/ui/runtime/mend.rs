//! Repairs on their way to the engine: made exact, shown, made, taken back, listed. Decides nothing.

use super::super::command::Ailment;
use super::outside::broken;
use crate::domain::ids::ClusterId;
use crate::engine::handle::EngineHandle;
use crate::engine::repair::{RepairEntry, RepairPreview};
use crate::problem::{Exit, Problem};
use crate::remedy::library::remedy;
use crate::remedy::repair::NotPossible;

/// Makes a remedy exact for what was found, and prepares its requests.
pub(super) async fn plan(engine: &EngineHandle, id: String, ailment: Ailment) -> Result<RepairPreview, Problem> {
    let planned = tokio::task::spawn_blocking(move || {
        crate::remedy::plan(&id, &ailment.cause, &ailment.survey.0).map_err(|error| not_possible(&id, &error))
    });
    let repair = planned.await.map_err(|error| broken(&error))??;
    Ok(engine.preview_repair(&repair).await?)
}

fn not_possible(id: &str, error: &NotPossible) -> Problem {
    let known = remedy(id);
    let title = known.map_or(id, |remedy| remedy.title.as_str());
    let what = format!("The cockpit cannot do this here: {title}");
    match (error, known) {
        (NotPossible::ByHand { how }, _) => Problem::new(Exit::Unexpected, what).try_this(how),
        (NotPossible::NotHere { why }, Some(remedy)) => Problem::new(Exit::Unexpected, what)
            .because(why)
            .try_this(format!("by hand: {}", remedy.how)),
        (error, _) => Problem::new(Exit::Unexpected, what).because(error.to_string()),
    }
}

/// The repairs of the journal on one cluster, newest first.
pub(super) async fn list(engine: EngineHandle, cluster: ClusterId) -> Result<Vec<RepairEntry>, Problem> {
    let read = tokio::task::spawn_blocking(move || engine.repairs(Some(&cluster)));
    Ok(read.await.map_err(|error| broken(&error))??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cockpit_cannot_do_is_told_how() {
        let why = NotPossible::NotHere {
            why: "no Deployment owns the pod".to_owned(),
        };
        let problem = not_possible("scale-up-workload", &why);
        assert_eq!(problem.why, ["no Deployment owns the pod"]);
        assert!(problem.todo[0].starts_with("by hand: "), "{:?}", problem.todo);
    }
}
