//! How things look: roles into styles, states into a symbol and a role, and the plain ASCII form of every symbol.
//! The only place that names a colour or a symbol; screens speak in roles.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::domain::provisioning::ProvisioningState;
use crate::progress::picture::NodePhase;

/// Whether colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    #[default]
    Full,
    /// `NO_COLOR` or `--no-color`: bold, dim and reverse only.
    None,
}

/// How the cockpit may draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Only ASCII characters of our own; names from outside stay as they are.
    pub ascii: bool,
    pub colour: Colour,
}

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Text,
    /// Beside the point: units, titles of columns, what cannot be chosen.
    Muted,
    Strong,
    Heading,
    Good,
    Running,
    Attention,
    Danger,
    Selected,
    /// A selection in a panel that has not the focus.
    Dimmed,
    Key,
    Rule,
}

/// How something stands: gives the symbol that goes with the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Failed,
    Stuck,
    Held,
    Running,
    Busy,
    Unsupported,
    Behind,
    Off,
    Good,
    Unknown,
    Loading,
    Denied,
    Stale,
    Pending,
    Note,
}

impl Mark {
    pub(crate) const ALL: [Self; 15] = [
        Self::Failed,
        Self::Stuck,
        Self::Held,
        Self::Running,
        Self::Busy,
        Self::Unsupported,
        Self::Behind,
        Self::Off,
        Self::Good,
        Self::Unknown,
        Self::Loading,
        Self::Denied,
        Self::Stale,
        Self::Pending,
        Self::Note,
    ];

    /// One cell wide everywhere outside CJK locales; never an emoji.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Failed => "✖",
            Self::Stuck => "▲",
            Self::Held => "‖",
            Self::Running => "►",
            Self::Busy => "◌",
            Self::Unsupported => "!",
            Self::Behind => "↑",
            Self::Off => "□",
            Self::Good => "✓",
            Self::Unknown => "?",
            Self::Loading => "…",
            Self::Denied => "⊘",
            Self::Stale => "~",
            Self::Pending => "○",
            Self::Note => "i",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Self::Failed | Self::Stuck => Role::Danger,
            Self::Held | Self::Unsupported | Self::Denied | Self::Stale => Role::Attention,
            Self::Running | Self::Busy => Role::Running,
            Self::Good => Role::Good,
            Self::Behind | Self::Unknown | Self::Note => Role::Text,
            Self::Off | Self::Loading | Self::Pending => Role::Muted,
        }
    }
}

/// A phase's symbol in the grid and its role.
pub(crate) fn phase_mark(phase: NodePhase) -> (&'static str, Role) {
    match phase {
        NodePhase::Waiting => ("·", Role::Muted),
        NodePhase::Surge => ("+", Role::Running),
        NodePhase::Cordoned => ("◇", Role::Attention),
        NodePhase::Draining => ("◐", Role::Running),
        NodePhase::Drained => ("◑", Role::Running),
        NodePhase::Soaking => ("◔", Role::Running),
        NodePhase::Reimaging => ("▒", Role::Running),
        NodePhase::Joining => ("◕", Role::Running),
        NodePhase::Upgraded => ("■", Role::Good),
        NodePhase::Leaving => ("-", Role::Muted),
        NodePhase::Quarantined => ("⊗", Role::Danger),
        NodePhase::Stuck => ("▲", Role::Danger),
        NodePhase::Failed => ("✖", Role::Danger),
    }
}

/// The symbol of one of Azure's states.
pub(crate) fn state_mark(state: &ProvisioningState) -> Mark {
    match state {
        ProvisioningState::Succeeded => Mark::Good,
        ProvisioningState::Failed => Mark::Failed,
        ProvisioningState::Canceled => Mark::Held,
        ProvisioningState::Unknown(_) => Mark::Unknown,
        other if other.is_upgrading() => Mark::Running,
        _ => Mark::Busy,
    }
}

/// From low to high, for a row of numbers over time.
pub(crate) const SPARKS: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];
/// Between two facts on one line.
pub(crate) const DOT: &str = " · ";
/// From an old value to a new one.
pub(crate) const ARROW: &str = "→";
pub(crate) const CRUMB: &str = " › ";
pub(crate) const ELLIPSIS: &str = "…";
pub(crate) const RULE: &str = "─";
pub(crate) const BAR_FULL: &str = "█";
pub(crate) const BAR_EMPTY: &str = "░";
pub(crate) const CURSOR: &str = "›";
pub(crate) const CHOSEN: &str = "◉";

/// Every symbol of ours beside what stands for it in ASCII mode; the phases keep different letters.
const ASCII: &[(&str, &str)] = &[
    ("✖", "X"),
    ("▲", "!"),
    ("‖", "="),
    ("►", ">"),
    ("◌", "%"),
    ("↑", "^"),
    ("□", "_"),
    ("✓", "v"),
    ("…", "~"),
    ("⊘", "0"),
    ("○", "o"),
    ("·", "."),
    ("◇", "c"),
    ("◐", "d"),
    ("◑", "D"),
    ("◔", "s"),
    ("▒", "r"),
    ("◕", "j"),
    ("■", "#"),
    ("⊗", "Q"),
    ("→", ">"),
    ("›", ">"),
    ("─", "-"),
    ("│", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("█", "#"),
    ("░", "."),
    ("◉", "*"),
    ("–", "-"),
    ("▁", "1"),
    ("▂", "2"),
    ("▃", "3"),
    ("▄", "4"),
    ("▅", "5"),
    ("▆", "6"),
    ("▇", "7"),
];

/// Turns roles into styles by the person's wishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    look: Look,
}

