//! How long the version in use and the target are supported
//! (AKS docs "Supported Kubernetes versions" and "Long-term support", 2026).

use jiff::civil::Date;

use crate::domain::cluster::{Cluster, SupportPlan};
use crate::domain::subject::Subject;
use crate::domain::support::{SupportState, support_of};
use crate::domain::survey::Unread;
use crate::domain::version::KubernetesVersion;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let cluster = question.survey.azure.cluster.as_ref()?;
    let today = question.survey.taken_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let plan = &cluster.support_plan;
    let mut said: Vec<Said> = cluster
        .version
        .and_then(|current| of_current(current, plan, today))
        .into_iter()
        .collect();
    if let Some(target) = question.planned.target() {
        said.extend(of_target(target, plan, today, question.thresholds.support_end_days));
    }
    if *plan == SupportPlan::LongTermSupport {
        said.extend(pools_without_long_term_support(cluster, today));
    }
    Ok(said)
}

fn of_current(current: KubernetesVersion, plan: &SupportPlan, today: Date) -> Option<Said> {
    let support = support_of(current, plan, today);
    let since = support.ends_on.map_or(String::new(), |day| format!(" since {day}"));
    let headline = match support.state {
        SupportState::PlatformOnly => format!(
            "{current} has platform support only{since}: AKS upgrades the cluster by itself before its next minor ends"
        ),
        SupportState::OutOfSupport => {
            format!("{current} is out of support{since}: AKS does not guarantee that its upgrade works")
        }
        SupportState::Supported | SupportState::EndingSoon | SupportState::Unknown => return None,
    };
    Some(Said::new(Outcome::Warning, Subject::Cluster, headline).cured_by(&["choose-offered-version", "enable-lts"]))
}

fn of_target(target: KubernetesVersion, plan: &SupportPlan, today: Date, soon: i32) -> Option<Said> {
    let support = support_of(target, plan, today);
    let say = |outcome, headline: String| Some(Said::new(outcome, target_subject(target), headline));
    match (support.state, support.ends_on) {
        (SupportState::Unknown, _) => say(
            Outcome::Unknown,
            format!("the support calendar of this program does not know {target}"),
        ),
        (_, Some(end)) if end < today => say(Outcome::Info, format!("support of {target} ended on {end}"))
            .map(|said| said.cured_by(&["choose-offered-version", "enable-lts"])),
        (_, Some(end)) if (end - today).get_days() < soon => say(
            Outcome::Info,
            format!(
                "support of {target} ends on {end}, in {} days",
                (end - today).get_days()
            ),
        )
        .map(|said| said.cured_by(&["choose-offered-version", "enable-lts"])),
        (SupportState::OutOfSupport, None) => say(Outcome::Info, format!("{target} is out of support"))
            .map(|said| said.cured_by(&["choose-offered-version", "enable-lts"])),
        _ => None,
    }
}

/// The target is no object of the cluster; it must not be mistaken for the version in use.
fn target_subject(target: KubernetesVersion) -> Subject {
    Subject::Azure {
        kind: "Kubernetes version".to_owned(),
        name: target.to_string(),
        id: None,
    }
}

fn pools_without_long_term_support(cluster: &Cluster, today: Date) -> impl Iterator<Item = Said> {
    cluster.pools.iter().filter_map(move |pool| {
        let version = pool.version?;
        let state = support_of(version, &SupportPlan::LongTermSupport, today).state;
        (state == SupportState::OutOfSupport).then(|| {
            let headline = format!(
                "the pool runs {version}, which has no long-term support: the cluster's next long-term step is refused"
            );
            Said::new(Outcome::Blocker, Subject::pool(&pool.name), headline).cured_by(&["choose-offered-version"])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{ask_planned, check, healthy, passes, whole};

    #[test]
    fn the_version_in_use_may_be_past_its_end() {
        for (day, words) in [
            ("2026-09-01T00:00:00Z", "platform support only since 2026-07-31"),
            ("2026-11-23T00:00:00Z", "out of support since 2026-07-31"),
        ] {
            let mut survey = healthy();
            survey.azure.cluster.as_mut().unwrap().version = Some(KubernetesVersion::new(1, 33, 5));
            survey.taken_at = day.parse().unwrap();
            let said = ask_planned(look, &survey, &whole(&survey));
            assert_eq!(said[0].outcome, Outcome::Warning);
            assert!(said[0].headline.contains(words), "{}", said[0].headline);
        }
    }

    #[test]
    fn a_target_that_ends_soon_is_told() {
        let asked = |day: &str| {
            let mut survey = healthy();
            survey.taken_at = day.parse().unwrap();
            survey.azure.cluster.as_mut().unwrap().version = None;
            ask_planned(look, &survey, &whole(&survey))
        };
        assert!(asked("2027-04-01T00:00:00Z").is_empty());
        let soon = asked("2027-04-03T00:00:00Z");
        assert_eq!(soon[0].outcome, Outcome::Info);
        assert_eq!(soon[0].headline, "support of 1.36.1 ends on 2027-06-30, in 88 days");
        assert_eq!(
            asked("2027-07-01T00:00:00Z")[0].headline,
            "support of 1.36.1 ended on 2027-06-30"
        );
    }

    #[test]
    fn a_version_the_calendar_does_not_know_is_unknown() {
        let survey = healthy();
        let cluster = survey.azure.cluster.as_ref().unwrap();
        let planned = crate::preflight::question::Planned::whole(cluster, KubernetesVersion::new(1, 99, 0));
        assert_eq!(ask_planned(look, &survey, &planned)[0].outcome, Outcome::Unknown);
    }

    #[test]
    fn long_term_support_needs_all_pools() {
        passes(look, |survey| {
            survey.azure.cluster.as_mut().unwrap().support_plan = SupportPlan::LongTermSupport;
        });
        check(
            look,
            |survey| {
                let cluster = survey.azure.cluster.as_mut().unwrap();
                cluster.support_plan = SupportPlan::LongTermSupport;
                cluster.pools[2].version = Some(KubernetesVersion::new(1, 28, 5));
            },
            Outcome::Blocker,
            "node pool data",
        );
    }
}
