//! A theme as people write it: a name to start from, a background, and what each role looks like.
//! Reads and judges; knows no file's place.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier};
use serde::{Deserialize, Serialize};

use super::Role;
use super::ground::{Ground, Kind};
use super::palette::{Face, Paint, Palette};

/// A theme file, or a theme's table in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeFile {
    /// What it is like, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundFile>,
    /// What differs from the theme it starts from; by role.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleFile>,
}

/// The background a theme is made for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroundFile {
    /// `dark` or `light`.
    pub kind: String,
    /// `#rrggbb`: drawn where the terminal's own background is of the other kind, or not known.
    pub fill: String,
    /// The backgrounds between which the theme is readable; `fill` alone where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<[String; 2]>,
}

/// How one role looks; what is left out is the terminal's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RoleFile {
    /// `#rrggbb`, or one of the terminal's sixteen, such as `red` or `bright-red`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bg: Option<String>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub reverse: bool,
}

/// The sixteen, as theme files write them.
const SIXTEEN: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

impl ThemeFile {
    /// The colours it stands for, on top of those of `base`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what could stand there.
    pub(super) fn palette(&self, base: Option<Palette>) -> Result<Palette, String> {
        let mut palette = base.unwrap_or(Palette {
            faces: [Face::default(); Role::ALL.len()],
            ground: None,
        });
        if let Some(ground) = &self.ground {
            palette.ground = Some(ground.read()?);
        }
        for (name, face) in &self.roles {
            let Some(role) = Role::ALL.iter().find(|role| role.name() == name) else {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                return Err(format!("there is no role '{name}'; the roles are {}", known.join(", ")));
            };
            palette.faces[*role as usize] = face.read().map_err(|why| format!("role {name}: {why}"))?;
        }
        Ok(palette)
    }
}

impl GroundFile {
    fn read(&self) -> Result<Ground, String> {
        let fill = paint(&self.fill)?;
        let between = match &self.between {
            Some([from, to]) => [paint(from)?, paint(to)?],
            None => [fill; 2],
        };
        if [fill, between[0], between[1]]
            .iter()
            .any(|paint| !matches!(paint, Paint::Rgb(..)))
        {
            return Err("a background is written as #rrggbb".to_owned());
        }
        let kind = match self.kind.as_str() {
            "dark" => Kind::Dark,
            "light" => Kind::Light,
            other => return Err(format!("a background's kind is dark or light, not '{other}'")),
        };
        Ok(Ground { kind, fill, between })
    }
}

impl RoleFile {
    fn read(&self) -> Result<Face, String> {
        let read = |text: &Option<String>| text.as_deref().map_or(Ok(Paint::Own), paint);
        let mut modifiers = Modifier::empty();
        for (is_so, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            modifiers.set(modifier, is_so);
        }
        Ok(Face {
            fg: read(&self.fg)?,
            bg: read(&self.bg)?,
            modifiers,
        })
    }
}

fn paint(text: &str) -> Result<Paint, String> {
    if let Some((_, color)) = SIXTEEN.iter().find(|(name, _)| *name == text) {
        return Ok(Paint::Sixteen(*color));
    }
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match number.map(u32::to_be_bytes) {
        Some([0, red, green, blue]) => Ok(Paint::Rgb(red, green, blue)),
        _ => Err(format!(
            "'{text}' is no colour; write #rrggbb, or one of the terminal's: {}",
            SIXTEEN.map(|(name, _)| name).join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Palette, String> {
        let file: ThemeFile = toml::from_str(text).map_err(|error| error.to_string())?;
        file.palette(Palette::named("dark"))
    }

    #[test]
    fn a_theme_of_ones_own_changes_only_what_it_names() {
        let dark = Palette::named("dark").unwrap();
        let own = read("[roles]\nheader = { fg = '#ffffff', bg = '#8b1a1a', bold = true }").unwrap();
        assert_eq!(own.face(Role::Text), dark.face(Role::Text));
        assert_eq!(own.face(Role::Header).bg, Paint::Rgb(0x8b, 0x1a, 0x1a));
        assert_eq!(own.ground, dark.ground);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_could_stand_there() {
        let check = |text: &str, expected: &str| {
            let said = read(text).unwrap_err();
            assert!(said.contains(expected), "{said}");
        };
        check("[roles]\ndangr = {}", "the roles are text, muted");
        check("[roles]\ngood = { fg = 'puce' }", "role good: 'puce' is no colour");
        check("[roles]\ngood = { fg = '#12345' }", "write #rrggbb");
        check("[roles]\ngood = { fg = '#+12345' }", "write #rrggbb");
        check("[roles]\ngood = { fore = 'red' }", "unknown field");
        check("[ground]\nkind = 'dim'\nfill = '#000000'", "dark or light");
        check("[ground]\nkind = 'dark'\nfill = 'black'", "#rrggbb");
    }
}
