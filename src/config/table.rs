//! Every key there is, once: the reader, `config`, the example file, docs/settings.md and the settings screen are made
//! from this list. Lists of tables (`[[cluster]]`, `[[view]]`) and open families (`[keys]`, `[look.roles]`) follow below.

use super::notify::{Desktop, Occasion, Shape};
use super::value::Kind;

/// How a flag says what a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// The same value, as `--cloud china`.
    Same(&'static str),
    /// The opposite, as `--no-color` for `look.color = false`; its variable too.
    Opposite(&'static str),
}

impl Flag {
    /// The flag without its dashes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same(name) | Self::Opposite(name) => name,
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// With the section in front: `look.theme`.
    pub name: &'static str,
    pub kind: Kind,
    /// As a variable would have it; `None` where there is none.
    pub default: Option<&'static str>,
    /// What holds without a value.
    pub unset: &'static str,
    /// One sentence.
    pub help: &'static str,
    pub flag: Option<Flag>,
    pub environment: &'static str,
    /// A running cockpit takes a change over.
    pub is_live: bool,
}

const fn key(name: &'static str, kind: Kind, environment: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        kind,
        default: None,
        unset: "",
        help,
        flag: None,
        environment,
        is_live: false,
    }
}

impl Setting {
    /// The entry of a name.
    pub fn of(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The entry of a flag, without its dashes.
    pub fn of_flag(flag: &str) -> Option<&'static Self> {
        SETTINGS
            .iter()
            .find(|setting| setting.flag.is_some_and(|own| own.name() == flag))
    }

    const fn flag(mut self, name: &'static str) -> Self {
        self.flag = Some(Flag::Same(name));
        self
    }

    const fn opposite(mut self, name: &'static str) -> Self {
        self.flag = Some(Flag::Opposite(name));
        self
    }

    const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    const fn unset(mut self, text: &'static str) -> Self {
        self.unset = text;
        self
    }

    const fn live(mut self) -> Self {
        self.is_live = true;
        self
    }
}

