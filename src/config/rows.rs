//! Every key as people and scripts look at it: value, default, origin, help. Secrets are redacted here, for all of them.

use super::settings::{Origin, Settings, default_of};
use super::table::{Flag, KEYS, ROLES, SETTINGS};
use super::value::Value;
use super::vocabulary::Vocabulary;

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    /// Without its secret.
    pub value: Option<Value>,
    pub default: Option<Value>,
    /// What holds without a value; empty where there is always one.
    pub unset: &'static str,
    pub origin: Origin,
    pub help: String,
    /// What may be written.
    pub allowed: String,
    /// With its dashes.
    pub flag: Option<String>,
    pub environment: Option<&'static str>,
    /// A running cockpit takes a change over.
    pub is_live: bool,
}

impl Row {
    /// The value for a table: itself, or what holds without one.
    pub fn told(&self) -> String {
        match &self.value {
            Some(value) => value.to_string(),
            None => format!("({})", self.unset),
        }
    }
}

impl Origin {
    /// `flag`, `environment`, `file`, `default`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment(_) => "environment",
            Self::File { .. } => "file",
            Self::Default => "default",
        }
    }

    /// With the variable or the line.
    pub fn told(&self) -> String {
        match self {
            Self::Environment(variable) => (*variable).to_owned(),
            Self::File { line } => format!("file, line {line}"),
            _ => self.word().to_owned(),
        }
    }
}

/// All keys: those of the table, then the keymap and the colours.
pub fn rows(settings: &Settings, vocabulary: &Vocabulary) -> Vec<Row> {
    let mut rows: Vec<Row> = SETTINGS
        .iter()
        .map(|setting| {
            let (value, origin) = settings.get(setting);
            Row {
                name: setting.name.to_owned(),
                value: value.map(|value| setting.kind.shown(&value)),
                default: default_of(setting),
                unset: setting.unset,
                origin,
                help: setting.help.to_owned(),
                allowed: setting.kind.allowed(vocabulary),
                flag: setting.flag.map(|flag| format!("--{}", Flag::name(flag))),
                environment: Some(setting.environment),
                is_live: setting.is_live,
            }
        })
        .collect();
    rows.extend(vocabulary.roles.iter().map(|role| role_row(settings, role)));
    rows.extend(vocabulary.actions.iter().map(|action| {
        let set = settings.keys.iter().find(|binding| binding.action == action.name);
        let default: Vec<String> = action.keys.iter().map(|key| (*key).to_owned()).collect();
        Row {
            name: format!("{KEYS}.{}", action.name),
            value: Some(Value::List(set.map_or_else(|| default.clone(), |set| set.keys.clone()))),
            default: Some(Value::List(default)),
            unset: "",
            origin: set.map_or(Origin::Default, |set| Origin::File { line: set.place.line }),
            help: action.help.to_owned(),
            allowed: "a key such as \"x\", \"ctrl-x\" or \"f2\", or a list of keys".to_owned(),
            flag: None,
            environment: None,
            is_live: true,
        }
    }));
    rows
}

fn role_row(settings: &Settings, role: &str) -> Row {
    let set = settings.roles.iter().find(|colour| colour.role == role);
    Row {
        name: format!("{ROLES}.{role}"),
        value: set.map(|set| Value::Text(set.colour.clone())),
        default: None,
        unset: "the theme's",
        origin: set.map_or(Origin::Default, |set| Origin::File { line: set.place.line }),
        help: format!("The colour of the role {role}, in every theme."),
        allowed: "a colour: a name, #rrggbb or 0 to 255; `COLOUR on COLOUR`; bold, dim, underlined, reversed"
            .to_owned(),
        flag: None,
        environment: None,
        is_live: true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{Surroundings, read};
    use super::super::vocabulary::ActionWord;
    use super::*;

    #[test]
    fn rows_tell_values_origins_and_no_secret() {
        let vocabulary = Vocabulary {
            roles: &["danger"],
            actions: vec![ActionWord {
                name: "why",
                help: "Show why.",
                keys: &["x"],
            }],
            ..Vocabulary::default()
        };
        let text =
            "[notify]\nwebhook = 'https://hooks.example.com/token'\n[keys]\nwhy = 'w'\n[look.roles]\ndanger = 'red'";
        let file = read(text, &vocabulary, &Surroundings::default()).unwrap();
        let rows = rows(&Settings::new(Vec::new(), file), &vocabulary);
        assert!(!format!("{rows:?}").contains("token"));
        let told = |name: &str| {
            let row = rows.iter().find(|row| row.name == name).unwrap();
            (row.told(), row.origin.told())
        };
        let expected = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
        assert_eq!(
            told("notify.webhook"),
            expected("https://hooks.example.com/[redacted]", "file, line 2")
        );
        assert_eq!(told("keys.why"), expected("w", "file, line 4"));
        assert_eq!(told("look.roles.danger"), expected("red", "file, line 6"));
        assert_eq!(
            told("subscription"),
            expected("(all that the login can see)", "default")
        );
    }
}
