//! Every action a person has, once: the keymap, the footer and the help are made from this list.

mod list;
mod places;
mod replaying;
mod session;

pub(crate) use list::ACTIONS;

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Clusters,
    Cluster,
    Live,
    Plan,
    Timeline,
    /// The checks before an upgrade, and what differs after it.
    Preflight,
    /// Why an upgrade is stuck or failed.
    Causes,
    /// The page of a finding or a cause.
    Page,
    /// The repairs made on a cluster.
    Repairs,
    /// Every setting with its value and origin.
    Settings,
    /// An execution as it was.
    Replay,
    Help,
    /// Every request this session made.
    Requests,
    /// A question on top of a screen.
    Dialog,
    /// A line of text is being typed; other keys are text.
    Field,
}

impl Place {
    pub(crate) const ALL: [Self; 15] = [
        Self::Clusters,
        Self::Cluster,
        Self::Live,
        Self::Plan,
        Self::Timeline,
        Self::Preflight,
        Self::Causes,
        Self::Page,
        Self::Repairs,
        Self::Settings,
        Self::Replay,
        Self::Help,
        Self::Requests,
        Self::Dialog,
        Self::Field,
    ];

    /// For headings: what this place is called.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Cluster => "cluster",
            Self::Live => "live nodes",
            Self::Plan => "plan",
            Self::Timeline => "timeline",
            Self::Preflight => "checks",
            Self::Causes => "why",
            Self::Page => "page",
            Self::Repairs => "repairs",
            Self::Settings => "settings",
            Self::Replay => "replay",
            Self::Help => "help",
            Self::Requests => "requests",
            Self::Dialog => "questions",
            Self::Field => "text lines",
        }
    }
}

/// Names an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ActionId {
    Open,
    Upgrade,
    PauseOrResume,
    Retry,
    Abort,
    Approve,
    Skip,
    Controls,
    Why,
    Mend,
    TakeBack,
    Repairs,
    Checks,
    Guide,
    EditPlan,
    Earlier,
    Later,
    Add,
    Remove,
    PausePoint,
    Undo,
    Compare,
    Save,
    Load,
    Brief,
    Timeline,
    Filter,
    Sort,
    SwitchView,
    NextPanel,
    PreviousPanel,
    Events,
    Details,
    Refresh,
    Down,
    Up,
    Left,
    Right,
    Top,
    Bottom,
    HalfPageDown,
    HalfPageUp,
    Toggle,
    Yes,
    GoToClusters,
    GoToCluster,
    GoToChecks,
    GoToPlan,
    GoToNodes,
    GoToTimeline,
    Requests,
    CopyCommand,
    Help,
    Back,
    Quit,
    Leave,
    NextView,
    GoToSettings,
    Suspend,
    Reverse,
    Fold,
    Zoom,
    Replay,
    Play,
    NextEvent,
    PreviousEvent,
    NextMoment,
    PreviousMoment,
    Faster,
    Slower,
    PlannedAndReal,
    NodeLeft,
    NodeRight,
}

/// What an action can do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Danger {
    /// Changes only what is on the screen.
    None,
    /// Changes a cluster; asks first, and is absent in read-only mode.
    ChangesTheWorld,
}

/// One action.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) id: ActionId,
    /// Stable, for settings.
    pub(crate) name: &'static str,
    /// For the footer: one or two words.
    pub(crate) title: &'static str,
    /// For the help: one sentence.
    pub(crate) help: &'static str,
    /// Default keys; the first is the one that is shown.
    pub(crate) keys: &'static [&'static str],
    pub(crate) places: &'static [Place],
    pub(crate) danger: Danger,
    /// Places in the footer: the more telling ones come first in the list.
    pub(crate) is_in_footer: bool,
}

impl Action {
    /// The entry of an id.
    pub(crate) fn of(id: ActionId) -> &'static Self {
        ACTIONS
            .iter()
            .find(|action| action.id == id)
            .expect("every id has an entry, as a test proves")
    }

    pub(crate) fn changes_the_world(&self) -> bool {
        self.danger == Danger::ChangesTheWorld
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::keymap::{Key, Keymap};
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_every_entry_can_be_reached() {
        let names: BTreeSet<&str> = ACTIONS.iter().map(|action| action.name).collect();
        assert_eq!(names.len(), ACTIONS.len());
        let keymap = Keymap::of_defaults();
        for action in ACTIONS {
            assert!(!action.places.is_empty(), "{}", action.name);
            assert_eq!(Action::of(action.id).name, action.name, "two entries share an id");
            for (key, place) in action
                .keys
                .iter()
                .flat_map(|key| action.places.iter().map(move |place| (key, place)))
            {
                assert_eq!(
                    keymap.action(*place, Key::parse(key).unwrap()),
                    Some(action.id),
                    "{key}"
                );
            }
            assert!(action.help.ends_with('.') && action.help.len() < 130, "{}", action.name);
        }
    }

    #[test]
    fn capitals_change_the_world_and_small_letters_never_do() {
        for action in ACTIONS {
            for key in action.keys {
                let is_capital = key.len() == 1 && key.chars().all(char::is_uppercase);
                let is_movement = action.id == ActionId::Bottom;
                assert_eq!(
                    is_capital && !is_movement,
                    action.changes_the_world(),
                    "{key} is {}",
                    action.name
                );
            }
        }
    }

    /// The table between the marks in the README.
    fn markdown_table() -> String {
        let mut table = "| key | does | where |\n|---|---|---|\n".to_owned();
        for action in ACTIONS {
            let keys: Vec<String> = action.keys.iter().map(|key| format!("`{key}`")).collect();
            let places: Vec<&str> = action.places.iter().map(|place| place.title()).collect();
            let is_screen = |place: &Place| !matches!(place, Place::Dialog | Place::Field);
            let screens = Place::ALL.iter().filter(|place| is_screen(place)).count();
            let places = if places.len() >= Place::ALL.len() - 1 {
                "everywhere".to_owned()
            } else if places.len() == screens && action.places.iter().all(is_screen) {
                "all screens".to_owned()
            } else {
                places.join(", ")
            };
            table.push_str(&format!("| {} | {} | {places} |\n", keys.join(" "), action.help));
        }
        table
    }

    #[test]
    fn the_readme_lists_these_keys() {
        let readme = include_str!("../../README.md");
        let between = readme
            .split_once("a test -->\n")
            .and_then(|(_, rest)| rest.split_once("<!-- keys end -->"))
            .map(|(table, _)| table);
        assert_eq!(
            between,
            Some(markdown_table().as_str()),
            "put this into the README:\n{}",
            markdown_table()
        );
    }
}
