//! The actions of the replay; one of them leads there, two also travel in the timeline.

use super::list::{movement, view};
use super::{Action, ActionId, Place};

pub(super) const REPLAY: Action = view(
    ActionId::Replay,
    "replay",
    "replay",
    "Replay the execution: its nodes, drains and holds as they were, moment by moment.",
    &["r"],
    &[Place::Timeline],
);
pub(super) const PLAY: Action = view(
    ActionId::Play,
    "play",
    "play",
    "Let the time of the replay pass, or stop it.",
    &["space"],
    &[Place::Replay],
);
pub(super) const NEXT_MOMENT: Action = view(
    ActionId::NextMoment,
    "next-moment",
    "next moment",
    "Go to the next notable moment: a step, a hold, a pause, a failure, a repair. In the timeline: the next problem.",
    &["n"],
    &[Place::Replay, Place::Timeline],
);
pub(super) const PREVIOUS_MOMENT: Action = view(
    ActionId::PreviousMoment,
    "previous-moment",
    "moment before",
    "Go to the notable moment before. In the timeline: the problem before.",
    &["p"],
    &[Place::Replay, Place::Timeline],
);
pub(super) const NEXT_EVENT: Action = movement(
    ActionId::NextEvent,
    "next-event",
    "In a replay: go on to the next thing that happened.",
    &["right"],
    &[Place::Replay],
);
pub(super) const PREVIOUS_EVENT: Action = movement(
    ActionId::PreviousEvent,
    "previous-event",
    "In a replay: go back to the thing that happened before.",
    &["left"],
    &[Place::Replay],
);
pub(super) const FASTER: Action = view(
    ActionId::Faster,
    "faster",
    "faster",
    "Let the time of the replay pass faster, up to 1000 times.",
    &["+", "="],
    &[Place::Replay],
);
pub(super) const SLOWER: Action = view(
    ActionId::Slower,
    "slower",
    "slower",
    "Let the time of the replay pass slower.",
    &["-"],
    &[Place::Replay],
);
pub(super) const PLANNED_AND_REAL: Action = view(
    ActionId::PlannedAndReal,
    "planned-and-real",
    "planned/real",
    "Show each step as it was planned beside what came of it; again to go back to the nodes.",
    &["c"],
    &[Place::Replay],
);
pub(super) const NODE_LEFT: Action = movement(
    ActionId::NodeLeft,
    "node-left",
    "In a replay: select the node to the left.",
    &["h"],
    &[Place::Replay],
);
pub(super) const NODE_RIGHT: Action = movement(
    ActionId::NodeRight,
    "node-right",
    "In a replay: select the node to the right.",
    &["l"],
    &[Place::Replay],
);
