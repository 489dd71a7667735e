//! Questions and notes on top of a screen. A dialog only answers what was chosen; what follows is decided in `app.rs`.

pub(crate) mod choose_pause;
pub(crate) mod choose_upgrade;
pub(crate) mod confirm;
pub(crate) mod leave;
pub(crate) mod note;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use self::choose_pause::ChoosePause;
use self::choose_upgrade::ChooseUpgrade;
use self::confirm::{Confirm, Order};
use self::leave::Leave;
use self::note::Note;
use super::actions::ActionId;
use super::components::{Scene, inset, prose, put, split_top};
use super::measure;
use super::theme::{Role, Theme};
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::plan::builder::Intent;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    Upgrade(ChooseUpgrade),
    Pause(ChoosePause),
    Confirm(Box<Confirm>),
    Leave(Leave),
    Note(Note),
}

/// What a key did to the dialog.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It stays open.
    Stay,
    Close,
    /// A plan is wanted; it is shown before anything happens.
    Plan {
        cluster: Arc<Cluster>,
        upgrades: Arc<ClusterUpgrades>,
        intent: Intent,
    },
    /// This is wanted; it has to be confirmed.
    Ask(Order),
    /// This was confirmed.
    Approved(Order),
    LeaveCockpit,
}

impl Dialog {
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, screen: Rect) -> Outcome {
        if matches!(action, ActionId::Back | ActionId::Quit) {
            return Outcome::Close;
        }
        match self {
            Self::Upgrade(dialog) => dialog.act(action, scene),
            Self::Pause(dialog) => dialog.act(action),
            Self::Confirm(dialog) => dialog.act(action, scene, screen),
            Self::Leave(dialog) => dialog.act(action),
            Self::Note(dialog) => dialog.act(action, scene, screen),
        }
    }

    pub(crate) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        match self {
            Self::Upgrade(dialog) => dialog.view(scene, screen, buffer),
            Self::Pause(dialog) => dialog.view(scene, screen, buffer),
            Self::Confirm(dialog) => dialog.view(scene, screen, buffer),
            Self::Leave(dialog) => dialog.view(scene, screen, buffer),
            Self::Note(dialog) => dialog.view(scene, screen, buffer),
        }
    }

    /// What the footer calls an action here; `None` where it does nothing.
    pub(crate) fn title_of(&self, action: ActionId) -> Option<&'static str> {
        match (self, action) {
            (Self::Upgrade(_), ActionId::Open) => Some("review the plan"),
            (Self::Upgrade(_), ActionId::Toggle) => Some("choose pool"),
            (Self::Upgrade(_), ActionId::NextPanel) => Some("versions/pools"),
            (Self::Pause(_), ActionId::Open) => Some("review"),
            (Self::Confirm(_), ActionId::Open) => Some("press the marked button"),
            (Self::Confirm(confirm), ActionId::Yes) => confirm.can_be_approved().then_some("yes, do it"),
            (Self::Confirm(confirm), ActionId::Details) => confirm.has_bodies().then_some("whole bodies"),
            (Self::Confirm(_), ActionId::NextPanel) => Some("other button"),
            (Self::Leave(_), ActionId::Open) => Some("choose"),
            (Self::Note(_), ActionId::Open | ActionId::Back) => Some("close"),
            (_, ActionId::Back) => Some("cancel"),
            _ => None,
        }
    }
}

/// Widest dialog; longer lines are hard to read.
const WIDEST: u16 = 100;

/// The width of a dialog's text on a screen.
fn text_width(screen: Rect) -> u16 {
    screen.width.saturating_sub(8).clamp(1, WIDEST - 4)
}

/// The most rows a dialog's text can take on a screen, with `below` rows kept for buttons.
fn most_rows(screen: Rect, below: u16) -> u16 {
    screen.height.saturating_sub(4 + below)
}

/// Draws a dialog's frame for so many lines in the middle of the screen, and gives the area inside.
fn frame(screen: Rect, heading: &str, role: Role, lines: u16, theme: Theme, buffer: &mut Buffer) -> Rect {
    let width = (text_width(screen) + 4).min(screen.width);
    let height = (lines + 2).min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 3,
        width,
        height,
    };
    // A column of nothing on each side keeps the text behind apart.
    let margin = Rect {
        x: area.x.saturating_sub(1),
        width: width + 2,
        ..area
    };
    Clear.render(margin.intersection(screen), buffer);
    let heading = Line::from(vec![
        Span::raw(" "),
        theme.span(role, measure::cut(heading, width.saturating_sub(6)).into_owned()),
        Span::raw(" "),
    ]);
    let block = Block::bordered().border_style(theme.style(Role::Rule)).title(heading);
    let inside = block.inner(area);
    block.render(area, buffer);
    inset(inside, 1)
}

/// Draws laid out text with buttons below it.
fn body_and_buttons(
    text: &[Line<'static>],
    scroll: u16,
    buttons: Line<'_>,
    area: Rect,
    theme: Theme,
    buffer: &mut Buffer,
) {
    let (body, below) = split_top(area, area.height.saturating_sub(2));
    prose::draw(text, scroll, body, theme, buffer);
    let width = measure::cells(buttons.width()).min(below.width);
    put(
        buffer,
        below.right() - width,
        below.bottom().saturating_sub(1),
        width,
        buttons,
    );
}

/// Buttons in a row, the marked one standing out.
fn buttons<'a>(labels: &[(&'a str, Role)], marked: usize, theme: Theme) -> Line<'a> {
    let mut line = Line::default();
    for (at, (label, role)) in labels.iter().enumerate() {
        if at > 0 {
            line.push_span(Span::raw("  "));
        }
        // The brackets carry the mark where there is no colour.
        let (role, text) = if at == marked {
            (Role::Selected, format!("[ {label} ]"))
        } else {
            (*role, format!("  {label}  "))
        };
        line.push_span(theme.span(role, text));
    }
    line
}
