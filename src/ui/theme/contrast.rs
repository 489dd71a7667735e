//! How well text can be read on its background, as the Web Content Accessibility Guidelines measure it.
//! Pure arithmetic on colours.

use super::palette::{Paint, Palette};
use super::{Colour, Role};

/// Least contrast of text (WCAG 2.2, 2023, success criterion 1.4.3, level AA).
pub(super) const TEXT: f64 = 4.5;
/// Least contrast of lines and other marks that are not text (WCAG 2.2, 2023, success criterion 1.4.11).
const LINE: f64 = 3.0;

impl Palette {
    /// The roles that are hard to read on the background the theme is made for: the role and its contrast, between 1
    /// and 21. Colours that only the terminal knows cannot be judged and are left out.
    pub fn hard_to_read(&self) -> Vec<(&'static str, f64)> {
        self.faint(Colour::Full)
    }

    fn faint(&self, colour: Colour) -> Vec<(&'static str, f64)> {
        Role::ALL
            .into_iter()
            .filter_map(|role| {
                let least = if role == Role::Rule { LINE } else { TEXT };
                let contrast = self.contrast(role, colour)?;
                (contrast < least).then_some((role.name(), contrast))
            })
            .collect()
    }

    /// The worst contrast of a role on the backgrounds it can stand on.
    fn contrast(&self, role: Role, colour: Colour) -> Option<f64> {
        let face = self.face(role);
        let own_text = self.face(Role::Text).fg;
        let text = rgb(if face.fg == Paint::Own { own_text } else { face.fg }, colour)?;
        let behind = match (face.bg, self.ground()) {
            (Paint::Own, Some(ground)) => vec![ground.fill, ground.between[0], ground.between[1]],
            (Paint::Own, None) => return None,
            (own, _) => vec![own],
        };
        let contrasts = behind
            .into_iter()
            .filter_map(|paint| Some(ratio(text, rgb(paint, colour)?)));
        contrasts.reduce(f64::min)
    }
}

/// What a colour really is on a terminal with so many of them.
fn rgb(paint: Paint, colour: Colour) -> Option<[u8; 3]> {
    use ratatui::style::Color;
    match paint.shown(colour) {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ 16..) => Some(super::palette::of_index(index)),
        _ => None,
    }
}

/// The contrast ratio of WCAG 2.2: 1 for equal colours, 21 for black on white.
fn ratio(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of WCAG 2.2.
fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// A channel of sRGB without its gamma (IEC 61966-2-1, 1999).
fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.04045 {
        share / 12.92
    } else {
        ((share + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests;
