//! Keys and what they mean in each place: the actions' own, or what the settings give them. Refuses two actions on one
//! key of the same place, and a small letter for what changes the world.

use std::collections::HashMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::actions::{ACTIONS, Action, ActionId, Place};
use crate::config::fault::{Fault, Place as Spot};
use crate::config::suggestion::{hint, meant};
use crate::config::vocabulary::KeyBinding;

/// One key as a person writes it: `j`, `U`, `ctrl-d`, `enter`, `esc`, `tab`, `down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    code: KeyCode,
    has_control: bool,
}

const NAMED: [(&str, KeyCode); 28] = [
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
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
    ("f1", KeyCode::F(1)),
    ("f2", KeyCode::F(2)),
    ("f3", KeyCode::F(3)),
    ("f4", KeyCode::F(4)),
    ("f5", KeyCode::F(5)),
    ("f6", KeyCode::F(6)),
    ("f7", KeyCode::F(7)),
    ("f8", KeyCode::F(8)),
    ("f9", KeyCode::F(9)),
    ("f10", KeyCode::F(10)),
    ("f11", KeyCode::F(11)),
    ("f12", KeyCode::F(12)),
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
                let only = characters.next().filter(|only| !only.is_control())?;
                characters.next().is_none().then_some(KeyCode::Char(only))
            })?;
        // With control, terminals tell letters only, and never which case they have.
        let code = match code {
            KeyCode::Char(letter) if has_control => KeyCode::Char(letter.to_ascii_lowercase()),
            other => other,
        };
        Some(Self { code, has_control })
    }

    /// True for a letter with shift, which is what changes the world.
    fn is_capital(self) -> bool {
        !self.has_control && matches!(self.code, KeyCode::Char(letter) if letter.is_uppercase())
    }

    /// True for what would be text in a line that is being typed.
    fn is_text(self) -> bool {
        !self.has_control && matches!(self.code, KeyCode::Char(_))
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

/// What each key means in each place, and the keys of each action.
#[derive(Clone, Debug)]
pub(crate) struct Keymap {
    bindings: HashMap<(Place, Key), ActionId>,
    /// The shown one first; an action may have none.
    keys: HashMap<ActionId, Vec<Key>>,
}

/// Actions that nobody could do without: a cockpit without them could not be left.
const ALWAYS_BOUND: [ActionId; 3] = [ActionId::Open, ActionId::Back, ActionId::Leave];

impl Keymap {
    /// The keymap of the actions' default keys.
    pub(crate) fn of_defaults() -> Self {
        Self::try_new(&[]).expect("the default keys do not clash, as a test proves")
    }

    /// The default keys, but for the actions that are named.
    ///
    /// # Errors
    /// Everything that is wrong: unknown actions and keys, clashes, a small letter for what changes the world.
    pub(crate) fn try_new(bindings: &[KeyBinding]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut set: HashMap<ActionId, (Vec<Key>, Spot)> = HashMap::new();
        for binding in bindings {
            let Some(action) = ACTIONS.iter().find(|action| action.name == binding.action) else {
                let guess = match meant(&binding.action, ACTIONS.iter().map(|action| action.name)) {
                    Some(name) => format!("did you mean '{name}'?"),
                    None => "`aks-cockpit config` lists them all".to_owned(),
                };
                let what = format!("there is no action '{}'; {guess}", binding.action);
                faults.push(Fault::new(binding.place, what));
                continue;
            };
            match keys_for(action, &binding.keys) {
                Ok(keys) => {
                    set.insert(action.id, (keys, binding.place));
                }
                Err(why) => faults.push(Fault::new(binding.place, format!("keys.{} {why}", action.name))),
            }
        }
        let mut keymap = Self {
            bindings: HashMap::new(),
            keys: HashMap::new(),
        };
        for action in ACTIONS {
            let keys = match set.get(&action.id) {
                Some((keys, _)) => keys.clone(),
                None => action.keys.iter().filter_map(|text| Key::parse(text)).collect(),
            };
            keymap.bind(action, keys, &set, &mut faults);
        }
        if faults.is_empty() { Ok(keymap) } else { Err(faults) }
    }

    fn bind(
        &mut self,
        action: &Action,
        keys: Vec<Key>,
        set: &HashMap<ActionId, (Vec<Key>, Spot)>,
        faults: &mut Vec<Fault>,
    ) {
        for key in &keys {
            for place in action.places {
                let Some(other) = self.bindings.insert((*place, *key), action.id) else {
                    continue;
                };
                let spot = [action.id, other]
                    .iter()
                    .filter_map(|id| set.get(id))
                    .map(|(_, spot)| *spot)
                    .max();
                let (first, second) = (Action::of(other).name, action.name);
                let what =
                    format!("'{key}' would mean both {first} and {second} on one screen; give one of them another key");
                let fault = Fault::new(spot.unwrap_or_default(), what);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        self.keys.insert(action.id, keys);
    }

    /// What a key means in a place.
    pub(crate) fn action(&self, place: Place, key: Key) -> Option<ActionId> {
        self.bindings.get(&(place, key)).copied()
    }

    /// The keys of an action, the shown one first.
    pub(crate) fn keys_of(&self, action: ActionId) -> &[Key] {
        self.keys.get(&action).map(Vec::as_slice).unwrap_or_default()
    }

    /// The key that is shown for an action; `None` where it has none.
    pub(crate) fn shown(&self, action: ActionId) -> Option<String> {
        self.keys_of(action).first().map(ToString::to_string)
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self::of_defaults()
    }
}

/// Reads the keys that are wished for an action, or says why it cannot have them.
fn keys_for(action: &Action, wished: &[String]) -> Result<Vec<Key>, String> {
    let mut keys = Vec::new();
    for text in wished {
        let Some(key) = Key::parse(text) else {
            let guess = hint(text, NAMED.iter().map(|(name, _)| *name));
            return Err(format!(
                "knows no key '{text}': a key is one character, ctrl- with a letter, or a name; {guess}"
            ));
        };
        if action.changes_the_world() && !key.is_capital() {
            return Err(format!(
                "cannot be '{text}': it changes the world, and only capital letters do; give it a capital"
            ));
        }
        if key.is_text() && action.places.contains(&Place::Field) {
            return Err(format!(
                "cannot be '{text}': it also works while text is typed, where '{text}' is text"
            ));
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() && ALWAYS_BOUND.contains(&action.id) {
        return Err("needs at least one key".to_owned());
    }
    Ok(keys)
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

    fn binding(action: &str, keys: &[&str]) -> KeyBinding {
        KeyBinding {
            action: action.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            place: Spot { line: 3, column: 1 },
        }
    }

    #[test]
    fn settings_give_actions_other_keys() {
        let keymap = Keymap::try_new(&[binding("why", &["w", "f2"]), binding("sort", &[])]).unwrap();
        let means = |key: &str| keymap.action(Place::Clusters, Key::parse(key).unwrap());
        assert_eq!(
            (means("w"), means("f2"), means("x")),
            (Some(ActionId::Why), Some(ActionId::Why), None)
        );
        assert_eq!((means("s"), keymap.shown(ActionId::Sort)), (None, None));
        assert_eq!(keymap.shown(ActionId::Why).as_deref(), Some("w"));
        assert_eq!(means("enter"), Some(ActionId::Open), "what is not named stays");
    }

    #[test]
    fn two_actions_can_change_their_keys() {
        let swapped = [binding("abort", &["R"]), binding("retry", &["A"])];
        assert!(Keymap::try_new(&swapped).is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        for (action, keys, words) in [
            ("why", &["d"][..], "'d' would mean both why and details on one screen"),
            ("whyy", &["w"], "there is no action 'whyy'; did you mean 'why'?"),
            (
                "zzz",
                &["w"],
                "there is no action 'zzz'; `aks-cockpit config` lists them all",
            ),
            ("why", &["entr"], "did you mean 'enter'?"),
            ("abort", &["a"], "keys.abort cannot be 'a': it changes the world"),
            ("abort", &["ctrl-a"], "it changes the world"),
            ("abort", &["f5"], "it changes the world"),
            ("back", &["b"], "while text is typed"),
            ("leave", &[], "needs at least one key"),
        ] {
            let faults = Keymap::try_new(&[binding(action, keys)]).unwrap_err();
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(told.iter().any(|told| told.contains(words)), "{action}: {told:?}");
            assert!(
                told.iter().all(|told| told.starts_with("line 3, column 1: ")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn a_shifted_letter_is_its_capital() {
        let event = KeyEvent::new(KeyCode::Char('U'), KeyModifiers::SHIFT);
        assert_eq!(Key::of(event), Key::parse("U").unwrap());
        let event = KeyEvent::new(KeyCode::Char('R'), KeyModifiers::CONTROL);
        assert_eq!(Key::of(event), Key::parse("ctrl-r").unwrap());
    }
}
