//! The screens: each has its own small state, moves its selection, and draws itself from the scene.

pub(crate) mod brief;
pub(crate) mod causes;
mod claims;
pub(crate) mod cluster_detail;
pub(crate) mod clusters;
pub(crate) mod details;
pub(crate) mod help;
mod history_panel;
pub(crate) mod live_facts;
pub(crate) mod live_nodes;
mod looked_at;
pub(crate) mod page;
pub(crate) mod panels;
pub(crate) mod plan_editor;
mod plan_facts;
pub(crate) mod preflight;
pub(crate) mod repairs;
pub(crate) mod replay;
pub(crate) mod requests;
mod run_panel;
pub(crate) mod settings;
mod settings_panel;
pub(crate) mod timeline;
pub(crate) mod topic;
pub(crate) mod trouble;
mod versions_panel;
mod windows_panel;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::causes::CausesScreen;
use self::cluster_detail::ClusterDetail;
use self::help::HelpScreen;
use self::live_nodes::LiveNodes;
use self::page::Page;
use self::plan_editor::PlanEditor;
use self::preflight::PreflightScreen;
use self::repairs::RepairsScreen;
use self::replay::ReplayScreen;
use self::requests::RequestsScreen;
use self::settings::SettingsScreen;
use self::timeline::TimelineScreen;
use super::actions::{ActionId, Place};
use super::components::prose::{self, Passage};
use super::components::{Scene, inset};
use super::theme::{Mark, Role};
use crate::domain::ids::ClusterId;
use crate::inventory::snapshot::{LOGIN, SourceState};

/// A screen on top of the overview.
#[derive(Clone, Debug)]
pub(crate) enum Screen {
    Cluster(ClusterDetail),
    Live(LiveNodes),
    Plan(Box<PlanEditor>),
    Timeline(TimelineScreen),
    Preflight(Box<PreflightScreen>),
    Causes(CausesScreen),
    Page(Box<Page>),
    Repairs(RepairsScreen),
    Settings(SettingsScreen),
    Replay(Box<ReplayScreen>),
    Help(HelpScreen),
    Requests(Box<RequestsScreen>),
}

impl Screen {
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Cluster(_) => Place::Cluster,
            Self::Live(_) => Place::Live,
            Self::Plan(_) => Place::Plan,
            Self::Timeline(_) => Place::Timeline,
            Self::Preflight(screen) if screen.is_typing => Place::Field,
            Self::Preflight(_) => Place::Preflight,
            Self::Causes(_) => Place::Causes,
            Self::Page(_) => Place::Page,
            Self::Repairs(_) => Place::Repairs,
            Self::Settings(screen) if screen.is_typing => Place::Field,
            Self::Settings(_) => Place::Settings,
            Self::Replay(_) => Place::Replay,
            Self::Help(_) => Place::Help,
            Self::Requests(screen) if screen.is_typing => Place::Field,
            Self::Requests(_) => Place::Requests,
        }
    }

    /// True where what it shows was asked for, and can be asked for again.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Preflight(_) | Self::Causes(_) | Self::Repairs(_))
    }

    /// The cluster it is about.
    pub(crate) fn cluster(&self) -> Option<&ClusterId> {
        match self {
            Self::Cluster(screen) => Some(&screen.id),
            Self::Live(screen) => Some(&screen.id),
            Self::Plan(screen) => Some(&screen.id),
            Self::Timeline(screen) => Some(&screen.id),
            Self::Preflight(screen) => Some(&screen.id),
            Self::Causes(screen) => Some(&screen.id),
            Self::Page(screen) => Some(&screen.id),
            Self::Repairs(screen) => Some(&screen.id),
            Self::Replay(screen) => Some(&screen.id),
            Self::Settings(_) | Self::Help(_) | Self::Requests(_) => None,
        }
    }
}

impl Screen {
    /// Draws the screen, and gives the place of the cursor where text is typed.
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        match self {
            Self::Cluster(screen) => screen.view(scene, area, buffer),
            Self::Live(screen) => screen.view(scene, area, buffer),
            Self::Plan(screen) => screen.view(scene, area, buffer),
            Self::Timeline(screen) => screen.view(scene, area, buffer),
            Self::Preflight(screen) => return screen.view(scene, area, buffer),
            Self::Causes(screen) => screen.view(scene, area, buffer),
            Self::Page(screen) => screen.view(scene, area, buffer),
            Self::Repairs(screen) => screen.view(scene, area, buffer),
            Self::Settings(screen) => return screen.view(scene, area, buffer),
            Self::Replay(screen) => screen.view(scene, area, buffer),
            Self::Help(screen) => screen.view(scene, area, buffer),
            Self::Requests(screen) => return screen.view(scene, area, buffer),
        }
        None
    }
}

