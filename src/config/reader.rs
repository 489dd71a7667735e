//! Walks the tables of a settings file: known keys are read by their kind, everything else is a fault with its place.
//! Goes on after a fault, so that a person sees all of them at once.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Place};
use super::suggestion::{hint, meant};
use super::table::{Field, KEYS, ROLES, SETTINGS, Setting};
use super::value::{Kind, Value, type_of};
use super::vocabulary::{KeyBinding, Vocabulary};

/// Where relative paths and `~` lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The directory of the file.
    pub directory: PathBuf,
    pub home: Option<PathBuf>,
}

impl Surroundings {
    /// The path that a text of the file means.
    pub fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.directory.join(Path::new(text)),
        }
    }
}

/// A colour for a role, as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleColour {
    pub role: &'static str,
    pub colour: String,
    pub place: Place,
}

/// The lists of tables a file may have.
pub(super) const LISTS: [&str; 2] = ["cluster", "view"];

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) vocabulary: &'t Vocabulary,
    pub(super) surroundings: &'t Surroundings,
    pub(super) faults: Vec<Fault>,
    pub(super) values: Vec<(&'static Setting, Value, Place)>,
    pub(super) keys: Vec<KeyBinding>,
    pub(super) roles: Vec<RoleColour>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, vocabulary: &'t Vocabulary, surroundings: &'t Surroundings) -> Self {
        Self {
            text,
            vocabulary,
            surroundings,
            faults: Vec::new(),
            values: Vec::new(),
            keys: Vec::new(),
            roles: Vec::new(),
        }
    }

    pub(super) fn place<T>(&self, spanned: &Spanned<T>) -> Place {
        Place::of(self.text, &spanned.span())
    }

    pub(super) fn fault<T>(&mut self, at: &Spanned<T>, what: impl AsRef<str>) {
        let fault = Fault::new(self.place(at), what);
        self.faults.push(fault);
    }

    /// Reads the keys of a table; `section` is empty for the whole file, else ends with a dot.
    pub(super) fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{section}{}", key.get_ref());
            if section.is_empty() && LISTS.contains(&name.as_str()) {
                continue;
            }
            if let Some(setting) = Setting::of(&name) {
                if let Some(found) = self.value(&name, setting.kind, value) {
                    let place = self.place(key);
                    self.values.push((setting, found, place));
                }
            } else if let (true, DeValue::Table(inner)) = (is_section(&name), value.get_ref()) {
                match name.as_str() {
                    KEYS => self.keys_section(inner),
                    ROLES => self.roles_section(inner),
                    _ => self.section(&format!("{name}."), inner),
                }
            } else if is_section(&name) {
                self.fault(value, format!("{name} is a section: write [{name}] and its keys below"));
            } else {
                let guess = hint(&name, known(section));
                let whole = by_last_word(key.get_ref());
                let guess = whole.map_or(guess, |whole| format!("did you mean '{whole}'?"));
                self.fault(key, format!("there is no key '{name}'; {guess}"));
            }
        }
    }

    /// Reads one value by its kind; a path is made absolute.
    fn value(&mut self, name: &str, kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        match kind.of_toml(value.get_ref(), self.vocabulary) {
            Ok(Value::Text(text)) if kind == Kind::File => {
                let path = self.surroundings.path(&text);
                Some(Value::Text(path.to_string_lossy().into_owned()))
            }
            Ok(found) => Some(found),
            Err(why) => {
                self.fault(value, format!("{name} {why}"));
                None
            }
        }
    }

    fn keys_section(&mut self, table: &DeTable<'_>) {
        for (action, value) in table {
            match Kind::List.of_toml(value.get_ref(), self.vocabulary) {
                Ok(Value::List(keys)) => {
                    let place = self.place(action);
                    self.keys.push(KeyBinding {
                        action: action.get_ref().to_string(),
                        keys,
                        place,
                    });
                }
                _ => self.fault(
                    value,
                    format!(
                        "keys.{} must be a key such as \"x\", or a list of keys",
                        action.get_ref()
                    ),
                ),
            }
        }
    }

    fn roles_section(&mut self, table: &DeTable<'_>) {
        for (role, value) in table {
            let name = role.get_ref();
            let Some(known) = self.vocabulary.roles.iter().find(|known| **known == name.as_ref()) else {
                let guess = hint(name, self.vocabulary.roles.iter().copied());
                self.fault(role, format!("there is no role '{name}'; {guess}"));
                continue;
            };
            match value
                .get_ref()
                .as_str()
                .map(|colour| (colour, (self.vocabulary.check_colour)(colour)))
            {
                Some((colour, Ok(()))) => {
                    let place = self.place(role);
                    self.roles.push(RoleColour {
                        role: known,
                        colour: colour.to_owned(),
                        place,
                    });
                }
                Some((_, Err(why))) => self.fault(value, format!("{ROLES}.{name} {why}")),
                None => self.fault(
                    value,
                    format!(
                        "{ROLES}.{name} must be a colour in quotes, and here is {}",
                        type_of(value.get_ref())
                    ),
                ),
            }
        }
    }

    /// Reads the tables of `[[name]]`, each field by its kind; `take` gets what could be read.
    pub(super) fn tables(
        &mut self,
        root: &DeTable<'_>,
        name: &str,
        fields: &[Field],
        mut take: impl FnMut(&mut Self, Table),
    ) {
        let Some((key, value)) = root.get_key_value(name) else {
            return;
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.fault(
                key,
                format!("{name} is a list of tables: write [[{name}]] and its keys below"),
            );
            return;
        };
        for item in items {
            let DeValue::Table(table) = item.get_ref() else {
                self.fault(
                    item,
                    format!("a {name} is a table, and here is {}", type_of(item.get_ref())),
                );
                continue;
            };
            let found = self.table(name, table, item, fields);
            take(self, found);
        }
    }

    fn table(&mut self, name: &str, table: &DeTable<'_>, item: &Spanned<DeValue<'_>>, fields: &[Field]) -> Table {
        let mut found = Table {
            place: self.place(item),
            values: Vec::new(),
        };
        for (key, value) in table {
            let Some(field) = fields.iter().find(|field| field.name == key.get_ref().as_ref()) else {
                let guess = hint(key.get_ref(), fields.iter().map(|field| field.name));
                self.fault(key, format!("a [[{name}]] has no '{}'; {guess}", key.get_ref()));
                continue;
            };
            if let Some(read) = self.value(&format!("{name}.{}", field.name), field.kind, value) {
                let place = self.place(value);
                found.values.push((field.name, read, place));
            }
        }
        for field in fields.iter().filter(|field| field.is_needed) {
            if !table.contains_key(field.name) {
                self.fault(item, format!("a [[{name}]] needs '{}'", field.name));
            }
        }
        found
    }
}

