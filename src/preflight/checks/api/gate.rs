//! Will AKS's gate for deprecated APIs let the upgrade pass, and when does it open?
//! (AKS docs "Stop AKS cluster upgrades automatically when there are breaking changes", 2026.)

use jiff::{SignedDuration, Timestamp};

use super::{api_subject, api_version};
use crate::domain::survey::{DeprecatedUse, Unread};
use crate::domain::version::{KubernetesVersion, MinorVersion};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::reference::GATE_WINDOW_HOURS;
use crate::preflight::wording::listed;

/// The first target the gate applies to.
const FIRST_GATED: KubernetesVersion = KubernetesVersion::new(1, 26, 0);
/// Verbs the gate does not mind.
const READS: [&str; 3] = ["get", "list", "watch"];

/// Whether a deprecated API was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Written,
    Read,
    /// The server counts no verbs for it.
    Unclear,
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.control_plane.filter(|target| *target >= FIRST_GATED) else {
        return Ok(Vec::new());
    };
    let survey = question.survey;
    let current = match &survey.azure.cluster {
        Ok(cluster) => cluster.version,
        Err(_) => survey.kubernetes.server_version.as_ref().ok().copied(),
    };
    if current.is_some_and(|current| current.minor_line() == target.minor_line()) {
        return Ok(Vec::new());
    }
    let uses = survey.kubernetes.deprecated_uses.as_ref()?;
    let forced_until = forced_until(question);
    Ok(uses
        .iter()
        .filter(|used| {
            let removed = used.removed_release.parse::<MinorVersion>();
            removed.is_ok_and(|removed| removed <= target.minor_line())
        })
        .map(|used| of_use(used, target, survey.taken_at, forced_until))
        .collect())
}

/// The end of a force upgrade that is on, which opens the gate.
fn forced_until(question: &Question<'_>) -> Option<Timestamp> {
    let cluster = question.survey.azure.cluster.as_ref().ok()?;
    cluster
        .force_upgrade_until
        .filter(|until| *until > question.survey.taken_at)
}

fn of_use(used: &DeprecatedUse, target: KubernetesVersion, now: Timestamp, forced_until: Option<Timestamp>) -> Said {
    let free_at = used
        .last_seen
        .map(|seen| seen + SignedDuration::from_hours(GATE_WINDOW_HOURS));
    let api = format!("{} of {}", used.resource, api_version(&used.group, &used.version));
    let gone = format!("gone in {}", used.removed_release);
    let (outcome, headline) = match (kind_of(used), free_at, forced_until) {
        (Use::Read, ..) => (
            Outcome::Warning,
            format!("{api} are read, but {gone}: the gate lets that pass, the reader fails after the upgrade"),
        ),
        (_, _, Some(until)) => (
            Outcome::Warning,
            format!("{api} are written, but {gone}: the gate is forced open until {until}, the writer fails after it"),
        ),
        (_, Some(free_at), _) if free_at <= now => (
            Outcome::Warning,
            format!(
                "{api} were written until {GATE_WINDOW_HOURS} hours ago or more, but {gone}: the gate is open since {free_at}"
            ),
        ),
        (Use::Unclear, ..) => (
            Outcome::Warning,
            format!("{api} are used, but {gone}: whether they are written, the server does not say"),
        ),
        (Use::Written, ..) => (
            Outcome::Blocker,
            format!(
                "{api} are written, but {gone}: AKS refuses the step to {target} if that was in the last {GATE_WINDOW_HOURS} hours"
            ),
        ),
    };
    let said = Said::new(
        outcome,
        api_subject(&used.group, &used.version, &used.resource),
        headline,
    );
    let said = Said {
        evidence: evidence(used, free_at),
        ..said
    };
    match outcome {
        Outcome::Blocker => said.cured_by(&["migrate-api", "wait-12h", "force-upgrade-api"]),
        _ => said.cured_by(&["migrate-api"]),
    }
}

fn kind_of(used: &DeprecatedUse) -> Use {
    let is_read = |verb: &String| READS.contains(&verb.to_ascii_lowercase().as_str());
    let mut seen = used.verbs.iter().filter(|(_, count)| **count > 0).peekable();
    if seen.peek().is_none() {
        return Use::Unclear;
    }
    if seen.all(|(verb, _)| is_read(verb)) {
        Use::Read
    } else {
        Use::Written
    }
}

