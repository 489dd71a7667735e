//! Questions and notes on top of a screen. A dialog only answers what was chosen; what follows is decided in `app.rs`.

pub(crate) mod add_gate;
pub(crate) mod approval;
pub(crate) mod choose_controls;
pub(crate) mod choose_pause;
pub(crate) mod choose_remedy;
pub(crate) mod choose_upgrade;
pub(crate) mod confirm;
pub(crate) mod confirm_repair;
pub(crate) mod file_name;
pub(crate) mod foreign;
mod form;
pub(crate) mod give_reason;
pub(crate) mod leave;
pub(crate) mod note;
pub(crate) mod order;
mod order_words;
pub(crate) mod pool_settings;
mod start_checks;
pub(crate) mod type_word;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use self::add_gate::AddGate;
use self::approval::Approval;
use self::choose_controls::ChooseControls;
use self::choose_pause::ChoosePause;
use self::choose_remedy::ChooseRemedy;
use self::choose_upgrade::ChooseUpgrade;
use self::confirm::Confirm;
use self::confirm_repair::ConfirmRepair;
use self::file_name::FileName;
use self::foreign::Foreign;
use self::form::Form;
use self::give_reason::GiveReason;
use self::leave::Leave;
use self::note::Note;
use self::order::Order;
use self::pool_settings::PoolSettings;
use self::type_word::TypeWord;
use super::actions::ActionId;
use super::command::Ailment;
use super::components::prose::Passage;
use super::components::text_field::TextField;
use super::components::{Scene, inset, prose, put, split_top};
use super::drafting::PlanFacts;
use super::measure;
use super::theme::{CURSOR, Role, Theme};
use crate::plan::builder::Intent;
use crate::plan::edit::Edit;
use crate::plan::step::Plan;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    Upgrade(ChooseUpgrade),
    Pause(ChoosePause),
    Confirm(Box<Confirm>),
    Foreign(Foreign),
    Controls(ChooseControls),
    Reason(GiveReason),
    Gate(AddGate),
    Settings(PoolSettings),
    File(FileName),
    Remedy(ChooseRemedy),
    Repair(Box<ConfirmRepair>),
    Word(TypeWord),
    Leave(Leave),
    Note(Note),
}

/// What a key did to the dialog.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It stays open.
    Stay,
    Close,
    /// Another question takes its place.
    Next(Box<Dialog>),
    /// A plan is wanted; it is shown before anything happens.
    Plan {
        facts: PlanFacts,
        intent: Intent,
    },
    /// A plan is wanted in the editor.
    Edit {
        facts: PlanFacts,
        intent: Intent,
    },
    /// This plan is wanted in the editor.
    EditPlan(Box<Plan>),
    /// The plan in the editor is to be changed.
    Change(Edit),
    Save(String),
    Load(String),
    /// This is wanted; it has to be confirmed.
    Ask(Order),
    /// This was confirmed; it may take a typed word more.
    Approved(Box<Approval>),
    /// This was confirmed, and the word was typed.
    Sure(Box<Approval>),
    /// This remedy is wanted; it is shown before anything happens.
    Mend {
        remedy: String,
        ailment: Box<Ailment>,
    },
    LeaveCockpit,
    /// A background process goes on with what is driven here.
    HandToBackground,
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
            Self::Foreign(dialog) => dialog.act(action),
            Self::Controls(dialog) => dialog.act(action),
            Self::Reason(dialog) => dialog.act(action),
            Self::Gate(dialog) => dialog.act(action, scene),
            Self::Settings(dialog) => dialog.act(action),
            Self::File(dialog) => dialog.act(action),
            Self::Remedy(dialog) => dialog.act(action),
            Self::Repair(dialog) => dialog.act(action, scene, screen),
            Self::Word(dialog) => dialog.act(action),
            Self::Leave(dialog) => dialog.act(action),
            Self::Note(dialog) => dialog.act(action, scene, screen),
        }
    }

    /// Draws the dialog, and gives the place of the cursor where text is typed.
    pub(crate) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
        match self {
            Self::Upgrade(dialog) => dialog.view(scene, screen, buffer),
            Self::Pause(dialog) => dialog.view(scene, screen, buffer),
            Self::Confirm(dialog) => dialog.view(scene, screen, buffer),
            Self::Foreign(dialog) => dialog.view(scene, screen, buffer),
            Self::Controls(dialog) => dialog.view(scene, screen, buffer),
            Self::Reason(dialog) => return Some(dialog.view(scene, screen, buffer)),
            Self::Gate(dialog) => return dialog.view(scene, screen, buffer),
            Self::Settings(dialog) => return Some(dialog.view(scene, screen, buffer)),
            Self::File(dialog) => return Some(dialog.view(scene, screen, buffer)),
            Self::Remedy(dialog) => dialog.view(scene, screen, buffer),
            Self::Repair(dialog) => dialog.view(scene, screen, buffer),
            Self::Word(dialog) => return Some(dialog.view(scene, screen, buffer)),
            Self::Leave(dialog) => dialog.view(scene, screen, buffer),
            Self::Note(dialog) => dialog.view(scene, screen, buffer),
        }
        None
    }

    fn form(&mut self) -> Option<&mut Form> {
        match self {
            Self::Reason(dialog) => Some(&mut dialog.form),
            Self::Gate(dialog) => dialog.form(),
            Self::Settings(dialog) => Some(&mut dialog.form),
            Self::File(dialog) => Some(&mut dialog.form),
            Self::Word(dialog) => Some(&mut dialog.form),
            Self::Remedy(_)
            | Self::Repair(_)
            | Self::Upgrade(_)
            | Self::Pause(_)
            | Self::Confirm(_)
            | Self::Foreign(_)
            | Self::Controls(_)
            | Self::Leave(_)
            | Self::Note(_) => None,
        }
    }

    /// True where letters are text.
    pub(crate) fn is_typing(&self) -> bool {
        match self {
            Self::Reason(_) | Self::Settings(_) | Self::File(_) | Self::Word(_) => true,
            Self::Gate(dialog) => dialog.is_typing(),
            _ => false,
        }
    }

    /// Changes the line of text that has the cursor; nothing where there is none.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        if let Some(form) = self.form() {
            change(form.field());
        }
    }

    /// What the footer calls an action here; `None` where it does nothing.
    pub(crate) fn title_of(&self, action: ActionId) -> Option<&'static str> {
        match (self, action) {
            (Self::Upgrade(_), ActionId::Open) => Some("review the plan"),
            (Self::Upgrade(_), ActionId::EditPlan) => Some("edit the plan"),
            (Self::Upgrade(_), ActionId::Toggle) => Some("choose pool"),
            (Self::Upgrade(_), ActionId::NextPanel) => Some("versions/pools"),
            (Self::Reason(reason), ActionId::Open) => Some(reason.verb()),
            (Self::Pause(_), ActionId::Open) => Some("review"),
            (Self::Remedy(dialog), ActionId::Open) => Some(dialog.verb()),
            (Self::Repair(repair), ActionId::Yes) => repair.can_be_approved().then_some("yes, do it"),
            (Self::Word(_), ActionId::Open) => Some("go on"),
            (Self::Confirm(_) | Self::Repair(_), ActionId::Open) => Some("press the marked button"),
            (Self::Confirm(confirm), ActionId::Yes) => confirm.can_be_approved().then_some("yes, do it"),
            (Self::Confirm(confirm), ActionId::EditPlan) => confirm.plan().map(|_| "edit the plan"),
            (Self::Confirm(confirm), ActionId::Details) => confirm.has_bodies().then_some("whole bodies"),
            (Self::Confirm(_) | Self::Repair(_), ActionId::NextPanel) => Some("other button"),
            (Self::Foreign(dialog), ActionId::Open) => Some(if dialog.can_go_on() { "review" } else { "close" }),
            (Self::Controls(dialog), ActionId::Open) => Some(if dialog.can_go_on() { "choose" } else { "close" }),
            (Self::Gate(dialog), ActionId::Open) => Some(if dialog.is_typing() { "done" } else { "choose" }),
            (Self::Settings(_), ActionId::Open) => Some("done"),
            (Self::Settings(_), ActionId::NextPanel) => Some("next line"),
            (Self::File(dialog), ActionId::Open) => Some(dialog.verb()),
            (Self::Leave(_), ActionId::Open) => Some("choose"),
            (Self::Note(_), ActionId::Open | ActionId::Back) => Some("close"),
            (_, ActionId::Back) => Some("cancel"),
            _ => None,
        }
    }
}

