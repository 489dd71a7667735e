//! How things look: roles into styles. Screens speak in roles; which colour a role has is data in `assets/themes`.
//! A theme also takes the last look at a frame: its background, ASCII symbols, and nothing that steers a terminal.

mod contrast;
pub(crate) mod ground;
mod marks;
mod palette;
mod reading;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};
use ratatui::text::Span;

pub use self::ground::Kind;
pub(crate) use self::marks::{
    ARROW, ASCENDING, BAR_EMPTY, BAR_FULL, CHOSEN, CRUMB, CURSOR, DESCENDING, DOT, ELLIPSIS, Mark, NOT_READY, RULE,
    SPARKS, phase_mark, state_mark,
};
pub(crate) use self::palette::NAMES as THEME_NAMES;
pub use self::palette::Palette;

use crate::domain::text::is_printable;
use crate::progress::picture::NodePhase;

/// How many colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// 24 bits for each colour.
    #[default]
    Full,
    /// The 256 of xterm.
    Indexed,
    /// The terminal's own sixteen.
    Sixteen,
    /// `NO_COLOR` or `--no-color`: bold, dim and reverse only.
    None,
}

impl Colour {
    /// What a terminal can show by its environment: `NO_COLOR` wins (no-color.org), then `COLORTERM` says that it has
    /// all colours, then the name in `TERM` says how many.
    ///
    /// Both variables are conventions: `COLORTERM` as S-Lang and VTE began it, the endings of `TERM` as terminfo
    /// names its entries.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        let term = variable("TERM").unwrap_or_default();
        match variable("COLORTERM").unwrap_or_default().as_str() {
            _ if term == "dumb" => Self::None,
            "truecolor" | "24bit" => Self::Full,
            _ if term.contains("direct") => Self::Full,
            _ if term.contains("256color") => Self::Indexed,
            // These say nothing in TERM and can do it.
            _ if ["alacritty", "foot", "ghostty", "kitty", "wezterm"]
                .iter()
                .any(|name| term.contains(name)) =>
            {
                Self::Full
            }
            // Windows sets no TERM, and its terminals have all colours.
            _ if cfg!(windows) && term.is_empty() => Self::Full,
            _ => Self::Sixteen,
        }
    }
}

/// How the cockpit may draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Only ASCII characters of our own; names from outside stay as they are.
    pub ascii: bool,
    pub colour: Colour,
    /// False where nothing may move by itself.
    pub animation: bool,
    /// The colours that were chosen; `None` takes those that suit the background.
    pub palette: Option<Palette>,
    /// The terminal's own background, where it told.
    pub background: Option<Kind>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            ascii: false,
            colour: Colour::default(),
            animation: true,
            palette: None,
            background: None,
        }
    }
}

impl Look {
    /// As it comes out on a terminal: `terminal` says what that can show, and what it was told by hand.
    #[must_use]
    pub(crate) fn on(self, terminal: Self) -> Self {
        Self {
            ascii: self.ascii || terminal.ascii,
            colour: if self.colour == Colour::None {
                Colour::None
            } else {
                terminal.colour
            },
            animation: self.animation && terminal.animation,
            palette: self.palette.or(terminal.palette),
            background: terminal.background,
        }
    }
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
    /// The top line, where a theme sets it apart: for instance red for production.
    Header,
}

impl Role {
    pub(crate) const ALL: [Self; 13] = [
        Self::Text,
        Self::Muted,
        Self::Strong,
        Self::Heading,
        Self::Good,
        Self::Running,
        Self::Attention,
        Self::Danger,
        Self::Selected,
        Self::Dimmed,
        Self::Key,
        Self::Rule,
        Self::Header,
    ];

    /// As theme files write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Strong => "strong",
            Self::Heading => "heading",
            Self::Good => "good",
            Self::Running => "running",
            Self::Attention => "attention",
            Self::Danger => "danger",
            Self::Selected => "selected",
            Self::Dimmed => "dimmed",
            Self::Key => "key",
            Self::Rule => "rule",
            Self::Header => "header",
        }
    }
}

/// Turns roles into styles by the person's wishes and what the terminal can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    is_ascii: bool,
    colour: Colour,
    is_animated: bool,
    palette: Palette,
    /// True where the background is drawn too, because the terminal's own does not suit, or is not known.
    is_filled: bool,
}

impl Theme {
    pub(crate) fn new(look: Look) -> Self {
        let suiting = || match look.background {
            Some(Kind::Light) => Palette::light(),
            Some(Kind::Dark) | None => Palette::dark(),
        };
        let palette = match (look.colour, look.palette) {
            (Colour::None, _) => Palette::monochrome(),
            (Colour::Sixteen, Some(palette)) if palette.fits_sixteen() => palette,
            (Colour::Sixteen, _) => Palette::sixteen(),
            (Colour::Full | Colour::Indexed, palette) => palette.unwrap_or_else(suiting),
        };
        Self {
            is_filled: palette
                .ground()
                .is_some_and(|ground| look.background != Some(ground.kind)),
            is_ascii: look.ascii,
            colour: look.colour,
            is_animated: look.animation,
            palette,
        }
    }