/// All keys with one value, in the order in which they are shown; those without a section come first.
pub const SETTINGS: &[Setting] = &[
    key(
        "output",
        Kind::Word(&["table", "json", "jsonl"]),
        "AKS_COCKPIT_OUTPUT",
        "How headless commands print.",
    )
    .flag("output")
    .default("table"),
    key(
        "subscription",
        Kind::List,
        "AKS_COCKPIT_SUBSCRIPTION",
        "Only these subscriptions.",
    )
    .flag("subscription")
    .unset("all that the login can see"),
    key(
        "cloud",
        Kind::Word(&["public", "usgov", "china"]),
        "AKS_COCKPIT_CLOUD",
        "Which Azure.",
    )
    .flag("cloud")
    .default("public"),
    key(
        "arm-endpoint",
        Kind::Text,
        "AKS_COCKPIT_ARM_ENDPOINT",
        "Another Azure Resource Manager endpoint; plain http only for a loopback address.",
    )
    .flag("arm-endpoint")
    .unset("the cloud's own"),
    key(
        "api-version",
        Kind::ApiVersion,
        "AKS_COCKPIT_API_VERSION",
        "The version of Azure's container service API that requests ask for.",
    )
    .default("2026-08-01"),
    key(
        "kubeconfig",
        Kind::File,
        "AKS_COCKPIT_KUBECONFIG",
        "One Kubernetes cluster from its kubeconfig alone, without Azure.",
    )
    .flag("kubeconfig")
    .unset("clusters come from Azure"),
    key(
        "context",
        Kind::Text,
        "AKS_COCKPIT_CONTEXT",
        "The context in that kubeconfig.",
    )
    .flag("context")
    .unset("the kubeconfig's current one"),
    key(
        "read-only",
        Kind::Flag,
        "AKS_COCKPIT_READ_ONLY",
        "Show, never change: actions that would change something are absent.",
    )
    .flag("read-only")
    .default("false"),
    key(
        "smoke-tests",
        Kind::File,
        "AKS_COCKPIT_SMOKE_TESTS",
        "Smoke tests that can be chosen in the plan editor; `plan` and `start` put them into every plan.",
    )
    .flag("smoke-tests")
    .unset("none"),
    key(
        "yes",
        Kind::Flag,
        "AKS_COCKPIT_YES",
        "Answer yes to every question of headless commands; think twice before it stands in a file.",
    )
    .flag("yes")
    .default("false"),
    key(
        "state-dir",
        Kind::File,
        "AKS_COCKPIT_STATE_DIR",
        "Where the journal, the log and what is remembered are kept.",
    )
    .flag("state-dir")
    .unset("the system's state directory; for a simulation a temporary one"),
    key(
        "log-level",
        Kind::Word(&["error", "warn", "info", "debug", "trace"]),
        "AKS_COCKPIT_LOG_LEVEL",
        "What goes into the log file.",
    )
    .flag("log-level")
    .default("info"),
    key(
        "simulate",
        Kind::Text,
        "AKS_COCKPIT_SIMULATE",
        "Run against a simulated Azure of this scenario.",
    )
    .flag("simulate")
    .unset("the real Azure"),
    key(
        "speed",
        Kind::Number {
            least: 0.1,
            most: 50_000.0,
        },
        "AKS_COCKPIT_SPEED",
        "How many times faster than real time a simulation runs.",
    )
    .flag("speed")
    .unset("as the scenario says"),
    key(
        "seed",
        Kind::Whole,
        "AKS_COCKPIT_SEED",
        "Seed of a simulation; the same seed gives the same world.",
    )
    .flag("seed")
    .default("1"),
    key(
        "clock",
        Kind::Text,
        "AKS_COCKPIT_CLOCK",
        "Follow the clock of a simulator in another process, as its `clock` field says.",
    )
    .flag("clock")
    .unset("this machine's"),
    key(
        "look.theme",
        Kind::Theme,
        "AKS_COCKPIT_THEME",
        "The colours of the cockpit.",
    )
    .flag("theme")
    .unset("by the terminal")
    .live(),
    key(
        "look.color",
        Kind::Flag,
        "AKS_COCKPIT_NO_COLOR",
        "Colours; the variable NO_COLOR takes them away too.",
    )
    .opposite("no-color")
    .default("true")
    .live(),
    key(
        "look.ascii",
        Kind::Flag,
        "AKS_COCKPIT_ASCII",
        "Only ASCII characters on the screen.",
    )
    .flag("ascii")
    .default("false")
    .live(),
    key(
        "look.animation",
        Kind::Flag,
        "AKS_COCKPIT_NO_ANIMATION",
        "Movement where it means progress.",
    )
    .opposite("no-animation")
    .default("true")
    .live(),
    key(
        "look.mouse",
        Kind::Flag,
        "AKS_COCKPIT_NO_MOUSE",
        "The mouse selects and scrolls; without it the terminal's own selection works.",
    )
    .opposite("no-mouse")
    .default("true")
    .live(),
    key(
        "refresh.clusters",
        Kind::Duration { least: 5, most: 3_600 },
        "AKS_COCKPIT_REFRESH_CLUSTERS",
        "How often the clusters are listed, one request for each subscription.",
    )
    .default("30s"),
    key(
        "refresh.cluster",
        Kind::Duration { least: 2, most: 600 },
        "AKS_COCKPIT_REFRESH_CLUSTER",
        "How often a cluster is read that somebody looks at, or that is being upgraded.",
    )
    .default("10s"),
    key(
        "refresh.offers",
        Kind::Duration { least: 30, most: 7_200 },
        "AKS_COCKPIT_REFRESH_OFFERS",
        "How often the versions on offer are read for a cluster that somebody looks at.",
    )
    .default("5m"),
    key(
        "notify.on",
        Kind::Words(Occasion::WORDS),
        "AKS_COCKPIT_NOTIFY_ON",
        "What is worth a notice.",
    )
    .default("blocked, waiting, failed, done"),
    key(
        "notify.bell",
        Kind::Flag,
        "AKS_COCKPIT_NOTIFY_BELL",
        "Ring the terminal's bell.",
    )
    .default("true"),
    key(
        "notify.desktop",
        Kind::Word(Desktop::WORDS),
        "AKS_COCKPIT_NOTIFY_DESKTOP",
        "A notice on the desktop, by the escape sequence your terminal knows.",
    )
    .default("auto"),
    key(
        "notify.webhook",
        Kind::SecretUrl,
        "AKS_COCKPIT_NOTIFY_WEBHOOK",
        "Post notices to this address; it is never shown in full.",
    )
    .unset("none"),
    key(
        "notify.webhook-shape",
        Kind::Word(Shape::WORDS),
        "AKS_COCKPIT_NOTIFY_WEBHOOK_SHAPE",
        "The document that the webhook gets.",
    )
    .default("json"),
    key(
        "notify.command",
        Kind::List,
        "AKS_COCKPIT_NOTIFY_COMMAND",
        "Run this program with these arguments, without a shell.",
    )
    .unset("none"),
];

