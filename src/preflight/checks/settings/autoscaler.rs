//! The cluster autoscaler has room, and is at rest: scaling and upgrading exclude one another
//! (AKS docs "Upgrading or scaling does not succeed", 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let scaled: Vec<Moving<'_>> = moving(question)?
        .into_iter()
        .filter(|mover| mover.pool.is_autoscaled)
        .collect();
    if scaled.is_empty() {
        return Ok(Vec::new());
    }
    let mut said = Vec::new();
    let pending = match &question.survey.kubernetes.pods {
        Ok(pods) => pods.iter().filter(|pod| pod.unschedulable.is_some()).count(),
        Err(unread) => {
            said.push(unknown(Subject::Cluster, "pods that wait for a node", unread));
            0
        }
    };
    said.extend(scaled.iter().filter_map(|mover| of_pool(mover, pending)));
    Ok(said)
}

fn of_pool(mover: &Moving<'_>, pending: usize) -> Option<Said> {
    let count = mover.pool.count;
    let (min, max) = (mover.details.min_count, mover.details.max_count);
    let subject = Subject::pool(&mover.pool.name);
    let limits = match (min, max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("from {min}"),
        (None, Some(max)) => format!("up to {max}"),
        (None, None) => return None,
    };
    if min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max) {
        return Some(
            Said::new(
                Outcome::Warning,
                subject,
                format!("{}, the autoscaler keeps it {limits}", counted(count as usize, "node")),
            )
            .cured_by(&["scale-pool-up"]),
        );
    }
    if max == Some(count) && pending > 0 {
        return Some(
            Said::new(
                Outcome::Warning,
                subject,
                format!(
                    "at its maximum of {}, and {} found no node",
                    counted(count as usize, "node"),
                    counted(pending, "pod")
                ),
            )
            .with(format!(
                "a maximum of {} leaves room while it is upgraded",
                count.saturating_add(mover.gain.nodes.max(1))
            ))
            .cured_by(&["scale-pool-up"]),
        );
    }
    (min == Some(1) && count == 1).then(|| {
        Said::new(
            Outcome::Info,
            subject,
            "at its minimum of 1 node: all its pods move at once",
        )
        .cured_by(&["scale-pool-up"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn scaled(count: u32, min: u32, max: u32) -> impl Fn(&mut Survey) {
        move |survey| {
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
            (pool.is_autoscaled, pool.count) = (true, count);
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            (pool.min_count, pool.max_count) = (Some(min), Some(max));
        }
    }

    fn with_waiting_pod(survey: &mut Survey) {
        survey.kubernetes.pods.as_mut().unwrap()[0].unschedulable = Some("no room".to_owned());
    }

    #[test]
    fn a_count_inside_its_limits_passes() {
        passes(look, scaled(9, 3, 12));
        passes(look, scaled(9, 3, 9));
        passes(look, |survey| {
            scaled(9, 3, 12)(survey);
            with_waiting_pod(survey);
        });
    }

    #[test]
    fn counts_that_leave_no_room_are_told() {
        let said = check(look, scaled(9, 3, 8), Outcome::Warning, "node pool apps");
        assert_eq!(said.headline, "9 nodes, the autoscaler keeps it between 3 and 8");
        let full = |survey: &mut Survey| {
            scaled(9, 3, 9)(survey);
            with_waiting_pod(survey);
        };
        let said = check(look, full, Outcome::Warning, "node pool apps");
        assert_eq!(said.evidence, ["a maximum of 12 leaves room while it is upgraded"]);
        check(look, scaled(1, 1, 3), Outcome::Info, "node pool apps");
    }

    #[test]
    fn unread_pods_are_unknown_only_where_something_scales() {
        passes(look, |survey| survey.kubernetes.pods = Err(denied()));
        let unread = |survey: &mut Survey| {
            scaled(9, 3, 12)(survey);
            survey.kubernetes.pods = Err(denied());
        };
        check(look, unread, Outcome::Unknown, "the cluster");
    }
}
