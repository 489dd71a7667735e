//! The help: every key of the place it was called from, then what the symbols mean. Made from the list of actions.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::{ACTIONS, Action, ActionId, Place};
use super::super::components::prose::{self, Passage};
use super::super::components::{Scene, inset, title, titled};
use super::super::keymap::Keymap;
use super::super::measure;
use super::super::theme::{Mark, Role, phase_mark};
use crate::progress::picture::NodePhase;

/// The help's state: what it explains and how far it is scrolled.
#[derive(Clone, Debug)]
pub(crate) struct HelpScreen {
    from: Place,
    is_read_only: bool,
    keymap: Arc<Keymap>,
    scroll: u16,
}

impl HelpScreen {
    pub(crate) fn new(from: Place, is_read_only: bool, keymap: Arc<Keymap>) -> Self {
        Self {
            from,
            is_read_only,
            keymap,
            scroll: 0,
        }
    }

    pub(crate) fn act(&mut self, action: ActionId, half_page: usize) {
        let lines = self.passages().len();
        self.scroll = measure::cells(super::moved(action, usize::from(self.scroll), lines, half_page));
    }

    /// Draws:
    ///
    /// ```text
    /// ─ Keys on this screen: clusters ────
    ///   enter        Open what is selected.
    ///   U            Choose a version ...   changes the world, asks first
    ///   What the symbols mean
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let heading = Line::from(title(scene.theme, &format!("Keys: {}", self.from.title()), true));
        let area = titled(area, heading, scene.theme, buffer);
        let lines = prose::lay_out(&self.passages(), area.width.saturating_sub(4), scene.theme);
        prose::draw(&lines, self.scroll, inset(area, 2), scene.theme, buffer);
    }

    fn passages(&self) -> Vec<Passage> {
        let mut out = self.keys_of(self.from);
        out.push(Passage::blank());
        out.push(Passage::new(Role::Heading, "In questions"));
        out.extend(self.keys_of(Place::Dialog));
        out.push(Passage::blank());
        out.push(Passage::new(Role::Heading, "What the symbols of nodes mean"));
        for phase in NodePhase::ALL {
            let (symbol, role) = phase_mark(phase);
            out.push(
                Passage::new(role, format!("{symbol} {:<14}", phase.as_str()))
                    .and(Role::Text, phase_help(phase))
                    .hanging(16),
            );
        }
        out.push(Passage::blank());
        out.push(Passage::new(
            Role::Heading,
            "What the symbols of clusters, steps and sources mean",
        ));
        for mark in Mark::ALL {
            let (word, text) = mark_help(mark);
            out.push(
                Passage::new(mark.role(), format!("{} {word:<14}", mark.symbol()))
                    .and(Role::Text, text)
                    .hanging(16),
            );
        }
        out
    }

    fn keys_of(&self, place: Place) -> Vec<Passage> {
        ACTIONS
            .iter()
            .filter(|action| action.places.contains(&place) && !(self.is_read_only && action.changes_the_world()))
            .filter_map(|action| line_of(action, &self.keymap))
            .collect()
    }
}

/// An action without a key has no line.
fn line_of(action: &Action, keymap: &Keymap) -> Option<Passage> {
    let keys: Vec<String> = keymap.keys_of(action.id).iter().map(ToString::to_string).collect();
    if keys.is_empty() {
        return None;
    }
    let keys = keys.join(" ");
    let line = Passage::new(Role::Key, format!("{keys:<17}"))
        .and(Role::Text, action.help)
        .hanging(17);
    Some(if action.changes_the_world() {
        line.and(Role::Attention, " Changes the world, asks first.")
    } else {
        line
    })
}

fn phase_help(phase: NodePhase) -> &'static str {
    match phase {
        NodePhase::Waiting => "not touched yet",
        NodePhase::Surge => "an extra node that exists only while the upgrade runs",
        NodePhase::Cordoned => "takes no new pods; nothing was evicted yet",
        NodePhase::Draining => "its pods are being evicted",
        NodePhase::Drained => "empty",
        NodePhase::Soaking => "empty, and AKS waits on purpose",
        NodePhase::Reimaging => "its machine is being rebuilt; the node may be gone for a while",
        NodePhase::Joining => "registered again, not ready yet",
        NodePhase::Upgraded => "runs the target",
        NodePhase::Leaving => "a surge node on its way out",
        NodePhase::Quarantined => "AKS gave up draining it and left it cordoned",
        NodePhase::Stuck => "has not moved for longer than its phase may take",
        NodePhase::Failed => "draining, deleting or rebuilding it failed",
    }
}

fn mark_help(mark: Mark) -> (&'static str, &'static str) {
    match mark {
        Mark::Failed => ("failed", "an upgrade, a step or a read failed"),
        Mark::Stuck => ("stuck", "an upgrade runs and does not move"),
        Mark::Held => ("held", "paused, waiting or stopped half-way: a person is waited for"),
        Mark::Running => ("running", "an upgrade runs"),
        Mark::Busy => ("busy", "something was asked for and has not taken hold yet"),
        Mark::Unsupported => ("out of support", "its version is no longer supported; also: mind this"),
        Mark::Behind => ("behind", "a newer version can be had; also: claim and nodes differ"),
        Mark::Off => ("stopped", "switched off, or ended"),
        Mark::Good => ("good", "up to date, ready, done"),
        Mark::Unknown => ("unknown", "cannot be seen from here"),
        Mark::Loading => ("loading", "being read for the first time"),
        Mark::Denied => ("not allowed", "the right to read it is missing"),
        Mark::Stale => ("stale", "old, because the last attempts to read it failed"),
        Mark::Pending => ("pending", "not begun yet"),
        Mark::Note => ("info", "good to know; nothing has to be done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(place: Place, is_read_only: bool) -> String {
        format!("{:?}", HelpScreen::new(place, is_read_only, Arc::default()).passages())
    }

    #[test]
    fn every_action_of_a_place_is_in_its_help() {
        for place in [Place::Clusters, Place::Cluster, Place::Live] {
            let help = text(place, false);
            for action in ACTIONS.iter().filter(|action| action.places.contains(&place)) {
                assert!(help.contains(action.help), "{} in {place:?}", action.name);
            }
        }
    }

    #[test]
    fn read_only_help_has_no_key_that_changes_the_world() {
        let help = text(Place::Live, true);
        for action in ACTIONS.iter().filter(|action| action.changes_the_world()) {
            assert!(!help.contains(action.help), "{}", action.name);
        }
    }
}