/// The section where every key is an action.
pub const KEYS: &str = "keys";
/// The section where every key is a role.
pub const ROLES: &str = "look.roles";

/// A key of one table in a list of tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub is_needed: bool,
    pub help: &'static str,
}

const fn field(name: &'static str, kind: Kind, is_needed: bool, help: &'static str) -> Field {
    Field {
        name,
        kind,
        is_needed,
        help,
    }
}

/// What a `[[cluster]]` may say.
pub const CLUSTER_FIELDS: &[Field] = &[
    field(
        "match",
        Kind::List,
        true,
        "Names, or group/name, with * and ?; one, or a list.",
    ),
    field(
        "protected",
        Kind::Flag,
        false,
        "Ask for the cluster's name before anything is changed, as its tag in Azure would.",
    ),
    field(
        "theme",
        Kind::Theme,
        false,
        "The theme while one of them is on the screen.",
    ),
    field(
        "smoke-tests",
        Kind::File,
        false,
        "Their own smoke tests, in place of the general ones.",
    ),
    field(
        "contact",
        Kind::Text,
        false,
        "Who is to be asked: on the cluster's screen and in a hand-over brief.",
    ),
    field(
        "api-version",
        Kind::ApiVersion,
        false,
        "The API version for requests about them.",
    ),
];

/// What a `[[view]]` may say; themes and sorts are the cockpit's.
pub const VIEW_FIELDS: &[Field] = &[
    field("name", Kind::Text, true, "How it is called."),
    field(
        "filter",
        Kind::Text,
        false,
        "What is shown, as one would type it behind /.",
    ),
    field("sort", Kind::Text, false, "By what it is sorted."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::vocabulary::Vocabulary;
    use super::*;

    #[test]
    fn names_flags_and_variables_are_unique_and_defaults_are_allowed() {
        let count = SETTINGS.len();
        let unique = |words: Vec<&str>| words.iter().collect::<BTreeSet<_>>().len() == words.len();
        assert!(unique(SETTINGS.iter().map(|setting| setting.name).collect()));
        assert!(unique(SETTINGS.iter().map(|setting| setting.environment).collect()));
        let flags = SETTINGS.iter().filter_map(|setting| setting.flag.map(Flag::name));
        assert!(unique(flags.collect()) && count > 25);
        for setting in SETTINGS {
            assert!(setting.environment.starts_with("AKS_COCKPIT_"), "{}", setting.name);
            assert!(
                setting.help.ends_with('.') && setting.help.len() < 110,
                "{}",
                setting.name
            );
            assert_ne!(setting.default.is_none(), setting.unset.is_empty(), "{}", setting.name);
            if let Some(text) = setting.default {
                let value = setting.kind.of_text(text, &Vocabulary::default());
                assert!(value.is_ok(), "{}: {value:?}", setting.name);
            }
            let is_derived = match setting.flag {
                Some(flag) => setting.environment[12..] == flag.name().to_uppercase().replace('-', "_"),
                None => setting.environment[12..] == setting.name.to_uppercase().replace(['.', '-'], "_"),
            };
            assert!(is_derived, "{} has the variable {}", setting.name, setting.environment);
        }
    }

    #[test]
    fn keys_without_a_section_come_first() {
        let has_section: Vec<bool> = SETTINGS.iter().map(|setting| setting.name.contains('.')).collect();
        assert!(has_section.is_sorted());
    }
}
