//! This login may do what is planned, and may stop it.

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

const CLUSTER_WRITE: &str = "Microsoft.ContainerService/managedClusters/write";
const POOL_WRITE: &str = "Microsoft.ContainerService/managedClusters/agentPools/write";

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let allowed = read(&question.survey.azure.allowed_actions, "this login's rights in Azure")?;
    let planned = question.planned;
    let wanted = [
        (
            planned.control_plane.is_some(),
            CLUSTER_WRITE,
            "upgrade the control plane",
        ),
        (!planned.pools.is_empty(), POOL_WRITE, "upgrade node pools"),
    ];
    Ok(wanted
        .into_iter()
        .filter(|(is_needed, action, _)| *is_needed && !allowed.iter().any(|known| known.eq_ignore_ascii_case(action)))
        .map(|(_, action, what)| {
            Said::new(Outcome::Blocker, Subject::Cluster, format!("this login may not {what}"))
                .with(format!("missing: {action}"))
                .cured_by(&["grant-role"])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, whole};

    fn without(action: &str) -> impl FnOnce(&mut Survey) {
        let action = action.to_owned();
        move |survey| {
            survey.azure.allowed_actions.as_mut().unwrap().remove(&action);
        }
    }

    #[test]
    fn a_missing_right_blocks_what_needs_it() {
        let said = check(look, without(CLUSTER_WRITE), Outcome::Blocker, "the cluster");
        assert_eq!(said.headline, "this login may not upgrade the control plane");
        check(look, without(POOL_WRITE), Outcome::Blocker, "the cluster");
    }

    #[test]
    fn a_right_that_is_not_needed_is_not_missed() {
        let mut survey = healthy();
        without(CLUSTER_WRITE)(&mut survey);
        let mut planned = whole(&survey);
        planned.control_plane = None;
        assert!(ask_planned(look, &survey, &planned).is_empty());
    }

    #[test]
    fn unread_rights_are_unknown() {
        check(
            look,
            |survey| survey.azure.allowed_actions = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
