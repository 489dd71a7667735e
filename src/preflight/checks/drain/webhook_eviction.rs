//! Webhooks that are asked about evictions: one that denies ends AKS's drain at once (Azure/AKS issue 5637, 2026).

use std::collections::BTreeMap;

use super::subjects;
use crate::domain::subject::Subject;
use crate::domain::survey::{Unread, WebhookFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_webhook;
use crate::preflight::wording::listed;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let webhooks = question.survey.kubernetes.webhooks.as_ref()?;
    if question.planned.pools.is_empty() {
        return Ok(Vec::new());
    }
    let mut asked: BTreeMap<Subject, Vec<&WebhookFact>> = BTreeMap::new();
    for webhook in webhooks
        .iter()
        .filter(|webhook| webhook.configuration_kind == "ValidatingWebhookConfiguration")
        .filter(|webhook| !is_system_webhook(&webhook.configuration) && is_asked_for_evictions(webhook))
    {
        asked.entry(subjects::of_webhook(webhook)).or_default().push(webhook);
    }
    Ok(asked
        .into_iter()
        .map(|(subject, webhooks)| {
            let headline = format!(
                "{} may deny evictions, and a denial ends the drain of a node at once",
                listed(webhooks.iter().map(|webhook| &webhook.name))
            );
            let said = Said::new(Outcome::Warning, subject, headline);
            let kept = webhooks
                .iter()
                .find_map(|webhook| subjects::reverted_by(webhook.managed_by.as_ref()));
            Said {
                evidence: kept.into_iter().collect(),
                ..said
            }
            .cured_by(&["exempt-webhook-evictions", "undrainable-cordon"])
        })
        .collect())
}

/// True where it is called for evictions; a bare `*` does not reach subresources
/// (Kubernetes API reference, RuleWithOperations, v1.36).
fn is_asked_for_evictions(webhook: &WebhookFact) -> bool {
    webhook.rules.iter().any(|rule| {
        let (operation, resource) = rule.split_once(' ').unwrap_or((rule, ""));
        matches!(operation, "CREATE" | "*") && matches!(resource, "pods/eviction" | "pods/*" | "*/eviction" | "*/*")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes};

    #[test]
    fn only_webhooks_on_evictions_are_told() {
        let with = |rule: &'static str| {
            move |survey: &mut crate::domain::survey::Survey| {
                survey.kubernetes.webhooks.as_mut().unwrap()[0].rules.push(rule.into());
            }
        };
        for rule in ["CREATE pods/eviction", "* */*", "* pods/*"] {
            check(
                look,
                with(rule),
                Outcome::Warning,
                "ValidatingWebhookConfiguration shop-policy",
            );
        }
        for rule in ["* *", "DELETE pods", "UPDATE pods/eviction"] {
            passes(look, with(rule));
        }
        check(
            look,
            |survey| survey.kubernetes.webhooks = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