fn evidence(used: &DeprecatedUse, free_at: Option<Timestamp>) -> Vec<String> {
    let verbs = used.verbs.iter().map(|(verb, count)| format!("{count} {verb}"));
    let requests = format!("requests since the API server started: {}", listed(verbs));
    let clients = format!("sent by {}", listed(&used.clients));
    let times = match (used.last_seen, free_at) {
        (Some(seen), Some(free_at)) => {
            format!("last seen {seen}, so the gate opens at {free_at}, or up to an hour later as AKS records hourly")
        }
        _ => "the server keeps no time of the last one; a second look shows whether the counter still grows".to_owned(),
    };
    [
        (!used.verbs.is_empty()).then_some(requests),
        (!used.clients.is_empty()).then_some(clients),
        Some(times),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{CURRENT, ask_planned, check, denied, healthy, passes};

    const API: &str = "API flowcontrol.apiserver.k8s.io/v1beta9 flowschemas";

    fn add(survey: &mut Survey, removed: &str, verbs: &[(&str, u64)], last_seen: Option<&str>) {
        survey.kubernetes.deprecated_uses.as_mut().unwrap().push(DeprecatedUse {
            group: "flowcontrol.apiserver.k8s.io".into(),
            version: "v1beta9".into(),
            resource: "flowschemas".into(),
            subresource: String::new(),
            removed_release: removed.into(),
            verbs: verbs.iter().map(|(verb, count)| ((*verb).to_owned(), *count)).collect(),
            clients: vec!["old-operator/v1".into()],
            last_seen: last_seen.map(|time| time.parse().unwrap()),
        });
    }

    #[test]
    fn writes_block_and_reads_warn() {
        let said = check(
            look,
            |survey| add(survey, "1.36", &[("PATCH", 3), ("LIST", 9)], None),
            Outcome::Blocker,
            API,
        );
        assert_eq!(said.remedies, ["migrate-api", "wait-12h", "force-upgrade-api"]);
        assert!(
            said.evidence.contains(&"sent by old-operator/v1".to_owned()),
            "{said:?}"
        );
        check(
            look,
            |survey| add(survey, "1.36", &[("LIST", 9), ("PATCH", 0)], None),
            Outcome::Warning,
            API,
        );
        let unclear = check(look, |survey| add(survey, "1.35", &[], None), Outcome::Warning, API);
        assert!(unclear.headline.contains("the server does not say"));
    }

    #[test]
    fn the_gate_opens_twelve_hours_after_the_last_write() {
        // The healthy cluster is looked at on 2026-08-15 at 09:00.
        let shut = check(
            look,
            |survey| add(survey, "1.36", &[("POST", 1)], Some("2026-08-14T21:00:01Z")),
            Outcome::Blocker,
            API,
        );
        assert!(
            shut.evidence
                .iter()
                .any(|line| line.contains("opens at 2026-08-15T09:00:01Z")),
            "{shut:?}"
        );
        check(
            look,
            |survey| add(survey, "1.36", &[("POST", 1)], Some("2026-08-14T21:00:00Z")),
            Outcome::Warning,
            API,
        );
    }

    #[test]
    fn a_forced_gate_is_open() {
        let forced = |survey: &mut Survey| {
            add(survey, "1.36", &[("POST", 1)], None);
            survey.azure.cluster.as_mut().unwrap().force_upgrade_until = Some("2026-08-16T00:00:00Z".parse().unwrap());
        };
        check(look, forced, Outcome::Warning, API);
    }

    #[test]
    fn what_stays_and_what_is_no_minor_step_pass() {
        passes(look, |survey| add(survey, "1.37", &[("POST", 1)], None));
        passes(look, |survey| add(survey, "", &[("POST", 1)], None));
        let mut survey = healthy();
        add(&mut survey, "1.36", &[("POST", 1)], None);
        let patch = Planned {
            control_plane: Some(KubernetesVersion::new(1, 35, 9)),
            ..Planned::default()
        };
        assert!(ask_planned(look, &survey, &patch).is_empty());
        assert_eq!(CURRENT.minor, 35);
    }

    #[test]
    fn without_the_metric_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.deprecated_uses = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
