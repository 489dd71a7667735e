//! The node disruption policy lets remedies reimage nodes (AKS docs "Node disruption policy", preview, 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let details = read(&question.survey.azure.details, "the cluster's details in Azure")?;
    let policy = details.node_disruption_policy.as_deref().unwrap_or_default();
    let holds = ["Block", "AllowDuringMaintenanceWindow"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(policy));
    if !holds {
        return Ok(Vec::new());
    }
    Ok(vec![Said::new(
        Outcome::Info,
        Subject::Cluster,
        format!(
            "node disruption policy {policy}: versions and images still move, other changes that reimage nodes do not"
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, passes};

    #[test]
    fn only_policies_that_hold_something_back_are_told() {
        let policy = |word: &str| {
            let word = word.to_owned();
            move |survey: &mut Survey| survey.azure.details.as_mut().unwrap().node_disruption_policy = Some(word)
        };
        check(look, policy("Block"), Outcome::Info, "the cluster");
        check(
            look,
            policy("allowDuringMaintenanceWindow"),
            Outcome::Info,
            "the cluster",
        );
        passes(look, policy("Allow"));
    }
}