impl Theme {
    pub(crate) fn new(look: Look) -> Self {
        Self { look }
    }

    /// The style of a role. Middle tones of the 256-colour palette, readable on dark and on light backgrounds;
    /// the background itself is left alone except under a selection.
    pub(crate) fn style(self, role: Role) -> Style {
        match self.look.colour {
            Colour::Full => Self::coloured(role),
            Colour::None => Self::plain(role),
        }
    }

    fn coloured(role: Role) -> Style {
        let foreground = |index: u8| Style::new().fg(Color::Indexed(index));
        match role {
            Role::Text => Style::new(),
            Role::Muted => foreground(244),
            Role::Strong => Style::new().add_modifier(Modifier::BOLD),
            Role::Heading | Role::Key => foreground(67).add_modifier(Modifier::BOLD),
            Role::Good => foreground(71),
            Role::Running => foreground(37),
            Role::Attention => foreground(172),
            Role::Danger => foreground(167).add_modifier(Modifier::BOLD),
            Role::Selected => foreground(255).bg(Color::Indexed(24)).add_modifier(Modifier::BOLD),
            Role::Dimmed => foreground(255).bg(Color::Indexed(240)),
            Role::Rule => foreground(240),
        }
    }

    fn plain(role: Role) -> Style {
        match role {
            Role::Text | Role::Good | Role::Running => Style::new(),
            Role::Muted | Role::Rule => Style::new().add_modifier(Modifier::DIM),
            Role::Strong | Role::Heading | Role::Attention | Role::Danger | Role::Key => {
                Style::new().add_modifier(Modifier::BOLD)
            }
            Role::Selected => Style::new().add_modifier(Modifier::REVERSED),
            Role::Dimmed => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// Text in a role.
    pub(crate) fn span<'a>(self, role: Role, text: impl Into<std::borrow::Cow<'a, str>>) -> Span<'a> {
        Span::styled(text, self.style(role))
    }

    /// A state's symbol and word, for instance `✖ failed`.
    pub(crate) fn state(self, mark: Mark, word: &str) -> Span<'static> {
        self.span(mark.role(), format!("{} {word}", mark.symbol()))
    }

    /// A node phase's symbol and word.
    pub(crate) fn phase(self, phase: NodePhase) -> Span<'static> {
        let (symbol, role) = phase_mark(phase);
        self.span(role, format!("{symbol} {}", phase.as_str()))
    }

    /// The last touch on a frame: in ASCII mode every symbol of ours becomes its ASCII form, cell by cell.
    pub(crate) fn finish(self, buffer: &mut Buffer) {
        if !self.look.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if cell.symbol().is_ascii() {
                continue;
            }
            if let Some((_, plain)) = ASCII.iter().find(|(symbol, _)| *symbol == cell.symbol()) {
                cell.set_symbol(plain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn ascii_of(symbol: &str) -> &str {
        if symbol.is_ascii() {
            return symbol;
        }
        ASCII
            .iter()
            .find(|(ours, _)| *ours == symbol)
            .map_or_else(|| panic!("{symbol} has no ASCII form"), |(_, plain)| *plain)
    }

    #[test]
    fn every_symbol_is_one_cell_and_has_an_ascii_form() {
        let ours = Mark::ALL
            .iter()
            .map(|mark| mark.symbol())
            .chain(NodePhase::ALL.iter().map(|phase| phase_mark(*phase).0))
            .chain([
                ARROW, ELLIPSIS, RULE, BAR_FULL, BAR_EMPTY, CURSOR, CHOSEN, "│", "┌", "┐", "└", "┘",
            ])
            .chain(SPARKS)
            .chain([DOT.trim(), CRUMB.trim()]);
        for symbol in ours {
            assert_eq!(symbol.width(), 1, "{symbol}");
            assert!(!symbol.contains('\u{fe0f}'), "{symbol} asks for an emoji");
            assert_eq!(ascii_of(symbol).len(), 1);
        }
    }

    #[test]
    fn phases_and_marks_can_be_told_apart_without_colour() {
        let phases: BTreeSet<&str> = NodePhase::ALL
            .iter()
            .map(|phase| ascii_of(phase_mark(*phase).0))
            .collect();
        assert_eq!(phases.len(), NodePhase::ALL.len());
        let marks: BTreeSet<&str> = Mark::ALL.iter().map(|mark| mark.symbol()).collect();
        assert_eq!(marks.len(), Mark::ALL.len());
    }

    #[test]
    fn no_colour_means_no_colour() {
        let theme = Theme::new(Look {
            ascii: false,
            colour: Colour::None,
        });
        for role in [
            Role::Danger,
            Role::Selected,
            Role::Dimmed,
            Role::Muted,
            Role::Key,
            Role::Good,
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
    }
}
