//! Pools stay within the allowed distance of the control plane: when it moves, and afterwards
//! (AKS docs "Upgrade an AKS cluster control plane", 2026).

use crate::domain::node_pool::NodePool;
use crate::domain::subject::Subject;
use crate::domain::survey::Unread;
use crate::domain::upgrade_path::allowed_skew;
use crate::domain::version::KubernetesVersion;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let cluster = question.survey.azure.cluster.as_ref()?;
    let Some(current) = cluster.version else {
        let headline = "Azure does not say which version the control plane runs";
        return Ok(vec![Said::new(Outcome::Unknown, Subject::Cluster, headline)]);
    };
    let target = question.planned.control_plane.unwrap_or(current);
    let pools = cluster.pools.iter();
    Ok(pools
        .filter_map(|pool| of_pool(question, pool, current, target))
        .collect())
}

fn of_pool(
    question: &Question<'_>,
    pool: &NodePool,
    current: KubernetesVersion,
    target: KubernetesVersion,
) -> Option<Said> {
    let say = |outcome, headline: String, remedies: &[&str]| {
        Some(Said::new(outcome, Subject::pool(&pool.name), headline).cured_by(remedies))
    };
    let Some(now) = pool.version else {
        return say(
            Outcome::Unknown,
            "Azure does not say which version the pool runs".to_owned(),
            &[],
        );
    };
    let afterwards = question.version_afterwards(pool).unwrap_or(now);
    if afterwards > target {
        let headline = format!("{afterwards} would be newer than the control plane's {target}");
        return say(Outcome::Blocker, headline, &["choose-offered-version"]);
    }
    let met = control_plane_it_meets(question, current, target, afterwards > now);
    let allowed = allowed_skew(met);
    let behind = met.minors_ahead_of(now);
    if behind > allowed {
        let headline =
            format!("the pool runs {now}, {behind} minors behind {met}: AKS allows {allowed} and refuses the step");
        return say(Outcome::Blocker, headline, &["upgrade-lagging-pools"]);
    }
    let left_behind = target.minors_ahead_of(afterwards);
    (target != current && left_behind == allowed_skew(target)).then_some(())?;
    let headline =
        format!("the pool stays at {afterwards}, {left_behind} minors behind {target}: the step after is not allowed");
    say(Outcome::Warning, headline, &["upgrade-lagging-pools"])
}

/// The control plane the pool has to live with before it moves itself: on a way of several steps a pool that moves
/// follows at each, so only the first one counts.
fn control_plane_it_meets(
    question: &Question<'_>,
    current: KubernetesVersion,
    target: KubernetesVersion,
    moves: bool,
) -> KubernetesVersion {
    let is_one_step = question.survey.azure.upgrades.as_ref().is_ok_and(|upgrades| {
        let offers = &upgrades.control_plane;
        offers.iter().any(|offer| offer.version == target)
    });
    if is_one_step || !moves || target.minors_ahead_of(current) <= 1 {
        target
    } else {
        KubernetesVersion::new(current.major, current.minor + 1, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{TARGET, ask_planned, check, healthy, whole};

    /// The pool `apps` at a version, going to another or staying, below a control plane that goes to the target.
    fn asked(pool: &str, to: Option<&str>) -> Vec<(Outcome, String)> {
        let mut survey: Survey = healthy();
        let mut planned = whole(&survey);
        let pools = &mut survey.azure.cluster.as_mut().unwrap().pools;
        pools[1].version = Some(pool.parse().unwrap());
        planned.pools.remove(&pools[1].name);
        if let Some(to) = to {
            planned.pools.insert("apps".into(), Some(to.parse().unwrap()));
        }
        let said = ask_planned(look, &survey, &planned);
        said.into_iter().map(|said| (said.outcome, said.headline)).collect()
    }

    #[test]
    fn three_minors_are_allowed_and_the_third_is_the_last() {
        let outcome = |pool, to| asked(pool, to).first().map(|(outcome, _)| *outcome);
        assert_eq!(outcome("1.35.3", Some("1.36.1")), None);
        assert_eq!(outcome("1.34.1", None), None);
        assert_eq!(outcome("1.33.1", Some("1.36.1")), None);
        assert_eq!(outcome("1.33.1", None), Some(Outcome::Warning));
        assert_eq!(outcome("1.32.9", None), Some(Outcome::Blocker));
        assert_eq!(outcome("1.32.9", Some("1.36.1")), Some(Outcome::Blocker));
        assert_eq!(outcome("1.35.3", Some("1.36.2")), Some(Outcome::Blocker));
    }

    #[test]
    fn the_words_name_the_numbers() {
        assert_eq!(
            asked("1.32.9", None)[0].1,
            "the pool runs 1.32.9, 4 minors behind 1.36.1: AKS allows 3 and refuses the step"
        );
    }

    #[test]
    fn a_pool_that_follows_each_step_is_not_left_behind() {
        let survey = healthy();
        let cluster = survey.azure.cluster.as_ref().unwrap();
        let far = Planned::whole(cluster, KubernetesVersion::new(1, 39, 0));
        assert!(ask_planned(look, &survey, &far).is_empty());
    }

    #[test]
    fn a_pool_alone_may_not_overtake() {
        let survey = healthy();
        let alone = Planned {
            pools: [("apps".into(), Some(TARGET))].into(),
            ..Planned::default()
        };
        assert_eq!(ask_planned(look, &survey, &alone)[0].outcome, Outcome::Blocker);
    }

    #[test]
    fn a_pool_without_a_version_is_unknown() {
        // The plan moves it all the same: from where, nobody knows.
        check(
            look,
            |survey| survey.azure.cluster.as_mut().unwrap().pools[1].version = None,
            Outcome::Unknown,
            "node pool apps",
        );
    }
}
