//! Pods that were told to stop long ago and are still there: a drain waits for them. Namespaces that do not end are told.

use jiff::SignedDuration;

use super::subjects;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    let mut said = or_unknown(pods(question));
    said.extend(or_unknown(namespaces(question)));
    said
}

fn pods<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let limit = SignedDuration::from_mins(question.thresholds.stuck_deletion_minutes);
    let now = question.survey.taken_at;
    let is_stuck = |pod: &&PodFact| pod.pod.deletion_at.is_some_and(|due| now.duration_since(due) > limit);
    let stuck = question.pods_to_evict()?.filter(is_stuck);
    Ok(stuck.map(|pod| say(pod, now)).collect())
}

fn say(pod: &PodFact, now: jiff::Timestamp) -> Said {
    let minutes = pod.pod.deletion_at.map_or(0, |due| now.duration_since(due).as_mins());
    let finalizers = &pod.pod.finalizers;
    let (why, remedies): (String, &[&str]) = if finalizers.is_empty() {
        (
            "its node has not confirmed that it stopped".to_owned(),
            &["force-delete-pod"],
        )
    } else {
        (
            format!(
                "{} {}",
                if finalizers.len() == 1 {
                    "a finalizer keeps it:"
                } else {
                    "finalizers keep it:"
                },
                listed(finalizers)
            ),
            &["remove-finalizer", "force-delete-pod"],
        )
    };
    let object = Subject::object("v1", "Pod", &pod.pod.namespace, &pod.pod.name);
    let headline = format!(
        "it should be gone since {}, and a drain waits for it",
        counted_minutes(minutes)
    );
    let said = Said::new(Outcome::Warning, object, headline).with(why);
    match subjects::of_pod(pod) {
        owner if owner == said.subject => said,
        owner => said.with(format!("of {owner}")),
    }
    .cured_by(remedies)
}

fn counted_minutes(minutes: i64) -> String {
    counted(usize::try_from(minutes).unwrap_or(0), "minute")
}

fn namespaces<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let ending = question.survey.kubernetes.ending_namespaces.as_ref()?;
    Ok(ending
        .iter()
        .map(|(name, message)| {
            let object = ObjectRef::of_cluster("v1", "Namespace", name);
            let headline = "the namespace was deleted and does not end";
            let said = Said::new(Outcome::Info, Subject::Object { object }, headline);
            Said {
                evidence: Some(message.clone())
                    .filter(|text| !text.is_empty())
                    .into_iter()
                    .collect(),
                ..said
            }
            .cured_by(&["remove-finalizer"])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    /// A pod of `web` that should be gone since then; the look is taken at 09:00.
    fn ending(survey: &mut Survey, since: &str, finalizers: &[&str]) {
        let pods = survey.kubernetes.pods.as_mut().unwrap();
        let pod = pods.iter_mut().find(|pod| pod.pod.labels["app"] == "web").unwrap();
        pod.pod.deletion_at = Some(format!("2026-08-15T{since}:00Z").parse().unwrap());
        pod.pod.finalizers = finalizers.iter().map(ToString::to_string).collect();
    }

    #[test]
    fn ten_minutes_are_the_line() {
        let said = check(
            look,
            |survey| ending(survey, "08:30", &["shop.example/wait"]),
            Outcome::Warning,
            "Pod shop/web-apps-0",
        );
        assert_eq!(
            said.headline,
            "it should be gone since 30 minutes, and a drain waits for it"
        );
        assert_eq!(
            said.evidence,
            ["a finalizer keeps it: shop.example/wait", "of Deployment shop/web"]
        );
        assert_eq!(said.remedies[0], "remove-finalizer");
        let silent = check(
            look,
            |survey| ending(survey, "08:49", &[]),
            Outcome::Warning,
            "Pod shop/web-apps-0",
        );
        assert_eq!(silent.remedies, ["force-delete-pod"]);
        passes(look, |survey| ending(survey, "08:50", &["shop.example/wait"]));
        passes(look, |survey| ending(survey, "09:10", &[]));
    }

    #[test]
    fn a_namespace_that_does_not_end_is_told() {
        let said = check(
            look,
            |survey| survey.kubernetes.ending_namespaces = Ok(vec![("old".into(), "orders remain".into())]),
            Outcome::Info,
            "Namespace old",
        );
        assert_eq!(said.evidence, ["orders remain"]);
    }

    #[test]
    fn each_part_may_be_unknown() {
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.kubernetes.ending_namespaces = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
