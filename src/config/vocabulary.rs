//! The words that a settings file uses and only the cockpit knows: themes, roles, actions, sorts. Handed in as a value,
//! so that settings are checked in full without knowing a screen.

use super::fault::{Fault, Place};

/// An action that keys can be given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionWord {
    pub name: &'static str,
    pub help: &'static str,
    /// The keys without settings, the shown one first.
    pub keys: &'static [&'static str],
}

/// Keys for an action, as the file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBinding {
    pub action: String,
    pub keys: Vec<String>,
    pub place: Place,
}

/// All that is known, and how the rest is checked.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub themes: &'static [&'static str],
    /// What a colour can be given to.
    pub roles: &'static [&'static str],
    pub sorts: &'static [&'static str],
    pub actions: Vec<ActionWord>,
    /// Says why a text is no colour.
    pub check_colour: fn(&str) -> Result<(), String>,
    /// Says why a text is no filter.
    pub check_filter: fn(&str) -> Result<(), String>,
    /// Everything that is wrong with the keys: unknown actions and keys, clashes.
    pub check_keys: fn(&[KeyBinding]) -> Vec<Fault>,
}

impl Default for Vocabulary {
    /// Knows no word, and takes every colour, filter and key.
    fn default() -> Self {
        Self {
            themes: &[],
            roles: &[],
            sorts: &[],
            actions: Vec::new(),
            check_colour: |_| Ok(()),
            check_filter: |_| Ok(()),
            check_keys: |_| Vec::new(),
        }
    }
}
