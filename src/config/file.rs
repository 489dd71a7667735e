//! Reads the text of a settings file into values with their places, or into everything that is wrong with it.

use std::path::PathBuf;

use toml::de::DeTable;

use super::cluster::{ClusterPattern, ClusterRules};
use super::fault::{Fault, Place};
use super::reader::{Reader, Table};
pub use super::reader::{RoleColour, Surroundings};
use super::suggestion::hint;
use super::table::{CLUSTER_FIELDS, Setting, VIEW_FIELDS};
use super::value::Value;
use super::vocabulary::{KeyBinding, Vocabulary};
use crate::domain::text::printable;

/// Larger texts are no settings.
const LARGEST: usize = 1_024 * 1_024;

/// A filter and a sort with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub name: String,
    /// Empty shows all.
    pub filter: String,
    /// One of the cockpit's sorts; `None` leaves the sort as it is.
    pub sort: Option<String>,
}

/// All that a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsFile {
    /// With the line of the key.
    pub values: Vec<(&'static Setting, Value, usize)>,
    pub keys: Vec<KeyBinding>,
    pub roles: Vec<RoleColour>,
    pub clusters: ClusterRules,
    pub views: Vec<SavedView>,
}

/// Reads a file's text.
///
/// # Errors
/// Every fault that was found, in the order of the file; never empty.
pub fn read(text: &str, vocabulary: &Vocabulary, surroundings: &Surroundings) -> Result<SettingsFile, Vec<Fault>> {
    let start = Place { line: 1, column: 1 };
    if text.len() > LARGEST {
        return Err(vec![Fault::new(start, "the file is larger than 1 MiB")]);
    }
    let parsed = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or(start, |span| Place::of(text, &span));
        vec![Fault::new(place, format!("this is no TOML: {}", error.message()))]
    })?;
    let root = parsed.get_ref();
    let mut reader = Reader::new(text, vocabulary, surroundings);
    reader.section("", root);
    reader.faults.extend((vocabulary.check_keys)(&reader.keys));
    let clusters = clusters(&mut reader, root);
    let views = views(&mut reader, root);
    one_world(&mut reader);
    let Reader {
        mut faults,
        values,
        mut keys,
        roles,
        ..
    } = reader;
    keys.sort_by_key(|binding| binding.place);
    if !faults.is_empty() {
        faults.sort();
        return Err(faults);
    }
    let values = values
        .into_iter()
        .map(|(setting, value, place)| (setting, value, place.line));
    Ok(SettingsFile {
        values: values.collect(),
        keys,
        roles,
        clusters,
        views,
    })
}

fn clusters(reader: &mut Reader<'_>, root: &DeTable<'_>) -> ClusterRules {
    let mut patterns = Vec::new();
    reader.tables(root, "cluster", CLUSTER_FIELDS, |reader, table| {
        let names = match table.get("match") {
            Some((Value::List(names), place)) => {
                if names.is_empty() {
                    let fault = Fault::new(place, "cluster.match has no name in it");
                    reader.faults.push(fault);
                }
                names.clone()
            }
            _ => return,
        };
        patterns.push(ClusterPattern {
            patterns: names,
            protected: match table.get("protected") {
                Some((Value::Flag(flag), _)) => Some(*flag),
                _ => None,
            },
            theme: table.text("theme"),
            smoke_tests: table.text("smoke-tests").map(PathBuf::from),
            contact: table.text("contact").map(|text| printable(&text)),
            api_version: table.text("api-version"),
            line: table.place.line,
        });
    });
    ClusterRules { patterns }
}

