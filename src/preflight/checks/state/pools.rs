//! Every pool is in a steady state. One failed pool also stops automatic upgrades of the whole cluster.

use crate::domain::node_pool::NodePool;
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
    Ok(cluster.pools.iter().filter_map(of_pool).collect())
}

fn of_pool(pool: &NodePool) -> Option<Said> {
    let say = |outcome, headline: String| Said::new(outcome, Subject::pool(&pool.name), headline);
    let state = &pool.provisioning_state;
    match state {
        ProvisioningState::Failed | ProvisioningState::Canceled => {
            let headline =
                format!("the last operation of the pool ended {state}: the goal state of its nodes is not clear");
            let failed = Said {
                evidence: pool.error.iter().map(ToString::to_string).collect(),
                ..say(Outcome::Warning, headline)
            };
            Some(failed.cured_by(&["reconcile", "retry-upgrade"]))
        }
        busy if !busy.is_terminal() => {
            let headline = format!("the pool is {busy}: Azure runs one operation at a time");
            Some(say(Outcome::Blocker, headline).cured_by(&["wait"]))
        }
        _ if pool.power_state == PowerState::Stopped => {
            let headline = "the pool is stopped: its nodes get the new version when it is started";
            Some(say(Outcome::Info, headline.to_owned()).cured_by(&["wait"]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, whole};

    fn broken(change: impl FnOnce(&mut NodePool), outcome: Outcome) -> Said {
        check(
            look,
            |survey| change(&mut survey.azure.cluster.as_mut().unwrap().pools[1]),
            outcome,
            "node pool apps",
        )
    }

    #[test]
    fn each_pool_speaks_for_itself() {
        for (state, outcome, remedy) in [
            ("Failed", Outcome::Warning, "reconcile"),
            ("Canceled", Outcome::Warning, "reconcile"),
            ("Scaling", Outcome::Blocker, "wait"),
            ("UpgradingNodeImageVersion", Outcome::Blocker, "wait"),
        ] {
            let said = broken(|pool| pool.provisioning_state = state.into(), outcome);
            assert_eq!(said.remedies[0], remedy);
        }
        broken(|pool| pool.power_state = PowerState::Stopped, Outcome::Info);
    }

    #[test]
    fn the_error_of_a_failed_pool_is_told() {
        let said = broken(
            |pool| {
                pool.provisioning_state = ProvisioningState::Failed;
                pool.error = Some(crate::domain::provisioning::AzureErrorDetail {
                    code: "QuotaExceeded".into(),
                    message: "no cores".into(),
                    ..Default::default()
                });
            },
            Outcome::Warning,
        );
        assert_eq!(said.evidence, ["QuotaExceeded: no cores"]);
    }

    #[test]
    fn without_azure_it_is_unknown() {
        let mut survey = healthy();
        let planned = whole(&survey);
        survey.azure.cluster = Err(denied());
        let said = ask_planned(look, &survey, &planned);
        assert_eq!(said[0].outcome, Outcome::Unknown);
    }
}
