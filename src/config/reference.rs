//! The page docs/settings.md, made from the table; a test compares the two.

use super::example::written;
use super::settings::default_of;
use super::table::{CLUSTER_FIELDS, Field, SETTINGS, VIEW_FIELDS};
use super::vocabulary::Vocabulary;

const HEAD: &str = "\
# Settings

`aks-cockpit config` shows every key with its value and where that came from; `config --example` prints a file to start from,
`config --check` says what is wrong with yours, `config --path` where it is. The file is TOML, in the XDG configuration directory:
`~/.config/aks-cockpit/config.toml`, or where `--config FILE` or `AKS_COCKPIT_CONFIG` say. Without a file, everything has its default.

A flag wins over a variable, a variable over the file, the file over the default. A key that is not known is an error that names the
key that was probably meant. Paths are relative to the file; `~/` is your home.

The cockpit takes changes of the file over while it runs where the table says *live*; the rest takes a new start. A file that is broken
changes nothing, and the cockpit says what is wrong with it. The screen behind `9` or `,` shows all of this too.

## Keys with one value

| key | what it is for | default | flag, variable | live |
|---|---|---|---|---|
";

const CLUSTERS: &str = "
## `[[cluster]]`: what holds for some clusters

Every table whose `match` fits a cluster counts; where two say different things, the later one wins. A cluster that is protected by its
tag in Azure (`aks-cockpit-protected`) stays protected whatever stands here.

| key | what it is for | values |
|---|---|---|
";

const VIEWS: &str = "
## `[[view]]`: filters with a name

`v` on the overview shows one after another.

| key | what it is for | values |
|---|---|---|
";

const ROLES: &str = "
## `[look.roles]`: colours

A colour is a name, `#rrggbb` or a number from 0 to 255; `COLOUR on COLOUR` gives a background; `bold`, `dim`, `underlined` and
`reversed` may follow. Roles: ";

const KEYS: &str = "
## `[keys]`: which key does what

The name of an action, and a key or a list of keys; the first one is shown. A key is a character, one of the names enter, esc, tab,
shift-tab, space, up, down, left, right, home, end, pageup, pagedown, backspace, insert, delete, f1 to f12, or `ctrl-` and a letter.
Actions that change the world take capital letters only, so that a small letter never does.

| action | keys |
|---|---|
";

/// The whole page.
pub fn reference(vocabulary: &Vocabulary) -> String {
    let mut text = HEAD.to_owned();
    for setting in SETTINGS {
        let default = match default_of(setting) {
            Some(value) => format!("`{}`", written(&value)),
            None => setting.unset.to_owned(),
        };
        let flag = setting
            .flag
            .map_or_else(String::new, |flag| format!("`--{}`, ", flag.name()));
        text.push_str(&format!(
            "| `{}` | {} {}. | {default} | {flag}`{}` | {} |\n",
            setting.name,
            setting.help,
            setting.kind.allowed(vocabulary),
            setting.environment,
            if setting.is_live { "yes" } else { "" },
        ));
    }
    text.push_str(CLUSTERS);
    text.push_str(&fields(CLUSTER_FIELDS, vocabulary));
    text.push_str(VIEWS);
    text.push_str(&fields(VIEW_FIELDS, vocabulary));
    text.push_str(ROLES);
    text.push_str(&format!("{}.\n", vocabulary.roles.join(", ")));
    text.push_str(KEYS);
    for action in &vocabulary.actions {
        let keys: Vec<String> = action.keys.iter().map(|key| format!("`{key}`")).collect();
        text.push_str(&format!("| `{}` | {} |\n", action.name, keys.join(" ")));
    }
    text
}

fn fields(fields: &[Field], vocabulary: &Vocabulary) -> String {
    let line = |field: &Field| {
        let allowed = match field.name {
            "sort" => vocabulary.sorts.join(", "),
            _ => field.kind.allowed(vocabulary),
        };
        let needed = if field.is_needed { " Needed." } else { "" };
        format!("| `{}` | {}{needed} | {allowed} |\n", field.name, field.help)
    };
    fields.iter().map(line).collect()
}