/// What could be read of one table in a list.
pub(super) struct Table {
    pub(super) place: Place,
    values: Vec<(&'static str, Value, Place)>,
}

impl Table {
    /// A field's value with its place.
    pub(super) fn get(&self, name: &str) -> Option<(&Value, Place)> {
        let mut values = self.values.iter();
        values
            .find(|(own, ..)| *own == name)
            .map(|(_, value, place)| (value, *place))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)?.0 {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

fn is_section(name: &str) -> bool {
    let inside = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    [KEYS, ROLES].contains(&name) || SETTINGS.iter().any(|setting| inside(setting.name))
}

/// What can stand at a level of the file.
fn known(section: &str) -> Vec<&'static str> {
    let mut known: Vec<&'static str> = Vec::new();
    let here = SETTINGS.iter().map(|setting| setting.name).chain([KEYS, ROLES]);
    for name in here.filter(|name| name.starts_with(section)) {
        let rest = &name[section.len()..];
        // A section counts as one word.
        let until = rest.find('.').map_or(name.len(), |dot| section.len() + dot);
        if !known.contains(&&name[..until]) {
            known.push(&name[..until]);
        }
    }
    if section.is_empty() {
        known.extend(LISTS);
    }
    known
}

/// A key of another section that ends with the word, or nearly so: `theme` for `look.theme`.
fn by_last_word(word: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let flag = Setting::of_flag(word).map(|setting| setting.name);
    flag.or_else(|| {
        let meant = meant(word, SETTINGS.iter().map(|setting| last(setting.name)))?;
        SETTINGS
            .iter()
            .map(|setting| setting.name)
            .find(|name| last(name) == meant)
    })
}
