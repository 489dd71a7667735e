//! The cluster is in a steady state: nothing runs, nothing failed, and it is switched on.

use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::subject::Subject;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let cluster = question.survey.azure.cluster.as_ref()?;
    let state = &cluster.provisioning_state;
    let (outcome, headline, remedy) = match state {
        _ if cluster.power_state == PowerState::Stopped => (
            Outcome::Blocker,
            "the cluster is stopped: it can only be started or deleted".to_owned(),
            "start-cluster",
        ),
        ProvisioningState::Succeeded => return Ok(Vec::new()),
        ProvisioningState::Failed | ProvisioningState::Canceled => (
            Outcome::Warning,
            format!("the last operation ended {state}: reconcile first"),
            "reconcile",
        ),
        busy => (
            Outcome::Blocker,
            format!("the cluster is {busy}: Azure runs one operation at a time"),
            "wait",
        ),
    };
    let said = Said::new(outcome, Subject::Cluster, headline);
    Ok(vec![
        Said {
            evidence: cluster.error.iter().map(ToString::to_string).collect(),
            ..said
        }
        .cured_by(&[remedy]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, whole};

    #[test]
    fn only_a_cluster_at_rest_passes() {
        for (state, outcome, remedy) in [
            ("Failed", Outcome::Warning, "reconcile"),
            ("Cancelled", Outcome::Warning, "reconcile"),
            ("Upgrading", Outcome::Blocker, "wait"),
            ("Migrating", Outcome::Blocker, "wait"),
        ] {
            let broken = check(
                look,
                |survey| survey.azure.cluster.as_mut().unwrap().provisioning_state = state.into(),
                outcome,
                "the cluster",
            );
            assert_eq!(broken.remedies, [remedy]);
        }
    }

    #[test]
    fn a_stopped_cluster_blocks() {
        let stopped = check(
            look,
            |survey| survey.azure.cluster.as_mut().unwrap().power_state = PowerState::Stopped,
            Outcome::Blocker,
            "the cluster",
        );
        assert_eq!(stopped.remedies, ["start-cluster"]);
    }

    #[test]
    fn without_azure_it_is_unknown() {
        let mut survey = healthy();
        let planned = whole(&survey);
        survey.azure.cluster = Err(denied());
        assert_eq!(ask_planned(look, &survey, &planned)[0].outcome, Outcome::Unknown);
    }
}
