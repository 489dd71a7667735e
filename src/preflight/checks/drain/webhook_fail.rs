//! Webhooks that fail closed and are asked for the system's own pods: while their backend is drained no pod can be made, the
//! backend's own and CoreDNS included (AKS docs "Troubleshoot API server and etcd problems", 2026).

use std::collections::BTreeMap;

use super::subjects;
use crate::domain::subject::Subject;
use crate::domain::survey::{Unread, WebhookFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_webhook;
use crate::preflight::wording::counted;

/// Ready endpoints below which one drained node may take the backend away.
const ENOUGH_ENDPOINTS: usize = 2;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let webhooks = question.survey.kubernetes.webhooks.as_ref()?;
    let limit = question.thresholds.webhook_timeout_seconds;
    let mut worst: BTreeMap<Subject, Said> = BTreeMap::new();
    for said in webhooks
        .iter()
        .filter(|webhook| !is_system_webhook(&webhook.configuration) && is_asked_for_pods(webhook))
        .filter_map(|webhook| of_webhook(webhook, limit))
    {
        let known = worst.entry(said.subject.clone()).or_insert_with(|| said.clone());
        if said.outcome > known.outcome {
            *known = said;
        }
    }
    Ok(worst.into_values().collect())
}

fn of_webhook(webhook: &WebhookFact, limit: u32) -> Option<Said> {
    let slow =
        (webhook.timeout_seconds > limit).then(|| format!("it may take {} s to answer", webhook.timeout_seconds));
    let is_closed = webhook.failure_policy.eq_ignore_ascii_case("Fail");
    let subject = subjects::of_webhook(webhook);
    if !(is_closed && webhook.covers_system) {
        let headline = format!(
            "{} {}: every new pod may wait as long",
            webhook.name,
            slow?.trim_start_matches("it ")
        );
        return Some(Said::new(Outcome::Info, subject, headline).cured_by(&["webhook-backend-up"]));
    }
    let backend = match &webhook.service {
        Some((namespace, name)) => format!("Service {namespace}/{name}"),
        None => "its URL".to_owned(),
    };
    let (outcome, state) = match (webhook.ready_endpoints, &webhook.service) {
        (Some(ready), _) if ready < ENOUGH_ENDPOINTS => (
            Outcome::Blocker,
            format!(
                "with {} one drained node takes it away",
                counted(ready, "ready endpoint")
            ),
        ),
        (Some(ready), _) => (Outcome::Warning, format!("it has {}", counted(ready, "ready endpoint"))),
        (None, Some(_)) => (
            Outcome::Warning,
            "how many of its endpoints are ready could not be read".to_owned(),
        ),
        (None, None) => (Outcome::Warning, "it lives outside the cluster".to_owned()),
    };
    let headline = format!(
        "{} fails closed for pods of kube-system too: while {backend} is away no pod can be made",
        webhook.name
    );
    let evidence = [
        Some(format!("{backend}: {state}")),
        Some(format!("asked for {}", webhook.rules.join(", "))),
        slow,
        subjects::reverted_by(webhook.managed_by.as_ref()),
    ];
    Some(
        Said {
            evidence: evidence.into_iter().flatten().collect(),
            ..Said::new(outcome, subject, headline)
        }
        .cured_by(&["webhook-exclude-system", "webhook-backend-up", "webhook-ignore"]),
    )
}

/// True where it is called for new pods.
fn is_asked_for_pods(webhook: &WebhookFact) -> bool {
    webhook.rules.iter().any(|rule| {
        let (operation, resource) = rule.split_once(' ').unwrap_or((rule, ""));
        matches!(operation, "CREATE" | "*") && matches!(resource, "pods" | "pods/*" | "*" | "*/*")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes};

    const SUBJECT: &str = "ValidatingWebhookConfiguration shop-policy";

    fn broken(change: impl FnOnce(&mut WebhookFact), outcome: Outcome) -> Said {
        check(
            look,
            |survey| {
                let webhook = &mut survey.kubernetes.webhooks.as_mut().unwrap()[0];
                webhook.covers_system = true;
                change(webhook);
            },
            outcome,
            SUBJECT,
        )
    }

    #[test]
    fn the_backend_decides_how_bad_it_is() {
        for (endpoints, outcome) in [
            (Some(0), Outcome::Blocker),
            (Some(1), Outcome::Blocker),
            (Some(2), Outcome::Warning),
            (None, Outcome::Warning),
        ] {
            let said = broken(|webhook| webhook.ready_endpoints = endpoints, outcome);
            assert_eq!(said.remedies[0], "webhook-exclude-system");
        }
        for rule in ["* *", "CREATE */*", "* pods"] {
            broken(|webhook| webhook.rules = vec![rule.into()], Outcome::Warning);
        }
    }

    #[test]
    fn a_long_timeout_is_told() {
        check(
            look,
            |survey| survey.kubernetes.webhooks.as_mut().unwrap()[0].timeout_seconds = 11,
            Outcome::Info,
            SUBJECT,
        );
        passes(look, |survey| {
            survey.kubernetes.webhooks.as_mut().unwrap()[0].timeout_seconds = 10;
        });
    }

    #[test]
    fn what_fails_open_or_is_not_about_pods_passes() {
        passes(look, |survey| {
            let webhook = &mut survey.kubernetes.webhooks.as_mut().unwrap()[0];
            (webhook.covers_system, webhook.failure_policy) = (true, "Ignore".into());
        });
        passes(look, |survey| {
            let webhook = &mut survey.kubernetes.webhooks.as_mut().unwrap()[0];
            webhook.covers_system = true;
            webhook.rules = vec!["CREATE secrets".into(), "UPDATE pods".into()];
        });
    }

    #[test]
    fn two_webhooks_of_one_configuration_are_one_finding() {
        check(
            look,
            |survey| {
                let webhooks = survey.kubernetes.webhooks.as_mut().unwrap();
                webhooks[0].covers_system = true;
                let mut worse = webhooks[0].clone();
                worse.ready_endpoints = Some(0);
                webhooks.push(worse);
            },
            Outcome::Blocker,
            SUBJECT,
        );
    }

    #[test]
    fn without_the_webhooks_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.webhooks = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
