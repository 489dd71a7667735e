//! The target is no preview: previews have no service level agreement.

use crate::domain::subject::Subject;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.target() else {
        return Ok(Vec::new());
    };
    let upgrades = question.survey.azure.upgrades.as_ref()?;
    let of_pools = upgrades.pools.values().flat_map(|pool| &pool.offers);
    let is_preview = upgrades
        .control_plane
        .iter()
        .chain(of_pools)
        .any(|offer| offer.version == target && offer.is_preview);
    let headline = format!("{target} is a preview: it has no service level agreement");
    Ok(is_preview
        .then(|| Said::new(Outcome::Warning, Subject::Cluster, headline).cured_by(&["choose-offered-version"]))
        .into_iter()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied};

    #[test]
    fn a_preview_is_a_warning() {
        check(
            look,
            |survey| survey.azure.upgrades.as_mut().unwrap().control_plane[0].is_preview = true,
            Outcome::Warning,
            "the cluster",
        );
        check(
            look,
            |survey| survey.azure.upgrades = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
