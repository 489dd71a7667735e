//! Every action a person has, once: the keymap, the footer and the help are made from this list.

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Clusters,
    Cluster,
    Live,
    Help,
    /// A question on top of a screen.
    Dialog,
    /// A line of text is being typed; other keys are text.
    Field,
}

impl Place {
    pub(crate) const ALL: [Self; 6] = [
        Self::Clusters,
        Self::Cluster,
        Self::Live,
        Self::Help,
        Self::Dialog,
        Self::Field,
    ];

    /// For headings: what this place is called.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Cluster => "cluster",
            Self::Live => "live nodes",
            Self::Help => "help",
            Self::Dialog => "questions",
            Self::Field => "filter line",
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
    Help,
    Back,
    Quit,
    Leave,
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

const SCREENS: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live, Place::Help];
const DATA: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live];
const LISTS: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live, Place::Help, Place::Dialog];
const SIDEWAYS: &[Place] = &[Place::Cluster, Place::Live, Place::Dialog];
const OPENING: &[Place] = &[Place::Clusters, Place::Cluster, Place::Dialog, Place::Field];

const fn view(
    id: ActionId,
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    places: &'static [Place],
) -> Action {
    Action {
        id,
        name,
        title,
        help,
        keys,
        places,
        danger: Danger::None,
        is_in_footer: true,
    }
}

/// A movement: known to everybody's fingers, so only the help lists it.
const fn movement(
    id: ActionId,
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    places: &'static [Place],
) -> Action {
    let mut action = view(id, name, name, help, keys, places);
    action.is_in_footer = false;
    action
}

const fn change(id: ActionId, name: &'static str, help: &'static str, keys: &'static [&'static str]) -> Action {
    let mut action = view(id, name, name, help, keys, DATA);
    action.danger = Danger::ChangesTheWorld;
    action
}

/// All actions, in the order in which the footer and the help show them.
pub(crate) const ACTIONS: &[Action] = &[
    view(
        ActionId::Open,
        "open",
        "open",
        "Open what is selected; a running upgrade opens at its nodes. In a question: press the marked button.",
        &["enter"],
        OPENING,
    ),
    change(
        ActionId::Upgrade,
        "upgrade",
        "Choose a version and pools, see the plan and its requests, then start it.",
        &["U"],
    ),
    change(
        ActionId::PauseOrResume,
        "pause",
        "Pause the upgrade (after this step, at the next node boundary, or now); resume it when it is paused.",
        &["P"],
    ),
    change(
        ActionId::Retry,
        "retry",
        "Send the failed step again as a new attempt; AKS goes on with the nodes that are left.",
        &["R"],
    ),
    change(
        ActionId::Abort,
        "abort",
        "Stop the operation in Azure and end the execution; nodes that are done stay done.",
        &["A"],
    ),
    view(
        ActionId::Yes,
        "yes",
        "yes",
        "Say yes to the question.",
        &["y"],
        &[Place::Dialog],
    ),
    view(
        ActionId::Toggle,
        "toggle",
        "choose pool",
        "Take the marked node pool in, or leave it out.",
        &["space"],
        &[Place::Dialog],
    ),
    view(
        ActionId::NextPanel,
        "next-panel",
        "panel",
        "Go to the next panel or tab.",
        &["tab"],
        SIDEWAYS,
    ),
    view(
        ActionId::SwitchView,
        "view",
        "grid/table",
        "Switch between the grid, a cell for each node, and the table.",
        &["v"],
        &[Place::Live],
    ),
    view(
        ActionId::Filter,
        "filter",
        "filter",
        "Show matching clusters only: words, !not, field=value (name, group, subscription, location, version, state, pool).",
        &["/"],
        &[Place::Clusters],
    ),
    view(
        ActionId::Sort,
        "sort",
        "sort",
        "Sort by the next column; worst first is where it starts.",
        &["s"],
        &[Place::Clusters, Place::Live],
    ),
    view(
        ActionId::Events,
        "events",
        "events",
        "Show what the upgrader and the nodes said, newest first; again to go back.",
        &["e"],
        &[Place::Cluster, Place::Live],
    ),
    view(
        ActionId::Details,
        "details",
        "details",
        "Show everything known about what is selected. In a question: show whole request bodies.",
        &["d"],
        &[Place::Clusters, Place::Cluster, Place::Live, Place::Dialog],
    ),
    movement(
        ActionId::PreviousPanel,
        "previous-panel",
        "Go to the panel or tab before.",
        &["shift-tab"],
        SIDEWAYS,
    ),
    view(
        ActionId::Refresh,
        "refresh",
        "refresh",
        "Read again from Azure now.",
        &["ctrl-r"],
        DATA,
    ),
    movement(ActionId::Down, "down", "Move down.", &["j", "down"], LISTS),
    movement(ActionId::Up, "up", "Move up.", &["k", "up"], LISTS),
    movement(
        ActionId::Left,
        "left",
        "Move left, or to the tab before.",
        &["h", "left"],
        SIDEWAYS,
    ),
    movement(
        ActionId::Right,
        "right",
        "Move right, or to the next tab.",
        &["l", "right"],
        SIDEWAYS,
    ),
    movement(ActionId::Top, "top", "Go to the first one.", &["g", "home"], LISTS),
    movement(ActionId::Bottom, "bottom", "Go to the last one.", &["G", "end"], LISTS),
    movement(
        ActionId::HalfPageDown,
        "half-page-down",
        "Move down half a page.",
        &["ctrl-d", "pagedown"],
        LISTS,
    ),
    movement(
        ActionId::HalfPageUp,
        "half-page-up",
        "Move up half a page.",
        &["ctrl-u", "pageup"],
        LISTS,
    ),
    view(ActionId::Help, "help", "help", "Show this page.", &["?"], SCREENS),
    view(
        ActionId::Back,
        "back",
        "back",
        "Go back; in a question: cancel; in the filter line: clear it.",
        &["esc"],
        &Place::ALL,
    ),
    view(
        ActionId::Quit,
        "quit",
        "leave",
        "Go back; at the top, leave the cockpit. Asks when an upgrade is driven from here.",
        &["q"],
        LISTS,
    ),
    movement(
        ActionId::Leave,
        "leave",
        "Leave the cockpit from anywhere. Asks when an upgrade is driven from here.",
        &["ctrl-c"],
        &Place::ALL,
    ),
];

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
            let places = if places.len() >= Place::ALL.len() - 1 {
                "everywhere".to_owned()
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
