//! The list of actions with their keys. Says what each is for; what it does is decided in `app.rs`.

use super::{Action, ActionId, Danger, Place};

const SCREENS: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Timeline,
    Place::Help,
];
const DATA: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live];
/// Where a plan can be made or started.
const PLANNING: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live, Place::Plan];
const LISTS: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Timeline,
    Place::Help,
    Place::Dialog,
];
const SIDEWAYS: &[Place] = &[Place::Cluster, Place::Live, Place::Dialog];
/// Tab also goes from one text line to the next.
const TABS: &[Place] = &[Place::Cluster, Place::Live, Place::Plan, Place::Dialog, Place::Field];
const OPENING: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Plan,
    Place::Timeline,
    Place::Dialog,
    Place::Field,
];
const EDITING: &[Place] = &[Place::Plan];

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

const fn change(
    id: ActionId,
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    places: &'static [Place],
) -> Action {
    let mut action = view(id, name, name, help, keys, places);
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
        ActionId::Approve,
        "approve",
        "Say yes to the approval that holds the plan; your name and your reason are recorded.",
        &["Y"],
        DATA,
    ),
    change(
        ActionId::Upgrade,
        "upgrade",
        "Choose a version and pools, see the plan and its requests, then start it. On the plan: start it.",
        &["U"],
        PLANNING,
    ),
    change(
        ActionId::PauseOrResume,
        "pause",
        "Pause the upgrade (after this step, at the next node boundary, or now); resume it when it is paused.",
        &["P"],
        DATA,
    ),
    change(
        ActionId::Retry,
        "retry",
        "Send the failed step again as a new attempt; AKS goes on with the nodes that are left.",
        &["R"],
        DATA,
    ),
    change(
        ActionId::Skip,
        "skip",
        "Leave out the gate or the failed step that holds the plan; needs a reason. Approvals cannot be skipped.",
        &["K"],
        DATA,
    ),
    change(
        ActionId::Abort,
        "abort",
        "Stop the operation in Azure and end the execution; nodes that are done stay done.",
        &["A"],
        DATA,
    ),
    change(
        ActionId::Controls,
        "controls",
        "Hand the controls over to who asked for them; ask for them, or take them with a reason.",
        &["H"],
        DATA,
    ),
    view(
        ActionId::Earlier,
        "earlier",
        "earlier",
        "Move the step towards the beginning of the plan.",
        &["<"],
        EDITING,
    ),
    view(
        ActionId::Later,
        "later",
        "later",
        "Move the step towards the end of the plan.",
        &[">"],
        EDITING,
    ),
    view(
        ActionId::Add,
        "add",
        "add gate",
        "Put a gate behind the step: approval, wait, smoke test, readiness, verify.",
        &["+"],
        EDITING,
    ),
    view(
        ActionId::Remove,
        "remove",
        "remove",
        "Take the step out of the plan.",
        &["-"],
        EDITING,
    ),
    view(
        ActionId::PausePoint,
        "pause-point",
        "pause point",
        "Pause the execution when this step is done; again to take that away.",
        &["p"],
        EDITING,
    ),
    view(
        ActionId::Undo,
        "undo",
        "undo",
        "Take the last change of the plan back.",
        &["u"],
        EDITING,
    ),
    view(
        ActionId::Compare,
        "compare",
        "compare",
        "Show what differs from the plan as it was made, loaded or saved last; again to go back.",
        &["c"],
        EDITING,
    ),
    view(
        ActionId::Save,
        "save",
        "save",
        "Save the plan to a file that the command line can start too.",
        &["ctrl-s"],
        EDITING,
    ),
    view(
        ActionId::Load,
        "load",
        "load",
        "Load the plan for this cluster from a file.",
        &["ctrl-o"],
        EDITING,
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
        ActionId::EditPlan,
        "edit-plan",
        "edit plan",
        "Open the plan to change its order, gates, settings and pause points before it is started.",
        &["e"],
        &[Place::Dialog],
    ),
    view(
        ActionId::NextPanel,
        "next-panel",
        "panel",
        "Go to the next panel, tab, button or text line.",
        &["tab"],
        TABS,
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
        ActionId::Timeline,
        "timeline",
        "timeline",
        "Show who did what and when in this execution, with the request ids.",
        &["t"],
        DATA,
    ),
    view(
        ActionId::Brief,
        "brief",
        "brief",
        "Show the hand-over brief: state, blockers, the next decision, deadlines.",
        &["b"],
        &[Place::Clusters, Place::Cluster, Place::Live, Place::Timeline],
    ),
    view(
        ActionId::Details,
        "details",
        "details",
        "Show everything known about what is selected. In a question: show whole request bodies.",
        &["d"],
        &[
            Place::Clusters,
            Place::Cluster,
            Place::Live,
            Place::Timeline,
            Place::Dialog,
        ],
    ),
    movement(
        ActionId::PreviousPanel,
        "previous-panel",
        "Go to the panel, tab, button or text line before.",
        &["shift-tab"],
        TABS,
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
    movement(
        ActionId::GoToClusters,
        "screen-clusters",
        "Go to the clusters.",
        &["1"],
        SCREENS,
    ),
    movement(
        ActionId::GoToCluster,
        "screen-cluster",
        "Go to the cluster: pools, versions, what runs.",
        &["2"],
        SCREENS,
    ),
    movement(
        ActionId::GoToPlan,
        "screen-plan",
        "Go to the cluster's plan; a plan that was begun is still there.",
        &["4"],
        SCREENS,
    ),
    movement(
        ActionId::GoToNodes,
        "screen-nodes",
        "Go to the cluster's live nodes.",
        &["5"],
        SCREENS,
    ),
    movement(
        ActionId::GoToTimeline,
        "screen-timeline",
        "Go to the timeline of the cluster's execution.",
        &["7"],
        SCREENS,
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