/// Widest dialog; longer lines are hard to read.
const WIDEST: u16 = 100;

/// On screens below this a dialog leaves nothing of the screen behind it: columns and rows.
const ROOMY: (u16, u16) = (60, 16);

/// The width of a dialog's text on a screen.
fn text_width(screen: Rect) -> u16 {
    let around = if screen.width < ROOMY.0 { 4 } else { 8 };
    screen.width.saturating_sub(around).clamp(1, WIDEST - 4)
}

/// The most rows a dialog's text can take on a screen, with `below` rows kept for buttons.
fn most_rows(screen: Rect, below: u16) -> u16 {
    let around = if screen.height < ROOMY.1 { 2 } else { 4 };
    screen.height.saturating_sub(around + below)
}

/// From which line on a text is shown in so many rows, so that the marked choice and what it means are seen.
fn scroll_to_choice(lines: &[Line<'static>], rows: u16) -> u16 {
    /// Lines that mostly tell what a choice means.
    const MEANING: usize = 4;
    let marked = lines.iter().rposition(|line| line.to_string().starts_with(CURSOR));
    match marked {
        Some(at) if at + MEANING > usize::from(rows) => measure::cells(at.saturating_sub(1)),
        _ => 0,
    }
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

/// A choice with what it means, marked or not.
fn choice(is_marked: bool, title: &str, meaning: &str) -> [Passage; 2] {
    let (mark, role) = if is_marked {
        (CURSOR, Role::Selected)
    } else {
        (" ", Role::Strong)
    };
    [
        Passage::new(role, format!("{mark} {title} ")),
        Passage::new(Role::Text, meaning).indented(2),
    ]
}

/// Draws running text in a frame of its own height.
fn draw_text(passages: &[Passage], heading: &str, role: Role, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
    let lines = prose::lay_out(passages, text_width(screen), scene.theme);
    let height = measure::cells(lines.len()).min(most_rows(screen, 0));
    let inside = frame(screen, heading, role, height, scene.theme, buffer);
    prose::draw(&lines, scroll_to_choice(&lines, height), inside, scene.theme, buffer);
}

/// Draws running text with a form below it, and gives the place of the cursor.
fn draw_form(
    passages: &[Passage],
    form: &Form,
    heading: &str,
    scene: Scene<'_>,
    screen: Rect,
    buffer: &mut Buffer,
) -> Position {
    let lines = prose::lay_out(passages, text_width(screen), scene.theme);
    let below = form.height() + 1;
    let text_rows = measure::cells(lines.len()).min(most_rows(screen, below));
    let inside = frame(screen, heading, Role::Heading, text_rows + below, scene.theme, buffer);
    let (text, rest) = split_top(inside, text_rows);
    prose::draw(&lines, 0, text, scene.theme, buffer);
    form.draw(split_top(rest, 1).1, scene.theme, buffer)
}
