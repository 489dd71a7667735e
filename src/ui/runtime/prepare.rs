//! The requests of a plan, prepared before a person says yes. Sends nothing.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::super::message::Prepared;
use crate::domain::change::Change;
use crate::domain::ids::NodePoolName;
use crate::engine::handle::EngineHandle;
use crate::plan::step::Plan;
use crate::problem::Problem;

/// Prepares what can be prepared now.
pub(super) async fn prepare(engine: &EngineHandle, plan: Plan) -> Prepared {
    let questions = changes_now(&plan).into_iter().map(|change| async {
        let request = engine.preview(&change?).await;
        Some(request.map_err(Problem::from))
    });
    let requests = join_all(questions).await;
    Prepared { plan, requests }
}

/// The change of each step that is the first on its resource: what comes later depends on how Azure answers that one.
fn changes_now(plan: &Plan) -> Vec<Option<Change>> {
    let mut touched: BTreeSet<Option<&NodePoolName>> = BTreeSet::new();
    plan.steps
        .iter()
        .map(|step| {
            let change = step.kind.change(&plan.cluster)?;
            touched.insert(step.kind.pool()).then_some(change)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn only_the_first_change_of_a_resource_can_be_prepared_now() {
        let now: Vec<bool> = changes_now(&fixtures::long_plan("shop-prod"))
            .iter()
            .map(Option::is_some)
            .collect();
        // Test, control plane, settings of user, approval, system, user, wait, control plane, system, user, verify.
        assert_eq!(
            now,
            [false, true, true, false, true, false, false, false, false, false, false]
        );
    }
}
