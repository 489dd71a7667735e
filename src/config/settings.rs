//! One value for every key, out of flags, environment, file and defaults, each with where it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::cluster::{ClusterPattern, ClusterRules};
use super::file::{RoleColour, SavedView, SettingsFile};
use super::notify::{Desktop, NotifySettings, Occasion, Shape, Webhook};
use super::secret::Secret;
use super::table::{SETTINGS, Setting};
use super::value::{Value, duration};
use super::vocabulary::{KeyBinding, Vocabulary};

/// Where a value came from; the strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    /// With the variable's name.
    Environment(&'static str),
    File {
        line: usize,
    },
    Default,
}

/// What a flag or a variable says.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub setting: &'static Setting,
    pub value: Value,
    pub origin: Origin,
}

/// How often is looked at Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub clusters: Duration,
    pub cluster: Duration,
    pub offers: Duration,
}

/// Everything that is set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Only keys that somebody set.
    set: BTreeMap<&'static str, (Value, Origin)>,
    /// Where the file is, or would be; `None` where there is no place for one.
    pub path: Option<PathBuf>,
    /// True where the file was there.
    pub has_file: bool,
    pub keys: Vec<KeyBinding>,
    pub roles: Vec<RoleColour>,
    pub clusters: ClusterRules,
    pub views: Vec<SavedView>,
}

impl Settings {
    /// Puts the layers together: what is given by flags and variables wins over the file.
    pub fn new(given: Vec<Given>, file: SettingsFile) -> Self {
        let mut set: BTreeMap<&'static str, (Value, Origin)> = BTreeMap::new();
        for (setting, value, line) in file.values {
            set.insert(setting.name, (value, Origin::File { line }));
        }
        for Given { setting, value, origin } in given {
            set.insert(setting.name, (value, origin));
        }
        Self {
            set,
            path: None,
            has_file: false,
            keys: file.keys,
            roles: file.roles,
            clusters: file.clusters,
            views: file.views,
        }
    }

    /// The value of a key and its origin; no value for a key without one that nobody set.
    pub fn get(&self, setting: &Setting) -> (Option<Value>, Origin) {
        match self.set.get(setting.name) {
            Some((value, origin)) => (Some(value.clone()), origin.clone()),
            None => (default_of(setting), Origin::Default),
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        let setting = Setting::of(name).expect("only keys of the table are asked for, as a test proves");
        self.get(setting).0
    }

    fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Flag(true))
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        }
    }

    fn seconds(&self, name: &str) -> Duration {
        let text = self.text(name).unwrap_or_default();
        duration(&text).expect("durations are checked when they are read, and have defaults")
    }

    /// `None` leaves the choice to the terminal.
    pub fn theme(&self) -> Option<String> {
        self.text("look.theme")
    }

    pub fn has_colour(&self) -> bool {
        self.flag("look.color")
    }

    pub fn is_ascii(&self) -> bool {
        self.flag("look.ascii")
    }

    pub fn has_animation(&self) -> bool {
        self.flag("look.animation")
    }

    pub fn has_mouse(&self) -> bool {
        self.flag("look.mouse")
    }

    /// The version of Azure's API that is asked for in general.
    pub fn api_version(&self) -> String {
        self.text("api-version").unwrap_or_default()
    }

    pub fn refresh(&self) -> Refresh {
        Refresh {
            clusters: self.seconds("refresh.clusters"),
            cluster: self.seconds("refresh.cluster"),
            offers: self.seconds("refresh.offers"),
        }
    }

    pub fn notify(&self) -> NotifySettings {
        let on = self.list("notify.on");
        let command = self.list("notify.command");
        let word = |name: &str| self.text(name).unwrap_or_default();
        NotifySettings {
            on: Occasion::ALL
                .into_iter()
                .filter(|occasion| on.iter().any(|word| word == occasion.as_str()))
                .collect(),
            bell: self.flag("notify.bell"),
            desktop: Desktop::of(&word("notify.desktop")),
            webhook: self.text("notify.webhook").map(|url| Webhook {
                url: Secret::new(url),
                shape: Shape::of(&word("notify.webhook-shape")),
            }),
            command: (!command.is_empty()).then_some(command),
        }
    }

    /// The names of keys whose change a running cockpit cannot take over.
    pub fn differing_at_start(&self, other: &Self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = SETTINGS
            .iter()
            .filter(|setting| !setting.is_live && self.get(setting).0 != other.get(setting).0)
            .map(|setting| setting.name)
            .collect();
        let tests = |settings: &Self| by_pattern(settings, |pattern| pattern.smoke_tests.clone());
        let versions = |settings: &Self| by_pattern(settings, |pattern| pattern.api_version.clone());
        if tests(self) != tests(other) {
            names.push("cluster.smoke-tests");
        }
        if versions(self) != versions(other) {
            names.push("cluster.api-version");
        }
        names
    }
}

