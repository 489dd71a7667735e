//! How every follower stands, joined into one state per kind; told only when it changes.

use std::collections::BTreeMap;

use super::{WatchState, WatchUpdate, Watched};
use crate::domain::ids::NodeName;

/// Which follower speaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Nodes,
    Budgets,
    /// Events about nodes.
    NodeEvents,
    /// The upgrader's events about anything else, such as the start of a pool.
    PoolEvents,
    /// `turn` tells this follower from an earlier one for the same node.
    Pods {
        node: NodeName,
        turn: u64,
    },
}

impl Source {
    fn watched(&self) -> Watched {
        match self {
            Self::Nodes => Watched::Nodes,
            Self::Budgets => Watched::Budgets,
            Self::NodeEvents | Self::PoolEvents => Watched::Events,
            Self::Pods { .. } => Watched::Pods,
        }
    }
}

/// How every follower stands, and what was last told about each kind.
#[derive(Debug, Default)]
pub(super) struct States {
    of: BTreeMap<Source, WatchState>,
    told: BTreeMap<Watched, WatchState>,
}

impl States {
    pub(super) fn set(&mut self, source: Source, state: WatchState) -> Option<WatchUpdate> {
        let watched = source.watched();
        self.of.insert(source, state);
        self.tell(watched)
    }

    pub(super) fn forget(&mut self, source: &Source) -> Option<WatchUpdate> {
        self.of.remove(source);
        self.tell(source.watched())
    }

    /// The state of one kind, where it is not what was told last. A kind with nothing to watch is live.
    fn tell(&mut self, watched: Watched) -> Option<WatchUpdate> {
        let state = self
            .of
            .iter()
            .filter(|(source, _)| source.watched() == watched)
            .map(|(_, state)| state)
            .max_by_key(|state| severity(state))
            .cloned()
            .unwrap_or(WatchState::Live);
        let is_news = self.told.insert(watched, state.clone()).as_ref() != Some(&state);
        is_news.then_some(WatchUpdate::State { watched, state })
    }
}

fn severity(state: &WatchState) -> u8 {
    match state {
        WatchState::Live => 0,
        WatchState::Connecting => 1,
        WatchState::Broken { .. } => 2,
        WatchState::Denied { .. } => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(update: Option<WatchUpdate>) -> String {
        match update {
            Some(WatchUpdate::State { watched, state }) => format!("{watched:?} {state:?}"),
            Some(other) => panic!("{other:?}"),
            None => "nothing".into(),
        }
    }

    #[test]
    fn the_worst_state_of_a_kind_is_told_once() {
        let mut states = States::default();
        let broken = WatchState::Broken {
            why: "gone".into(),
            retry_in: std::time::Duration::ZERO,
        };
        let mut check = |source: Source, state: WatchState, expected: &str| {
            assert_eq!(shown(states.set(source, state)), expected);
        };
        check(Source::NodeEvents, WatchState::Connecting, "Events Connecting");
        check(Source::PoolEvents, WatchState::Connecting, "nothing");
        check(Source::NodeEvents, WatchState::Live, "nothing");
        check(Source::PoolEvents, WatchState::Live, "Events Live");
        check(Source::Nodes, WatchState::Live, "Nodes Live");
        check(
            Source::PoolEvents,
            broken,
            "Events Broken { why: \"gone\", retry_in: 0ns }",
        );
        check(Source::NodeEvents, WatchState::Live, "nothing");
        check(Source::PoolEvents, WatchState::Live, "Events Live");
    }

    #[test]
    fn a_kind_with_nothing_left_to_watch_is_live() {
        let mut states = States::default();
        let source = Source::Pods {
            node: NodeName::new("n"),
            turn: 1,
        };
        assert_eq!(
            shown(states.set(source.clone(), WatchState::Connecting)),
            "Pods Connecting"
        );
        assert_eq!(shown(states.forget(&source)), "Pods Live");
    }
}
