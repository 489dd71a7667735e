//! How long the upgrade takes by a first guess, told where it is longer than a shift: then somebody else is on call when
//! it ends. The limit is the cockpit's own.

use std::time::Duration;

use crate::domain::subject::Subject;
use crate::preflight::arithmetic::duration::in_words;
use crate::preflight::checks::moving::moving;
use crate::preflight::checks::run_time::{run, time_of_pool};
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

const LONG: Duration = Duration::from_hours(8);

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let run = run(question)?;
    if run.takes.high <= LONG {
        return Ok(Vec::new());
    }
    let said = Said::new(
        Outcome::Info,
        Subject::Cluster,
        format!(
            "it takes {} to {} by estimate, until {} at the latest",
            in_words(run.takes.low),
            in_words(run.takes.high),
            run.ends().strftime("%Y-%m-%d %H:%M UTC")
        ),
    );
    if question.planned.takes.is_some() {
        return Ok(vec![said.with("estimated by the plan")]);
    }
    let mut pools = moving(question)?;
    pools.sort_by_key(|mover| std::cmp::Reverse(time_of_pool(mover).high));
    Ok(vec![pools.iter().take(5).fold(said, |said, mover| {
        let time = time_of_pool(mover);
        said.with(format!(
            "{}: {} nodes, {} at a time, {} to {}",
            Subject::pool(&mover.pool.name),
            mover.pool.count,
            mover.gain.drained,
            in_words(time.low),
            in_words(time.high)
        ))
    })])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{ask_planned, check, healthy, whole};

    #[test]
    fn a_long_upgrade_is_told_with_its_longest_pools() {
        let slow = |survey: &mut Survey| {
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
            pool.count = 70;
            pool.upgrade_settings.max_surge = Some(Share::Nodes(2));
        };
        let said = check(look, slow, Outcome::Info, "the cluster");
        assert_eq!(
            said.headline,
            "it takes 2 h 49 min to 8 h 27 min by estimate, until 2026-08-15 17:27 UTC at the latest"
        );
        assert_eq!(
            said.evidence[0],
            "node pool apps: 70 nodes, 2 at a time, 2 h 20 min to 7 h"
        );
    }

    #[test]
    fn the_plans_own_estimate_goes_first() {
        let survey = healthy();
        let mut planned = whole(&survey);
        planned.takes = Some((Duration::from_hours(2), Duration::from_hours(9)));
        planned.begins_at = Some("2026-08-16T00:00:00Z".parse().unwrap());
        let said = ask_planned(look, &survey, &planned);
        assert!(said[0].headline.ends_with("until 2026-08-16 09:00 UTC at the latest"));
        planned.takes = Some((Duration::ZERO, Duration::from_hours(4)));
        assert!(ask_planned(look, &survey, &planned).is_empty());
    }
}
