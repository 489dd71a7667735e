//! Keys and what they mean in each place. Refuses two actions on one key of the same place.

use std::collections::HashMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::actions::{ACTIONS, Action, ActionId, Place};

/// One key as a person writes it: `j`, `U`, `ctrl-d`, `enter`, `esc`, `tab`, `down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    code: KeyCode,
    has_control: bool,
}

const NAMED: [(&str, KeyCode); 14] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
];

impl Key {
    /// Reads a key's written form; `None` for what is no key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (has_control, name) = match text.strip_prefix("ctrl-") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let code = NAMED
            .iter()
            .find(|(word, _)| *word == name)
            .map(|(_, code)| *code)
            .or_else(|| {
                let mut characters = name.chars();
                let only = characters.next()?;
                characters.next().is_none().then_some(KeyCode::Char(only))
            })?;
        Some(Self { code, has_control })
    }

    /// The key of an event; shift is part of the character.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let has_control = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(letter) if has_control => KeyCode::Char(letter.to_ascii_lowercase()),
            other => other,
        };
        Self { code, has_control }
    }

    /// The event a terminal would send.
    pub(crate) fn event(self) -> KeyEvent {
        let modifiers = if self.has_control {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        KeyEvent::new(self.code, modifiers)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_control {
            formatter.write_str("ctrl-")?;
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => formatter.write_str(name),
            (None, KeyCode::Char(letter)) => write!(formatter, "{letter}"),
            (None, other) => write!(formatter, "{other:?}"),
        }
    }
}

/// Reads keys as journeys write them: `jj<enter>U<ctrl-d>`.
pub(crate) fn keys_of(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let named = rest
            .strip_prefix('<')
            .and_then(|inside| inside.split_once('>'))
            .and_then(|(name, after)| Some((Key::parse(name)?, after)));
        if let Some((key, after)) = named {
            keys.push(key);
            rest = after;
        } else {
            keys.push(Key {
                code: KeyCode::Char(first),
                has_control: false,
            });
            rest = &rest[first.len_utf8()..];
        }
    }
    keys
}

/// Why a list of actions makes no keymap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeymapError {
    #[error("'{key}' of the action {action} is no key")]
    NoKey { key: String, action: &'static str },
    #[error("'{key}' means both {first} and {second} on the same screen")]
    Clash {
        key: String,
        first: &'static str,
        second: &'static str,
    },
}

/// What each key means in each place.
#[derive(Clone, Debug)]
pub(crate) struct Keymap {
    bindings: HashMap<(Place, Key), ActionId>,
}

impl Keymap {
    /// The keymap of the actions' default keys.
    pub(crate) fn of_defaults() -> Self {
        Self::try_new(ACTIONS).expect("the default keys do not clash, as a test proves")
    }

    fn try_new(actions: &[Action]) -> Result<Self, KeymapError> {
        let mut bindings = HashMap::new();
        for action in actions {
            for text in action.keys {
                let key = Key::parse(text).ok_or_else(|| KeymapError::NoKey {
                    key: (*text).to_owned(),
                    action: action.name,
                })?;
                for place in action.places {
                    if let Some(other) = bindings.insert((*place, key), action.id) {
                        return Err(KeymapError::Clash {
                            key: (*text).to_owned(),
                            first: Action::of(other).name,
                            second: action.name,
                        });
                    }
                }
            }
        }
        Ok(Self { bindings })
    }

    /// What a key means in a place.
    pub(crate) fn action(&self, place: Place, key: Key) -> Option<ActionId> {
        self.bindings.get(&(place, key)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_written_alike() {
        for text in ["j", "G", "ctrl-d", "enter", "shift-tab", "?", "/", "pagedown"] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Key::parse("ctrl-"), None);
        assert_eq!(Key::parse("jj"), None);
        assert_eq!(
            keys_of("j<enter>U<<x"),
            ["j", "enter", "U", "<", "<", "x"].map(|text| Key::parse(text).unwrap())
        );
    }

    #[test]
    fn a_clash_is_refused() {
        let mut actions = ACTIONS.to_vec();
        let mut copy = actions[0].clone();
        copy.name = "second";
        actions.push(copy);
        assert!(matches!(
            Keymap::try_new(&actions).unwrap_err(),
            KeymapError::Clash { second: "second", .. }
        ));
    }

    #[test]
    fn a_shifted_letter_is_its_capital() {
        let event = KeyEvent::new(KeyCode::Char('U'), KeyModifiers::SHIFT);
        assert_eq!(Key::of(event), Key::parse("U").unwrap());
        let event = KeyEvent::new(KeyCode::Char('R'), KeyModifiers::CONTROL);
        assert_eq!(Key::of(event), Key::parse("ctrl-r").unwrap());
    }
}