/// What the patterns that say something say, in their order.
fn by_pattern<T>(settings: &Settings, pick: impl Fn(&ClusterPattern) -> Option<T>) -> Vec<(Vec<String>, T)> {
    let patterns = settings.clusters.patterns.iter();
    patterns
        .filter_map(|pattern| Some((pattern.patterns.clone(), pick(pattern)?)))
        .collect()
}

/// The default of a key as a value.
pub fn default_of(setting: &Setting) -> Option<Value> {
    let text = setting.default?;
    let value = setting.kind.of_text(text, &Vocabulary::default());
    Some(value.expect("defaults are allowed, as a test proves"))
}

#[cfg(test)]
mod tests {
    use super::super::file::{Surroundings, read};
    use super::*;

    fn file(text: &str) -> SettingsFile {
        let vocabulary = Vocabulary {
            themes: &["dark", "light"],
            ..Vocabulary::default()
        };
        read(text, &vocabulary, &Surroundings::default()).unwrap()
    }

    fn given(name: &str, value: &str, origin: Origin) -> Given {
        let setting = Setting::of(name).unwrap();
        let vocabulary = Vocabulary {
            themes: &["dark", "light"],
            ..Vocabulary::default()
        };
        Given {
            setting,
            value: setting.kind.of_text(value, &vocabulary).unwrap(),
            origin,
        }
    }

    #[test]
    fn flag_before_environment_before_file_before_default() {
        let text = "output = 'jsonl'\n[look]\nascii = true\n";
        let variable = Origin::Environment("AKS_COCKPIT_OUTPUT");
        let table = [
            (vec![given("output", "json", Origin::Flag)], text, "json", Origin::Flag),
            (vec![given("output", "json", variable.clone())], text, "json", variable),
            (Vec::new(), text, "jsonl", Origin::File { line: 1 }),
            (Vec::new(), "", "table", Origin::Default),
        ];
        for (given, text, value, origin) in table {
            let settings = Settings::new(given, file(text));
            let setting = Setting::of("output").unwrap();
            assert_eq!(settings.get(setting), (Some(Value::Text(value.to_owned())), origin));
        }
    }

    #[test]
    fn every_typed_value_has_its_key() {
        let settings = Settings::default();
        assert!(settings.has_colour() && settings.has_animation() && settings.has_mouse() && !settings.is_ascii());
        assert_eq!(settings.theme(), None);
        assert_eq!(settings.api_version(), "2026-08-01");
        assert_eq!(settings.refresh().offers, Duration::from_mins(5));
        assert_eq!(settings.notify(), NotifySettings::default());
    }

    #[test]
    fn notices_are_read_in_full_and_keep_their_secret() {
        let settings = Settings::new(
            Vec::new(),
            file(
                "[notify]\non = ['done', 'failed']\nbell = false\ndesktop = 'osc777'\nwebhook-shape = 'slack'\n\
                 webhook = 'https://hooks.example.com/token'\ncommand = ['say', 'it']",
            ),
        );
        let notify = settings.notify();
        assert_eq!(notify.on, [Occasion::Failed, Occasion::Done]);
        assert_eq!((notify.bell, notify.desktop), (false, Desktop::Osc777));
        let webhook = notify.webhook.clone().unwrap();
        assert_eq!(
            (webhook.shape, webhook.url.reveal()),
            (Shape::Slack, "https://hooks.example.com/token")
        );
        assert_eq!(
            notify.command.as_deref(),
            Some(&["say".to_owned(), "it".to_owned()][..])
        );
        assert!(!format!("{notify:?}").contains("token"));
    }

    #[test]
    fn what_takes_a_new_start_is_named() {
        let before = Settings::new(Vec::new(), file("[look]\nascii = true"));
        let after = Settings::new(
            Vec::new(),
            file("cloud = 'china'\n[refresh]\ncluster = '20s'\n[[cluster]]\nmatch = 'x'\nsmoke-tests = 't'"),
        );
        assert_eq!(
            after.differing_at_start(&before),
            ["cloud", "refresh.cluster", "cluster.smoke-tests"]
        );
    }
}
