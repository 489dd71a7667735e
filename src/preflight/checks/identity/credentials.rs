//! The cluster's own credentials outlive the upgrade. The end of a service principal's secret is in Entra ID, which the
//! cockpit does not ask; that the API server's certificate is valid today, every connection has proved.

use jiff::{SignedDuration, Timestamp};

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let details = read(&question.survey.azure.details, "the cluster's details in Azure")?;
    let mut said = Vec::new();
    if let Some(client) = details.service_principal.as_ref().filter(|id| *id != "msi") {
        said.push(
            Said::new(
                Outcome::Info,
                Subject::Azure {
                    kind: "service principal".to_owned(),
                    name: client.clone(),
                    id: None,
                },
                "the cluster logs in with a secret, and when it ends is not known here",
            )
            .with(format!("az ad app credential list --id {client}"))
            .cured_by(&["reset-sp"]),
        );
    }
    match &question.survey.kubernetes.health {
        Err(unread) => said.push(unknown(Subject::Cluster, "the API server's certificate", unread)),
        Ok(health) => {
            if let Some(ends) = health.certificate_ends {
                said.extend(certificate(
                    ends,
                    question.survey.taken_at,
                    question.thresholds.credential_end_days,
                ));
            }
        }
    }
    Ok(said)
}

fn certificate(ends: Timestamp, now: Timestamp, soon_days: i64) -> Option<Said> {
    let left = ends.duration_since(now);
    let day = ends.strftime("%Y-%m-%d");
    let (outcome, headline) = if left <= SignedDuration::ZERO {
        (Outcome::Blocker, format!("the API server's certificate ended on {day}"))
    } else if left.as_hours() < soon_days * 24 {
        let days = left.as_hours() / 24;
        (
            Outcome::Warning,
            format!("the API server's certificate ends on {day}, in {days} days"),
        )
    } else {
        return None;
    };
    Some(Said::new(outcome, Subject::Cluster, headline).cured_by(&["rotate-certs"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn certificate_ends(day: &str) -> impl FnOnce(&mut Survey) {
        let day = day.parse().unwrap();
        move |survey| survey.kubernetes.health.as_mut().unwrap().certificate_ends = Some(day)
    }

    #[test]
    fn a_certificate_that_ends_soon_is_a_warning() {
        let said = check(
            look,
            certificate_ends("2026-09-04T09:00:00Z"),
            Outcome::Warning,
            "the cluster",
        );
        assert_eq!(
            said.headline,
            "the API server's certificate ends on 2026-09-04, in 20 days"
        );
        check(
            look,
            certificate_ends("2026-08-14T09:00:00Z"),
            Outcome::Blocker,
            "the cluster",
        );
        passes(look, certificate_ends("2026-09-15T09:00:00Z"));
    }

    #[test]
    fn a_service_principal_is_told_because_its_end_is_not_known() {
        let principal = |id: &str| {
            let id = id.to_owned();
            move |survey: &mut Survey| survey.azure.details.as_mut().unwrap().service_principal = Some(id)
        };
        check(look, principal("c1"), Outcome::Info, "service principal c1");
        passes(look, principal("msi"));
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.health = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