    /// The same with single roles in other styles, where there are colours at all.
    #[must_use]
    pub(crate) fn with_roles(mut self, roles: &[(Role, Style)]) -> Self {
        if self.colour != Colour::None {
            self.palette = self.palette.with_styles(roles);
        }
        self
    }

    /// The symbol of something that is being read: alternates with every second, where things may move.
    pub(crate) fn reading(self, now: Timestamp) -> &'static str {
        let is_odd = now.as_second().rem_euclid(2) == 1;
        let mark = if is_odd && self.is_animated {
            Mark::Busy
        } else {
            Mark::Loading
        };
        mark.symbol()
    }

    /// The style of a role.
    pub(crate) fn style(self, role: Role) -> Style {
        self.palette.style(role, self.colour)
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

    /// The last touch on a frame: the background where it is ours to draw, in ASCII mode the ASCII form of every symbol
    /// of ours, and a blank for any cell that would steer the terminal, whatever put it there.
    pub(crate) fn finish(self, buffer: &mut Buffer) {
        let fill = self.palette.ground().filter(|_| self.is_filled).map(|ground| {
            let text = self.style(Role::Text).fg.unwrap_or(Color::Reset);
            (ground.fill.shown(self.colour), text)
        });
        for cell in &mut buffer.content {
            if let Some((ground, text)) = fill {
                if cell.bg == Color::Reset {
                    cell.bg = ground;
                }
                if cell.fg == Color::Reset {
                    cell.fg = text;
                }
            }
            // The common case, in haste.
            match cell.symbol().as_bytes() {
                [byte] if !byte.is_ascii_control() => continue,
                _ => (),
            }
            if !is_printable(cell.symbol()) {
                cell.set_symbol(" ");
            } else if let Some(plain) = self.is_ascii.then(|| marks::ascii(cell.symbol())).flatten() {
                cell.set_symbol(plain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn no_colour_means_no_colour_whatever_was_chosen() {
        let theme = Theme::new(Look {
            colour: Colour::None,
            palette: Palette::named("dark"),
            ..Look::default()
        });
        for role in Role::ALL {
            let style = theme.style(role);
            assert!(
                [None, Some(Color::Reset)].contains(&style.fg) && [None, Some(Color::Reset)].contains(&style.bg),
                "{role:?}"
            );
        }
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let check = |variables: &[(&str, &str)], expected: Colour| {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Colour::of_environment(variable), expected, "{variables:?}");
        };
        check(&[("TERM", "xterm"), ("COLORTERM", "truecolor")], Colour::Full);
        check(&[("TERM", "xterm-256color"), ("COLORTERM", "24bit")], Colour::Full);
        check(&[("TERM", "xterm-direct")], Colour::Full);
        check(&[("TERM", "xterm-kitty")], Colour::Full);
        check(&[("TERM", "screen-256color")], Colour::Indexed);
        check(&[("TERM", "linux")], Colour::Sixteen);
        check(&[("TERM", "dumb"), ("COLORTERM", "truecolor")], Colour::None);
        check(
            &[("NO_COLOR", "1"), ("TERM", "xterm"), ("COLORTERM", "truecolor")],
            Colour::None,
        );
        check(&[("NO_COLOR", ""), ("TERM", "xterm-256color")], Colour::Indexed);
    }

    #[test]
    fn the_background_chooses_and_is_drawn_only_where_the_terminals_own_does_not_suit() {
        let check = |palette: Option<&str>, background, kind, is_filled| {
            let theme = Theme::new(Look {
                palette: palette.and_then(Palette::named),
                background,
                ..Look::default()
            });
            assert_eq!(theme.palette.ground().map(|ground| ground.kind), kind, "{palette:?}");
            assert_eq!(theme.is_filled, is_filled, "{palette:?} on {background:?}");
        };
        check(None, Some(Kind::Dark), Some(Kind::Dark), false);
        check(None, Some(Kind::Light), Some(Kind::Light), false);
        check(None, None, Some(Kind::Dark), true);
        check(Some("light"), Some(Kind::Dark), Some(Kind::Light), true);
        check(Some("light"), Some(Kind::Light), Some(Kind::Light), false);
        check(Some("monochrome"), Some(Kind::Dark), None, false);
    }

    #[test]
    fn nothing_moves_where_animation_is_off() {
        let at = |second: i64, animation: bool| {
            let theme = Theme::new(Look {
                animation,
                ..Look::default()
            });
            theme.reading(Timestamp::from_second(second).unwrap())
        };
        assert_ne!(at(0, true), at(1, true));
        assert_eq!(at(0, false), at(1, false));
    }

    #[test]
    fn a_cell_that_would_steer_the_terminal_becomes_a_blank() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        for (x, symbol) in (0..).zip(["\x1b[2J", "\u{9b}31m", "\u{202e}", "a\u{200d}", "\u{7}", "é"]) {
            buffer[(x, 0)].set_symbol(symbol);
        }
        Theme::new(Look::default()).finish(&mut buffer);
        let shown: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(shown, "     é");
    }
}
