//! What the cockpit makes of the settings: keymap, look, colours, rules for clusters, views; and the words that
//! settings may use. Values only; reads no file.

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::style::Style;

use super::actions::ACTIONS;
use super::colours::style_of;
use super::filter::{FIELDS, Filter};
use super::keymap::Keymap;
use super::screens::clusters::Sort;
use super::theme::{Colour, Look, Palette, Role, THEME_NAMES};
use crate::config::cluster::ClusterRules;
use crate::config::file::SavedView;
use crate::config::rows::{Row, rows};
use crate::config::settings::Settings;
use crate::config::suggestion::hint;
use crate::config::vocabulary::{ActionWord, Vocabulary};

/// The names of all roles.
const ROLE_NAMES: [&str; Role::ALL.len()] = {
    let mut names = [""; Role::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = Role::ALL[at].name();
        at += 1;
    }
    names
};

/// Every word that settings may use and only the cockpit knows.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        themes: &THEME_NAMES,
        roles: &ROLE_NAMES,
        sorts: &Sort::NAMES,
        actions: ACTIONS
            .iter()
            .map(|action| ActionWord {
                name: action.name,
                help: action.help,
                keys: action.keys,
            })
            .collect(),
        check_colour: |text| style_of(text).map(|_| ()),
        check_filter: |text| match Filter::parse(text).unknown_field(&FIELDS) {
            Some(field) => Err(format!("has no field '{field}'; {}", hint(field, FIELDS))),
            None => Ok(()),
        },
        check_keys: |bindings| Keymap::try_new(bindings).err().unwrap_or_default(),
    }
}

/// What a person prefers. Without settings: the defaults.
#[derive(Clone, Debug)]
pub(crate) struct Preferences {
    pub(crate) keymap: Arc<Keymap>,
    pub(crate) look: Look,
    pub(crate) roles: Vec<(Role, Style)>,
    pub(crate) clusters: ClusterRules,
    pub(crate) views: Vec<SavedView>,
    /// Every key, for the settings screen.
    pub(crate) rows: Vec<Row>,
    /// Where the file is or would be.
    pub(crate) path: Option<PathBuf>,
    pub(crate) has_file: bool,
}

impl Preferences {
    pub(crate) fn of(settings: &Settings) -> Self {
        let styles = settings.roles.iter().filter_map(|set| {
            let role = Role::ALL.iter().find(|role| role.name() == set.role)?;
            Some((*role, style_of(&set.colour).ok()?))
        });
        Self {
            // What cannot be a keymap is refused when the file is read.
            keymap: Arc::new(Keymap::try_new(&settings.keys).unwrap_or_default()),
            look: look_of(settings),
            roles: styles.collect(),
            clusters: settings.clusters.clone(),
            views: settings.views.clone(),
            rows: rows(settings, &vocabulary()),
            path: settings.path.clone(),
            has_file: settings.has_file,
        }
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self::of(&Settings::default())
    }
}

/// How the settings say that the cockpit looks, on a terminal that can show all colours.
pub(crate) fn look_of(settings: &Settings) -> Look {
    Look {
        ascii: settings.is_ascii(),
        colour: if settings.has_colour() {
            Colour::Full
        } else {
            Colour::None
        },
        animation: settings.has_animation(),
        palette: settings.theme().and_then(|name| Palette::named(&name)),
        background: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::{Surroundings, read};
    use crate::config::reference::reference;
    use crate::ui::actions::ActionId;

    #[test]
    fn a_file_becomes_keymap_look_and_colours() {
        let text = "[look]\ntheme = 'light'\nascii = true\nanimation = false\nroles.danger = 'red bold'\n\
                    [keys]\nwhy = 'w'\n[[view]]\nname = 'mine'\nfilter = 'state=stuck'\nsort = 'name'";
        let file = read(text, &vocabulary(), &Surroundings::default()).unwrap();
        let preferences = Preferences::of(&Settings::new(Vec::new(), file));
        assert_eq!(preferences.keymap.shown(ActionId::Why).as_deref(), Some("w"));
        assert_eq!(
            preferences.look,
            Look {
                ascii: true,
                colour: Colour::Full,
                animation: false,
                palette: Palette::named("light"),
                background: None,
            }
        );
        assert_eq!((preferences.roles.len(), preferences.views.len()), (1, 1));
    }

    #[test]
    fn the_cockpits_own_words_are_checked() {
        for (text, words) in [
            ("[look]\ntheme = 'drak'", "did you mean 'dark'?"),
            ("[look.roles]\ndanger = 'rde'", "'rde' in it, which is no colour"),
            (
                "[[view]]\nname='a'\nfilter='stat=stuck'",
                "view.filter has no field 'stat'; did you mean 'state'?",
            ),
            ("[[view]]\nname='a'\nsort='age'", "view.sort is 'age'; there are state"),
            (
                "[keys]\nabort = 'a'",
                "line 2, column 1: keys.abort cannot be 'a': it changes the world",
            ),
        ] {
            let faults = read(text, &vocabulary(), &Surroundings::default()).unwrap_err();
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(told.iter().any(|told| told.contains(words)), "{text}: {told:?}");
        }
    }

    #[test]
    fn the_page_says_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            page == reference(&vocabulary()),
            "write the page anew: aks-cockpit config --reference > docs/settings.md"
        );
    }
}
