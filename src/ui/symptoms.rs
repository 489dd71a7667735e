//! The errors that the pictures hold, in the form the diagnosis takes them: what our execution got, what Azure keeps.

use crate::diagnosis::symptoms::ErrorSymptom;
use crate::domain::subject::Subject;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::ClusterSnapshot;

/// Errors that are known before a survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownErrors {
    /// Of the steps of our execution that failed, or that Azure has already said something bad of.
    pub(crate) of_execution: Vec<ErrorSymptom>,
    /// What Azure keeps on the pools and on the cluster.
    pub(crate) of_azure: Vec<ErrorSymptom>,
}

impl KnownErrors {
    /// `execution` is the one that is not over.
    pub(crate) fn of(snapshot: &ClusterSnapshot, execution: Option<&ExecutionView>) -> Self {
        let of_execution = execution
            .into_iter()
            .flat_map(ExecutionView::errors)
            .map(|(pool, error, at)| ErrorSymptom::of_step(pool, error, at));
        let of_azure = snapshot.cluster.value.iter().flat_map(|cluster| {
            let pools = cluster.pools.iter();
            let of_pools = pools.filter_map(|pool| Some((Subject::pool(&pool.name), pool.error.as_ref()?)));
            of_pools.chain(cluster.error.iter().map(|error| (Subject::Cluster, error)))
        });
        Self {
            of_execution: of_execution.collect(),
            of_azure: of_azure
                .map(|(subject, error)| ErrorSymptom {
                    subject,
                    error: error.clone(),
                    at: None,
                    is_refusal: false,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    #[test]
    fn what_the_execution_got_and_what_azure_keeps_are_told_apart() {
        let fleet = fixtures::story();
        let failed = fleet.clusters.iter().find(|cluster| cluster.id.name() == "shop-test");
        let execution = fixtures::execution("shop-test", ExecutionState::Failed);
        let known = KnownErrors::of(failed.unwrap(), Some(&execution));
        let subjects =
            |errors: &[ErrorSymptom]| -> Vec<String> { errors.iter().map(|error| error.subject.to_string()).collect() };
        assert_eq!(subjects(&known.of_execution), ["node pool system"]);
        assert_eq!(subjects(&known.of_azure), ["node pool user"]);
    }
}
