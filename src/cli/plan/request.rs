//! The exact requests of a plan, as far as they can be known before it runs. Reads Azure, sends no change.

use std::collections::BTreeSet;

use crate::domain::change::RequestPreview;
use crate::domain::ids::NodePoolName;
use crate::engine::handle::EngineHandle;
use crate::plan::step::Plan;

/// The request of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prepared {
    /// The step sends none.
    None,
    /// As it would be sent now.
    Exact(Box<RequestPreview>),
    /// It cannot be known now; says why.
    Unknown(String),
}

/// One for each step. Exact is the first request to each resource: a later one starts from what the earlier one leaves.
pub(super) async fn prepare(engine: &EngineHandle, plan: &Plan) -> Vec<Prepared> {
    let mut touched: BTreeSet<Option<NodePoolName>> = BTreeSet::new();
    let mut requests = Vec::new();
    for step in &plan.steps {
        let Some(change) = step.kind.change(&plan.cluster) else {
            requests.push(Prepared::None);
            continue;
        };
        requests.push(if touched.insert(change.pool().cloned()) {
            match engine.preview(&change).await {
                Ok(preview) => Prepared::Exact(Box::new(preview)),
                Err(error) => Prepared::Unknown(error.to_string()),
            }
        } else {
            Prepared::Unknown("it is prepared when its turn comes, from what the steps before leave".to_owned())
        });
    }
    requests
}
