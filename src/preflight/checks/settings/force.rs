//! Nobody left the force upgrade switched on: it ignores budgets and AKS's gates (AKS docs "Upgrade options", 2026).

use jiff::Timestamp;

use crate::domain::subject::Subject;
use crate::preflight::checks::moving::cluster_and_details;
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let now = question.survey.taken_at;
    let is_ahead = |until: Option<Timestamp>| until.is_none_or(|until| until > now);
    let until = match (details.force_upgrade, cluster.force_upgrade_until) {
        (Some((true, until)), _) => until,
        (None, Some(until)) => Some(until),
        _ => return Ok(Vec::new()),
    };
    if !is_ahead(until) {
        return Ok(Vec::new());
    }
    let end = match until {
        Some(until) => format!("until {}", until.strftime("%Y-%m-%d %H:%M UTC")),
        None => "without an end".to_owned(),
    };
    Ok(vec![
        Said::new(
            Outcome::Warning,
            Subject::Cluster,
            format!("force upgrade is on {end}: budgets, removed APIs and undrainable nodes hold nothing back"),
        )
        .cured_by(&["force-upgrade"]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, passes};

    fn forced(is_on: bool, until: Option<&str>) -> impl FnOnce(&mut Survey) {
        let until = until.map(|text| text.parse().unwrap());
        move |survey| survey.azure.details.as_mut().unwrap().force_upgrade = Some((is_on, until))
    }

    #[test]
    fn it_counts_until_its_end() {
        check(
            look,
            forced(true, Some("2026-08-15T10:00:00Z")),
            Outcome::Warning,
            "the cluster",
        );
        check(look, forced(true, None), Outcome::Warning, "the cluster");
        passes(look, forced(true, Some("2026-08-15T08:00:00Z")));
        passes(look, forced(false, None));
        let of_cluster = |survey: &mut Survey| {
            let until = "2026-08-15T10:00:00Z".parse().unwrap();
            survey.azure.cluster.as_mut().unwrap().force_upgrade_until = Some(until);
        };
        check(look, of_cluster, Outcome::Warning, "the cluster");
    }
}
