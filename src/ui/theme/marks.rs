//! States into a symbol and a role, and the plain ASCII form of every symbol of ours.
//! The only place that names a symbol.

use super::Role;
use crate::domain::provisioning::ProvisioningState;
use crate::progress::picture::NodePhase;

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
/// A node that is not ready and should be: never the sign of a phase.
pub(crate) const NOT_READY: &str = "×";
/// Beside the heading of the column a table is sorted by: the smallest on top, or the largest.
pub(crate) const ASCENDING: &str = "↑";
pub(crate) const DESCENDING: &str = "↓";

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
    ("↓", "v"),
    ("×", "x"),
];

/// What stands for one of our symbols in ASCII mode.
pub(super) fn ascii(symbol: &str) -> Option<&'static str> {
    ASCII.iter().find(|(ours, _)| *ours == symbol).map(|(_, plain)| *plain)
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
        ascii(symbol).unwrap_or_else(|| panic!("{symbol} has no ASCII form"))
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
}
