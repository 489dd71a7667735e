//! An example of a settings file with every key in it, made from the table; as it stands it changes nothing.

use std::fmt::Write as _;

use super::settings::default_of;
use super::table::{SETTINGS, Setting};
use super::value::{Kind, Value};
use super::vocabulary::Vocabulary;

const HEAD: &str = "\
# Settings of aks-cockpit. Every line is a comment: take the `# ` off where you want something else.
# Flags and environment variables win over this file. `aks-cockpit config` shows what holds and why,
# `aks-cockpit config --check` says what is wrong here, docs/settings.md explains it all.
";

const REST: &str = r##"
# Colours for single roles, on top of the theme: a name, #rrggbb or 0 to 255, `COLOUR on COLOUR`, and bold, dim,
# underlined, reversed.
# [look.roles]
# danger = "#ff5555 bold"
# selected = "white on blue"

# Keys: the name of an action, and a key or a list of keys. Capitals are for what changes the world.
# [keys]
# why = ["x", "f2"]

# What holds for some clusters alone; names or group/name with * and ?. The later one wins.
# [[cluster]]
# match = ["prod-*", "rg-live/*"]
# protected = true
# theme = "light"
# smoke-tests = "smoke-prod.toml"
# contact = "team shop, +49 30 1234"
# api-version = "2026-08-01"

# Filters with a name, for the overview.
# [[view]]
# name = "stuck in production"
# filter = "prod state=stuck"
# sort = "name"
"##;

/// The whole file.
pub fn example(vocabulary: &Vocabulary) -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (own, key) = setting.name.split_once('.').unwrap_or(("", setting.name));
        if own != section {
            text.push_str(&format!("\n# [{own}]\n"));
            section = own;
        }
        let _ = write!(
            text,
            "\n# {} {}.\n# {key} = {}\n",
            setting.help,
            capitalised(&setting.kind.allowed(vocabulary)),
            written(&sample(setting))
        );
    }
    text.push_str(REST);
    text
}

/// The default, or something that shows how a value is written.
fn sample(setting: &Setting) -> Value {
    default_of(setting).unwrap_or_else(|| match (setting.name, setting.kind) {
        ("subscription", _) => Value::List(vec!["11111111-2222-3333-4444-555555555555".to_owned()]),
        (_, Kind::List) => Value::List(vec!["notify-send".to_owned(), "aks-cockpit".to_owned()]),
        (_, Kind::Number { .. }) => Value::Number(150.0),
        (_, Kind::Theme) => Value::Text("dark".to_owned()),
        (_, Kind::SecretUrl) => Value::Text("https://hooks.example.com/...".to_owned()),
        ("arm-endpoint", _) => Value::Text("https://management.azure.com".to_owned()),
        ("simulate", _) => Value::Text("demo".to_owned()),
        ("clock", _) => Value::Text("2026-11-23T10:00:00Z*60".to_owned()),
        ("context", _) => Value::Text("shop-prod".to_owned()),
        (name, _) => Value::Text(format!("~/{name}")),
    })
}

/// As TOML has it.
pub(super) fn written(value: &Value) -> String {
    let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
    match value {
        Value::Text(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::super::file::{SettingsFile, Surroundings, read};
    use super::super::table::{CLUSTER_FIELDS, VIEW_FIELDS};
    use super::*;

    const VOCABULARY: fn() -> Vocabulary = || Vocabulary {
        themes: &["dark", "light"],
        roles: &["danger", "selected"],
        sorts: &["name"],
        ..Vocabulary::default()
    };

    #[test]
    fn it_changes_nothing_as_it_stands() {
        let read = read(&example(&VOCABULARY()), &VOCABULARY(), &Surroundings::default());
        assert_eq!(read, Ok(SettingsFile::default()));
    }

    #[test]
    fn every_key_is_in_it_and_could_be_used() {
        let text = example(&VOCABULARY());
        // What looks like TOML behind the mark is meant to be.
        let is_toml = |line: &&str| line.starts_with('[') || line.contains(" = ");
        let bare: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(is_toml)
            // One world is enough.
            .filter(|line| !line.starts_with("simulate") && !line.starts_with("kubeconfig"))
            .collect();
        let file = read(&bare.join("\n"), &VOCABULARY(), &Surroundings::default()).unwrap();
        assert_eq!(file.values.len(), SETTINGS.len() - 2);
        assert_eq!(
            (file.clusters.patterns.len(), file.views.len(), file.keys.len()),
            (1, 1, 1)
        );
        for field in CLUSTER_FIELDS.iter().chain(VIEW_FIELDS) {
            assert!(text.contains(&format!("# {} = ", field.name)), "{}", field.name);
        }
    }
}