/// Where a movement leads in a list of `len`, with half pages of `half`.
pub(crate) fn moved(action: ActionId, from: usize, len: usize, half: usize) -> usize {
    let last = len.saturating_sub(1);
    match action {
        ActionId::Down => from + 1,
        ActionId::Up => from.saturating_sub(1),
        ActionId::HalfPageDown => from + half.max(1),
        ActionId::HalfPageUp => from.saturating_sub(half.max(1)),
        ActionId::Top => 0,
        ActionId::Bottom => last,
        _ => from,
    }
    .min(last)
}

/// What a source's state means for a panel that has nothing to show; `None` where it has been read.
pub(crate) fn source_passages(state: &SourceState, subject: &str) -> Option<Vec<Passage>> {
    let state_line = |mark: Mark, text: String| Passage::new(mark.role(), format!("{} {text}", mark.symbol()));
    let why_line = |why: &str| Passage::new(Role::Muted, "because: ").and(Role::Text, why).indented(2);
    let do_line = |what: &str| Passage::new(Role::Key, "do: ").and(Role::Text, what).indented(2);
    Some(match state {
        SourceState::NotAsked | SourceState::Loading => vec![state_line(Mark::Loading, format!("reading {subject}"))],
        // Every login that was tried has a sentence of its own.
        SourceState::Denied { right, why } if right == LOGIN => {
            let mut lines = vec![state_line(Mark::Denied, format!("not logged in to read {subject}"))];
            lines.extend(why.split("; ").map(why_line));
            lines.push(do_line("log in, for instance with: az login, then press ctrl-r"));
            lines
        }
        SourceState::Denied { right, why } => vec![
            state_line(Mark::Denied, format!("not allowed to read {subject}")),
            why_line(why),
            do_line(&format!("ask for the right {right}, then press ctrl-r")),
        ],
        SourceState::Failed { why } => vec![
            state_line(Mark::Failed, format!("{subject} could not be read")),
            why_line(why),
            do_line("press ctrl-r to try again"),
        ],
        SourceState::Unavailable { why } => vec![
            state_line(Mark::Unknown, format!("{subject} cannot be seen from here")),
            why_line(why),
        ],
        SourceState::Fresh | SourceState::Stale { .. } => return None,
    })
}

/// What stands where a cluster was that Azure no longer lists.
pub(crate) fn draw_gone(scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let gone = [Passage::new(Role::Text, "This cluster is no longer in the list.").and(Role::Muted, " esc goes back")];
    let lines = prose::lay_out(&gone, area.width, scene.theme);
    prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
}

/// The line above old data; `None` while the data is fresh.
pub(crate) fn stale_passage(state: &SourceState, subject: &str) -> Option<Passage> {
    match state {
        SourceState::Stale { why } => Some(
            Passage::new(
                Mark::Stale.role(),
                format!("{} {subject} is old: ", Mark::Stale.symbol()),
            )
            .and(Role::Text, why),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_login_every_way_to_get_one_has_its_line() {
        let state = SourceState::Denied {
            right: LOGIN.to_owned(),
            why: "no Azure login works; Azure CLI: az not found; Managed identity: no answer".to_owned(),
        };
        assert_eq!(source_passages(&state, "the clusters").unwrap().len(), 5);
    }

    #[test]
    fn movements_stay_inside_the_list() {
        assert_eq!(moved(ActionId::Down, 4, 5, 2), 4);
        assert_eq!(moved(ActionId::Up, 0, 5, 2), 0);
        assert_eq!(moved(ActionId::HalfPageDown, 1, 5, 2), 3);
        assert_eq!(moved(ActionId::HalfPageUp, 1, 5, 2), 0);
        assert_eq!(moved(ActionId::Bottom, 1, 5, 2), 4);
        assert_eq!(moved(ActionId::Bottom, 0, 0, 2), 0);
        assert_eq!(moved(ActionId::Sort, 3, 5, 2), 3);
    }
}
