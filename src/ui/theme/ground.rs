//! The background that a theme is made for, and which kind the terminal has.
//! Asks the terminal once, before the cockpit reads keys; never over a pipe, and never waits longer than a second.

use std::io::IsTerminal;
use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::palette::Paint;

/// Longest wait for a terminal that answers nothing at all. One that knows no colours but answers what it is, as all
/// but the oldest do, ends the wait at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bright text on a dark background, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Dark,
    Light,
}

/// What a theme is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ground {
    pub(crate) kind: Kind,
    /// What is drawn where the terminal's own background does not suit.
    pub(crate) fill: Paint,
    /// The theme is readable on everything between these two.
    pub(crate) between: [Paint; 2],
}

/// What the terminal says about its background; `None` where it says nothing. Blocks, for a second at the longest.
pub(crate) fn ask() -> Option<Kind> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match theme_mode(options) {
        Ok(ThemeMode::Dark) => Some(Kind::Dark),
        Ok(ThemeMode::Light) => Some(Kind::Light),
        Err(error) => {
            tracing::debug!(%error, "the terminal does not tell its background");
            of_variable(&std::env::var("COLORFGBG").ok()?)
        }
    }
}

/// `COLORFGBG`, as rxvt and its followers set it: the last number is the background among the sixteen colours.
fn of_variable(value: &str) -> Option<Kind> {
    let background: u8 = value.rsplit(';').next()?.parse().ok()?;
    match background {
        0..=6 | 8 => Some(Kind::Dark),
        7 | 9..=15 => Some(Kind::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_rxvt_is_understood() {
        assert_eq!(of_variable("15;0"), Some(Kind::Dark));
        assert_eq!(of_variable("0;default;15"), Some(Kind::Light));
        assert_eq!(of_variable("0;default"), None);
        assert_eq!(of_variable("0;200"), None);
    }
}
