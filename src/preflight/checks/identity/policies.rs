//! Policies that deny what surge nodes create: scale sets, addresses, disks
//! (AKS docs "RequestDisallowedByPolicy error", 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let policies = read(&question.survey.azure.policies, "policies of the node resource group")?;
    Ok(policies
        .iter()
        .filter(|policy| policy.effect.eq_ignore_ascii_case("deny"))
        .map(|policy| {
            Said::new(
                Outcome::Warning,
                Subject::Azure {
                    kind: "policy assignment".to_owned(),
                    name: policy.assignment.clone(),
                    id: None,
                },
                format!("the policy denies {}", policy.resource_type),
            )
            .with(format!("effect {}", policy.effect))
            .cured_by(&["policy-exemption"])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{PolicyFact, Survey};
    use crate::preflight::samples::{check, denied, passes};

    fn policy(effect: &str) -> impl FnOnce(&mut Survey) {
        let policy = PolicyFact {
            assignment: "no-scale-sets".to_owned(),
            effect: effect.to_owned(),
            resource_type: "Microsoft.Compute/virtualMachineScaleSets".to_owned(),
        };
        move |survey| survey.azure.policies = Ok(vec![policy])
    }

    #[test]
    fn only_denials_count() {
        let said = check(
            look,
            policy("Deny"),
            Outcome::Warning,
            "policy assignment no-scale-sets",
        );
        assert_eq!(
            said.headline,
            "the policy denies Microsoft.Compute/virtualMachineScaleSets"
        );
        passes(look, policy("audit"));
    }

    #[test]
    fn unread_policies_are_unknown() {
        check(
            look,
            |survey| survey.azure.policies = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
