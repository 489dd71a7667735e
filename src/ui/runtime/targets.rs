//! Where executions that are driven elsewhere are heading, so that this cockpit counts their nodes as their drivers do.
//! A driver of this process tells the inventory by itself; nothing is said in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::target::target_of;
use crate::engine::view::ExecutionView;
use crate::progress::facts::Target;

/// What the inventory was told so far.
#[derive(Debug, Default)]
pub(super) struct Targets {
    told: BTreeMap<ClusterId, ExecutionId>,
}

impl Targets {
    /// What the inventory has to be told now: a target for each cluster on which somebody else drives, `None` once
    /// nobody does any more.
    pub(super) fn update(
        &mut self,
        known: &[Arc<ExecutionView>],
        here: &BTreeSet<ExecutionId>,
    ) -> Vec<(ClusterId, Option<Target>)> {
        let is_elsewhere =
            |view: &&Arc<ExecutionView>| view.driver.is_some() && !view.state.is_final() && !here.contains(&view.id);
        let wanted: BTreeMap<ClusterId, &Arc<ExecutionView>> = known
            .iter()
            .filter(is_elsewhere)
            .map(|view| (view.plan.cluster.clone(), view))
            .collect();
        let is_here = |cluster: &ClusterId| {
            let mut ours = known.iter().filter(|view| here.contains(&view.id));
            ours.any(|view| view.plan.cluster == *cluster)
        };
        let over = self.told.keys().filter(|cluster| !wanted.contains_key(cluster));
        let mut news: Vec<(ClusterId, Option<Target>)> = over
            .filter(|cluster| !is_here(cluster))
            .map(|cluster| (cluster.clone(), None))
            .collect();
        let begun = wanted
            .iter()
            .filter(|(cluster, view)| self.told.get(cluster) != Some(&view.id));
        news.extend(begun.map(|(cluster, view)| (cluster.clone(), Some(target_of(&view.plan)))));
        self.told = wanted
            .into_iter()
            .map(|(cluster, view)| (cluster, view.id.clone()))
            .collect();
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    #[test]
    fn what_others_drive_is_told_once_and_taken_back_when_they_leave() {
        let nothing = BTreeSet::new();
        let driven = Arc::new(ExecutionView {
            driver: Some(fixtures::colleague()),
            ..fixtures::execution("shop-prod", ExecutionState::Running)
        });
        let cluster = driven.plan.cluster.clone();
        let mut targets = Targets::default();
        let told = targets.update(&[Arc::clone(&driven)], &nothing);
        assert_eq!(told, [(cluster.clone(), Some(target_of(&driven.plan)))]);
        assert_eq!(targets.update(&[Arc::clone(&driven)], &nothing), []);
        let left = Arc::new(ExecutionView {
            driver: None,
            ..(*driven).clone()
        });
        assert_eq!(targets.update(&[Arc::clone(&left)], &nothing), [(cluster, None)]);
        assert_eq!(targets.update(&[left], &nothing), []);
    }

    #[test]
    fn a_driver_of_this_process_speaks_for_itself() {
        let driven = Arc::new(fixtures::execution("shop-prod", ExecutionState::Running));
        let here = BTreeSet::from([driven.id.clone()]);
        let mut targets = Targets::default();
        assert_eq!(targets.update(&[Arc::clone(&driven)], &here), []);
        // Taken over from elsewhere: what the driver here says stands.
        assert_eq!(targets.update(&[Arc::clone(&driven)], &BTreeSet::new()).len(), 1);
        assert_eq!(targets.update(&[driven], &here), []);
    }
}
