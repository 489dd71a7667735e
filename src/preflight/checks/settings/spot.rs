//! Spot pools get no surge nodes and no drain, only the notice of eviction; AKS advises to upgrade them on their own
//! (AKS docs "Add an Azure Spot node pool", 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    read(&question.survey.azure.cluster, "the cluster in Azure")?;
    Ok(question
        .moving_pools()
        .filter(|pool| pool.is_spot)
        .map(|pool| {
            let said = Said::new(
                Outcome::Info,
                Subject::pool(&pool.name),
                format!(
                    "a spot pool of {} nodes: no surge nodes and no drain, pods are lost suddenly",
                    pool.count
                ),
            );
            if question.planned.control_plane.is_some() {
                said.with("control plane and spot pools are to be upgraded apart from one another")
            } else {
                said
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::check;

    #[test]
    fn spot_pools_are_told() {
        let spot = |survey: &mut Survey| survey.azure.cluster.as_mut().unwrap().pools[1].is_spot = true;
        let said = check(look, spot, Outcome::Info, "node pool apps");
        assert_eq!(said.evidence.len(), 1);
    }
}
