//! Objects that a remedy would change, and that Argo CD or Flux would change back: budgets without a spare pod and
//! webhooks that can lock the cluster. Objects no remedy would touch are not told.

use std::collections::BTreeMap;

use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{BudgetFact, Management, WebhookFact};
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_webhook;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let budgets = read(&kubernetes.budgets, "budgets")?;
    let webhooks = read(&kubernetes.webhooks, "webhooks")?;
    let of_budgets = budgets.iter().filter(|fact| may_be_relaxed(fact)).map(|fact| {
        let budget = &fact.budget;
        let object = Subject::object("policy/v1", "PodDisruptionBudget", &budget.namespace, &budget.name);
        (object, fact.managed_by.as_ref())
    });
    let of_webhooks = webhooks.iter().filter(|fact| may_be_changed(fact)).map(|fact| {
        let object = ObjectRef::of_cluster(
            "admissionregistration.k8s.io/v1",
            &fact.configuration_kind,
            &fact.configuration,
        );
        (Subject::Object { object }, fact.managed_by.as_ref())
    });
    // One webhook configuration has several webhooks.
    let managed: BTreeMap<Subject, String> = of_budgets
        .chain(of_webhooks)
        .filter_map(|(subject, by)| Some((subject, in_words(by?)?)))
        .collect();
    Ok(managed
        .into_iter()
        .map(|(subject, by)| {
            Said::new(
                Outcome::Info,
                subject,
                format!("{by} keeps it: a change by hand is reverted, suspend the sync first"),
            )
        })
        .collect())
}

fn may_be_relaxed(fact: &BudgetFact) -> bool {
    fact.budget.disruptions_allowed <= 0 && fact.budget.expected_pods > 0
}

fn may_be_changed(fact: &WebhookFact) -> bool {
    fact.failure_policy == "Fail"
        && fact.covers_system
        && fact.ready_endpoints.is_none_or(|ready| ready < 2)
        && !is_system_webhook(&fact.configuration)
}

fn in_words(by: &Management) -> Option<String> {
    match by {
        Management::ArgoCd { application } => Some(format!("Argo CD application {application}")),
        Management::Flux { name } => Some(format!("Flux {name}")),
        Management::Helm { .. } | Management::Owner(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn argo() -> Management {
        Management::ArgoCd {
            application: "shop".to_owned(),
        }
    }

    fn cart(survey: &mut Survey) -> &mut BudgetFact {
        let budgets = survey.kubernetes.budgets.as_mut().unwrap();
        budgets.iter_mut().find(|fact| fact.budget.name == "cart-pdb").unwrap()
    }

    #[test]
    fn a_budget_that_a_remedy_would_change_is_told_with_its_keeper() {
        let kept = |survey: &mut Survey| {
            let fact = cart(survey);
            fact.managed_by = Some(argo());
            fact.budget.disruptions_allowed = 0;
        };
        let said = check(look, kept, Outcome::Info, "PodDisruptionBudget shop/cart-pdb");
        assert_eq!(
            said.headline,
            "Argo CD application shop keeps it: a change by hand is reverted, suspend the sync first"
        );
        passes(look, |survey| cart(survey).managed_by = Some(argo()));
        passes(look, |survey| {
            kept(survey);
            cart(survey).managed_by = Some(Management::Helm {
                release: "shop".to_owned(),
            });
        });
    }

    #[test]
    fn a_webhook_that_can_lock_the_cluster_is_told() {
        let kept = |survey: &mut Survey| {
            let webhook = &mut survey.kubernetes.webhooks.as_mut().unwrap()[0];
            webhook.managed_by = Some(Management::Flux {
                name: "shop".to_owned(),
            });
            (webhook.covers_system, webhook.ready_endpoints) = (true, Some(1));
        };
        check(look, kept, Outcome::Info, "ValidatingWebhookConfiguration shop-policy");
    }

    #[test]
    fn unread_budgets_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.budgets = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