fn views(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Vec<SavedView> {
    let mut views: Vec<SavedView> = Vec::new();
    reader.tables(root, "view", VIEW_FIELDS, |reader, table| {
        let Some(name) = table.text("name").map(|name| printable(&name)) else {
            return;
        };
        if views.iter().any(|view| view.name == name) {
            let fault = Fault::new(table.place, format!("there are two views '{name}'"));
            reader.faults.push(fault);
            return;
        }
        check_view(reader, &table);
        views.push(SavedView {
            name,
            filter: table.text("filter").map(|text| printable(&text)).unwrap_or_default(),
            sort: table.text("sort"),
        });
    });
    views
}

fn check_view(reader: &mut Reader<'_>, table: &Table) {
    if let Some((Value::Text(filter), place)) = table.get("filter")
        && let Err(why) = (reader.vocabulary.check_filter)(filter)
    {
        reader.faults.push(Fault::new(place, format!("view.filter {why}")));
    }
    let sorts = reader.vocabulary.sorts;
    if let Some((Value::Text(sort), place)) = table.get("sort")
        && !sorts.contains(&sort.as_str())
    {
        let fault = Fault::new(
            place,
            format!("view.sort is '{sort}'; {}", hint(sort, sorts.iter().copied())),
        );
        reader.faults.push(fault);
    }
}

/// Which world is looked at can be said once only.
fn one_world(reader: &mut Reader<'_>) {
    let mut named: Option<&str> = None;
    let mut faults = Vec::new();
    for (setting, _, place) in &reader.values {
        if !WORLDS.contains(&setting.name) {
            continue;
        }
        match named {
            Some(other) => faults.push(Fault::new(
                *place,
                format!("{} and {other} each name a world; keep one of them", setting.name),
            )),
            None => named = Some(setting.name),
        }
    }
    reader.faults.extend(faults);
}

/// Keys of which one is enough: each says what is looked at.
pub const WORLDS: [&str; 3] = ["simulate", "arm-endpoint", "kubeconfig"];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            themes: &["dark", "light", "colour-blind"],
            roles: &["danger", "good"],
            sorts: &["worst", "name"],
            check_colour: |text| (text == "red").then_some(()).ok_or_else(|| "must be red".to_owned()),
            check_filter: |text| {
                (!text.contains("zone="))
                    .then_some(())
                    .ok_or_else(|| "has no 'zone'".to_owned())
            },
            ..Vocabulary::default()
        }
    }

    fn read_here(text: &str) -> Result<SettingsFile, Vec<Fault>> {
        let surroundings = Surroundings {
            directory: PathBuf::from("/etc/cockpit"),
            home: Some(PathBuf::from("/home/ada")),
        };
        read(text, &vocabulary(), &surroundings)
    }

    #[test]
    fn a_whole_file_is_read_with_its_lines() {
        let file = read_here(
            r#"
output = "json"
subscription = "1111"
smoke-tests = "cart.toml"
speed = 2
state-dir = "~/state"

[look]
theme = "light"
color = false
roles.danger = "red"

[notify]
on = ["failed"]
webhook = "https://hooks.example.com/token"

[keys]
why = ["w", "f2"]
help = "?"

[[cluster]]
match = "prod-*"
protected = true
contact = "team\u001b shop"
smoke-tests = "/srv/prod.toml"
api-version = 2026-08-01

[[view]]
name = "mine"
filter = "state=stuck"
sort = "name"
"#,
        )
        .unwrap();
        let value = |name: &str| {
            let mut values = file.values.iter();
            values
                .find(|(setting, ..)| setting.name == name)
                .map(|(_, value, line)| (value.to_string(), *line))
        };
        for (name, text, line) in [
            ("output", "json", 2),
            ("subscription", "1111", 3),
            ("smoke-tests", "/etc/cockpit/cart.toml", 4),
            ("speed", "2", 5),
            ("state-dir", "/home/ada/state", 6),
            ("look.theme", "light", 9),
            ("look.color", "false", 10),
            ("notify.on", "failed", 14),
        ] {
            assert_eq!(value(name), Some((text.to_owned(), line)), "{name}");
        }
        assert_eq!(file.roles[0].colour, "red");
        assert_eq!(file.keys[0].keys, ["w", "f2"]);
        assert_eq!(file.keys[1].place.line, 19);
        let pattern = &file.clusters.patterns[0];
        assert_eq!(pattern.contact.as_deref(), Some("team shop"));
        assert_eq!((pattern.line, pattern.api_version.as_deref()), (21, Some("2026-08-01")));
        assert_eq!(pattern.smoke_tests.as_deref(), Some(Path::new("/srv/prod.toml")));
        assert_eq!(
            (file.views[0].filter.as_str(), file.views[0].sort.as_deref()),
            ("state=stuck", Some("name"))
        );
    }

    #[test]
    fn faults_say_where_what_and_what_would_be_right() {
        for (text, expected) in [
            (
                "outptu = 'json'",
                "line 1, column 1: there is no key 'outptu'; did you mean 'output'?",
            ),
            ("theme = 'dark'", "there is no key 'theme'; did you mean 'look.theme'?"),
            (
                "no-color = true",
                "there is no key 'no-color'; did you mean 'look.color'?",
            ),
            (
                "[look]\nthem = 'dark'",
                "line 2, column 1: there is no key 'look.them'; did you mean 'look.theme'?",
            ),
            ("[lok]\ntheme = 'dark'", "there is no key 'lok'; did you mean 'look'?"),
            ("zzz = 1", "there is no key 'zzz'; there are output, subscription"),
            ("look = 'dark'", "look is a section: write [look]"),
            (
                "[look]\ntheme = 'drak'",
                "line 2, column 9: look.theme is 'drak', and there are dark, light, colour-blind; did you mean 'dark'?",
            ),
            (
                "read-only = 'yes'",
                "read-only must be true or false, and here is a text",
            ),
            ("seed = -1", "seed must be a whole number from 0, and here is '-1'"),
            ("speed = 0", "speed must be a number from 0.1 to 50000, and here is '0'"),
            (
                "[refresh]\ncluster = '1s'",
                "refresh.cluster must be a duration from 2s to 10m",
            ),
            (
                "[look.roles]\ndangre = 'red'",
                "there is no role 'dangre'; did you mean 'danger'?",
            ),
            ("[look.roles]\ndanger = 'rde'", "look.roles.danger must be red"),
            ("[keys]\nwhy = 1", "keys.why must be a key"),
            ("[[cluster]]\nprotected = true", "a [[cluster]] needs 'match'"),
            (
                "[[cluster]]\nmatch = '*'\nprotect = true",
                "line 3, column 1: a [[cluster]] has no 'protect'; did you mean 'protected'?",
            ),
            (
                "[cluster]\nmatch = '*'",
                "cluster is a list of tables: write [[cluster]]",
            ),
            (
                "[[view]]\nname='a'\n[[view]]\nname='a'",
                "line 3, column 1: there are two views 'a'",
            ),
            (
                "[[view]]\nname='a'\nsort='nam'",
                "view.sort is 'nam'; did you mean 'name'?",
            ),
            ("[[view]]\nname='a'\nfilter='zone=1'", "view.filter has no 'zone'"),
            (
                "simulate = 'demo'\nkubeconfig = 'x'",
                "each name a world; keep one of them",
            ),
            ("a = [", "this is no TOML"),
            ("a = 1\na = 2", "line 2, column 1: this is no TOML"),
        ] {
            let faults: Vec<String> = read_here(text).unwrap_err().iter().map(ToString::to_string).collect();
            assert!(
                faults.iter().any(|fault| fault.contains(expected)),
                "{text}\n{faults:?}"
            );
        }
    }

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_the_file() {
        let faults = read_here("outptu = 1\nseed = 'x'\n[look]\nascii = 3\n").unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.place.line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    #[test]
    fn a_secret_is_in_no_fault() {
        let faults = read_here("[notify]\nwebhook = 'http://hooks.example.com/token'").unwrap_err();
        assert!(!format!("{faults:?}").contains("token"), "{faults:?}");
    }

    #[test]
    fn nothing_is_a_file_too() {
        assert_eq!(read_here(""), Ok(SettingsFile::default()));
        assert_eq!(read_here(&" ".repeat(LARGEST + 1)).unwrap_err().len(), 1);
    }
}
