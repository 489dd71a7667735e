//! A theme's colours as a value: for each role a foreground, a background and how the text stands out.
//! Shipped ones are files in `assets/themes`, read once; a person's own are made by `ThemeFile`.

use std::sync::LazyLock;

use ratatui::style::{Color, Modifier, Style};

use super::ground::Ground;
use super::reading::ThemeFile;
use super::{Colour, Role};

/// One colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    /// The terminal's own.
    #[default]
    Own,
    /// One of the terminal's sixteen.
    Sixteen(Color),
    Rgb(u8, u8, u8),
}

impl Paint {
    /// As a terminal with so many colours gets it.
    pub(crate) fn shown(self, colour: Colour) -> Color {
        match (self, colour) {
            // Palettes with such colours are not used where there are only sixteen.
            (Self::Own, _) | (_, Colour::None) | (Self::Rgb(..), Colour::Sixteen) => Color::Reset,
            (Self::Sixteen(own), _) => own,
            (Self::Rgb(red, green, blue), Colour::Full) => Color::Rgb(red, green, blue),
            (Self::Rgb(red, green, blue), Colour::Indexed) => Color::Indexed(nearest(red, green, blue)),
        }
    }
}

/// How one role looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) fg: Paint,
    pub(crate) bg: Paint,
    pub(crate) modifiers: Modifier,
}

/// The colours of a theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    pub(super) faces: [Face; Role::ALL.len()],
    pub(super) ground: Option<Ground>,
}

/// The shipped themes: name and file.
const SHIPPED: [(&str, &str); 6] = [
    ("dark", include_str!("../../../assets/themes/dark.toml")),
    ("light", include_str!("../../../assets/themes/light.toml")),
    ("colour-blind", include_str!("../../../assets/themes/colour-blind.toml")),
    (
        "colour-blind-light",
        include_str!("../../../assets/themes/colour-blind-light.toml"),
    ),
    ("monochrome", include_str!("../../../assets/themes/monochrome.toml")),
    ("sixteen", include_str!("../../../assets/themes/sixteen.toml")),
];

static READ: LazyLock<Vec<Palette>> = LazyLock::new(|| {
    let read = |(_, text): &(&str, &str)| {
        let file: ThemeFile = toml::from_str(text).expect("shipped themes are valid, as a test proves");
        file.palette(None).expect("shipped themes are valid, as a test proves")
    };
    SHIPPED.iter().map(read).collect()
});

/// The names of the shipped themes, in the order in which they are offered.
pub(crate) const NAMES: [&str; SHIPPED.len()] = {
    let mut names = [""; SHIPPED.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = SHIPPED[at].0;
        at += 1;
    }
    names
};

impl Palette {
    /// The shipped theme of a name.
    pub fn named(name: &str) -> Option<Self> {
        let at = SHIPPED.iter().position(|(known, _)| *known == name)?;
        READ.get(at).copied()
    }

    pub(super) fn dark() -> Self {
        READ[0]
    }

    pub(super) fn light() -> Self {
        READ[1]
    }

    pub(super) fn monochrome() -> Self {
        READ[4]
    }

    pub(super) fn sixteen() -> Self {
        READ[5]
    }

    /// The same with single roles in other styles.
    #[must_use]
    pub(super) fn with_styles(mut self, roles: &[(Role, Style)]) -> Self {
        for (role, style) in roles {
            self.faces[*role as usize] = Face {
                fg: paint_of(style.fg),
                bg: paint_of(style.bg),
                modifiers: style.add_modifier,
            };
        }
        self
    }

    /// The background it is made for; `None` where it takes any.
    pub(super) fn ground(self) -> Option<Ground> {
        self.ground
    }

    pub(super) fn face(&self, role: Role) -> Face {
        self.faces[role as usize]
    }

    /// True where it names no colour beyond the terminal's own sixteen.
    pub(super) fn fits_sixteen(&self) -> bool {
        let is_rgb = |paint: Paint| matches!(paint, Paint::Rgb(..));
        !self.faces.iter().any(|face| is_rgb(face.fg) || is_rgb(face.bg))
    }

    pub(super) fn style(&self, role: Role, colour: Colour) -> Style {
        let face = self.face(role);
        let mut style = Style::new().add_modifier(face.modifiers);
        if face.fg != Paint::Own {
            style = style.fg(face.fg.shown(colour));
        }
        if face.bg != Paint::Own {
            style = style.bg(face.bg.shown(colour));
        }
        style
    }
}

/// A colour as ratatui has it.
fn paint_of(color: Option<Color>) -> Paint {
    match color {
        None | Some(Color::Reset) => Paint::Own,
        Some(Color::Rgb(red, green, blue)) => Paint::Rgb(red, green, blue),
        Some(Color::Indexed(index @ 16..)) => {
            let [red, green, blue] = of_index(index);
            Paint::Rgb(red, green, blue)
        }
        Some(other) => Paint::Sixteen(other),
    }
}

/// The steps of xterm's colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of xterm's 240 fixed colours: its cube of 216 from number 16 on, and 24 greys from 232 on.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    let away = |one: [u8; 3]| -> u32 {
        let distance = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
        one.into_iter().zip([red, green, blue]).map(distance).sum()
    };
    let candidates = (16..=255).map(|index| (away(of_index(index)), index));
    candidates.min().map_or(16, |(_, index)| index)
}

/// The red, green and blue of one of xterm's fixed colours, from number 16 on.
pub(super) fn of_index(index: u8) -> [u8; 3] {
    if index >= 232 {
        return [8 + 10 * (index - 232); 3];
    }
    let cube = index.saturating_sub(16);
    [cube / 36, cube / 6 % 6, cube % 6].map(|step| CUBE[usize::from(step)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_has_its_place_and_is_found_by_name() {
        for (at, name) in NAMES.into_iter().enumerate() {
            assert_eq!(Palette::named(name), Some(READ[at]));
        }
        assert_eq!(Palette::named("none"), None);
        assert_eq!(
            [NAMES[0], NAMES[1], NAMES[4], NAMES[5]],
            ["dark", "light", "monochrome", "sixteen"]
        );
    }

    #[test]
    fn only_two_themes_do_with_sixteen_colours() {
        let fitting = SHIPPED
            .iter()
            .filter(|(name, _)| Palette::named(name).unwrap().fits_sixteen());
        assert_eq!(
            fitting.map(|(name, _)| *name).collect::<Vec<_>>(),
            ["monochrome", "sixteen"]
        );
    }

    #[test]
    fn colours_find_the_nearest_of_the_256() {
        let check = |rgb: (u8, u8, u8), index: u8| assert_eq!(nearest(rgb.0, rgb.1, rgb.2), index);
        check((0, 0, 0), 16);
        check((255, 255, 255), 231);
        check((95, 135, 175), 67);
        check((128, 128, 128), 244);
    }
}
