//! Flags, variables and the settings file, put together: which file, what is given, and the second reading of the
//! command line in which the file stands where defaults were. The rules are in `config`; the reading is here.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use super::args::{Arguments, Command};
use super::files;
use crate::config::fault::Fault;
use crate::config::file::{self, SettingsFile, Surroundings, WORLDS};
use crate::config::settings::{Given, Origin, Settings};
use crate::config::table::{Flag, SETTINGS, Setting};
use crate::config::value::{Kind, Value};
use crate::problem::{Exit, Problem};
use crate::ui;

/// Keys that belong to a world, and go with it.
const OF_A_WORLD: [&str; 2] = ["context", "clock"];
/// More faults than these are not told at once.
const MOST_FAULTS: usize = 20;

/// What the settings are made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    given: Vec<Given>,
    /// Where the file is, or would be.
    path: Option<PathBuf>,
    /// A person named the file, so it has to be there.
    is_named: bool,
    /// What is looked at is said by a flag, a variable or the command, whatever the file says.
    has_world: bool,
}

/// Reads the settings and, with them in the place of defaults, the command line again.
///
/// # Errors
/// When a variable or the settings file says something that cannot be.
pub(super) fn settled(arguments: Arguments, matches: &ArgMatches, words: &[OsString]) -> Result<Arguments, Problem> {
    // They print what is in the program, and work whatever the file says.
    if let Some(Command::Explain(_) | Command::Completions { .. } | Command::Man) = &arguments.command {
        return Ok(arguments);
    }
    let mut layers = Layers::of(matches, arguments.global.config.as_deref())?;
    if let Some(Command::Demo(demo)) = &arguments.command {
        layers.name_world(&demo.scenario);
    }
    let is_readable = match &arguments.command {
        Some(Command::Config(config)) => !(config.example || config.path || config.reference),
        _ => true,
    };
    if !is_readable {
        let mut arguments = arguments;
        arguments.global.layers = Arc::new(layers);
        return Ok(arguments);
    }
    let settings = layers.read()?;
    let (mut arguments, _) = super::parse(with_file(Arguments::command(), &settings), words).map_err(|error| {
        Problem::new(Exit::Usage, "the settings file and the command line do not go together")
            .because(error.to_string())
            .try_this("see which value comes from where: aks-cockpit config")
    })?;
    arguments.global.settings = Arc::new(settings);
    arguments.global.layers = Arc::new(layers);
    Ok(arguments)
}

impl Layers {
    /// Takes what flags and variables say.
    fn of(matches: &ArgMatches, named: Option<&Path>) -> Result<Self, Problem> {
        let mut given = Vec::new();
        let grammar = Arguments::command();
        for setting in SETTINGS {
            match setting.flag {
                Some(flag) => {
                    let argument = grammar
                        .get_arguments()
                        .find(|argument| argument.get_long() == Some(flag.name()));
                    let argument = argument.expect("every flag of the table is in the grammar, as a test proves");
                    given.extend(from_matches(setting, flag, matches, argument.get_id().as_str())?);
                }
                None => given.extend(from_variable(setting)?),
            }
        }
        let is_set = |name: &str| given.iter().any(|given: &Given| given.setting.name == name);
        // NO_COLOR counts when it is set to anything but nothing (no-color.org).
        if !is_set("look.color") && std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            given.push(Given {
                setting: Setting::of("look.color").expect("it is in the table, as a test proves"),
                value: Value::Flag(false),
                origin: Origin::Environment("NO_COLOR"),
            });
        }
        let has_world = WORLDS
            .iter()
            .any(|world| given.iter().any(|given| given.setting.name == *world));
        Ok(Self {
            given,
            path: named.map(Path::to_path_buf).or_else(usual_path),
            is_named: named.is_some(),
            has_world,
        })
    }

    /// The command itself says what is looked at: a simulation of this scenario.
    fn name_world(&mut self, scenario: &str) {
        self.given.retain(|given| !WORLDS.contains(&given.setting.name));
        self.given.push(Given {
            setting: Setting::of("simulate").expect("it is in the table, as a test proves"),
            value: Value::Text(scenario.to_owned()),
            origin: Origin::Flag,
        });
        self.has_world = true;
    }

    /// Where the file is, or would be.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads the file as it is now, and puts all layers together.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it is wrong.
    pub(crate) fn read(&self) -> Result<Settings, Problem> {
        let (mut file, has_file) = match &self.path {
            Some(path) => self.read_file(path)?,
            None => (SettingsFile::default(), false),
        };
        if self.has_world {
            let is_far = |name: &str| WORLDS.contains(&name) || OF_A_WORLD.contains(&name);
            file.values.retain(|(setting, ..)| !is_far(setting.name));
        }
        let mut settings = Settings::new(self.given.clone(), file);
        settings.path.clone_from(&self.path);
        settings.has_file = has_file;
        Ok(settings)
    }

    fn read_file(&self, path: &Path) -> Result<(SettingsFile, bool), Problem> {
        if !self.is_named
            && let Err(error) = std::fs::metadata(path)
            && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        {
            return Ok((SettingsFile::default(), false));
        }
        let text = files::read(path, "settings file")?;
        let surroundings = Surroundings {
            directory: path.parent().map(absolute).unwrap_or_default(),
            home: directories::BaseDirs::new().map(|base| base.home_dir().to_path_buf()),
        };
        let read = file::read(&text, &ui::vocabulary(), &surroundings);
        read.map(|file| (file, true)).map_err(|faults| broken(path, &faults))
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn usual_path() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "aks-cockpit")?;
    Some(directories.config_dir().join("config.toml"))
}

fn broken(path: &Path, faults: &[Fault]) -> Problem {
    let what = format!("the settings file {} cannot be used", path.display());
    let mut problem = faults
        .iter()
        .take(MOST_FAULTS)
        .fold(Problem::new(Exit::Usage, what), |problem, fault| {
            problem.because(fault.to_string())
        });
    if faults.len() > MOST_FAULTS {
        problem = problem.because(format!("and {} more", faults.len() - MOST_FAULTS));
    }
    problem
        .try_this("mend the file, then look again: aks-cockpit config --check")
        .try_this("see every key: aks-cockpit config --example; or go without a file: --config /dev/null")
}

/// What the command line or its variable say for a flag.
fn from_matches(
    setting: &'static Setting,
    flag: Flag,
    matches: &ArgMatches,
    id: &str,
) -> Result<Option<Given>, Problem> {
    let origin = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Origin::Flag,
        Some(ValueSource::EnvVariable) => Origin::Environment(setting.environment),
        _ => return Ok(None),
    };
    let texts: Vec<String> = matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(|text| text.to_string_lossy().into_owned())
        .collect();
    let text = texts.join(",");
    let value = match setting.kind.of_text(&text, &ui::vocabulary()) {
        Ok(Value::Flag(is_set)) => Value::Flag(is_set != matches!(flag, Flag::Opposite(_))),
        Ok(value) => value,
        Err(why) if setting.kind == Kind::Theme => return Err(unusable(&format!("--{}", flag.name()), &why)),
        // The grammar of the command has taken it, which may know more words than a file does.
        Err(_) => Value::Text(text),
    };
    Ok(Some(Given { setting, value, origin }))
}

/// What a variable says for a key that has no flag.
fn from_variable(setting: &'static Setting) -> Result<Option<Given>, Problem> {
    let Some(text) = std::env::var_os(setting.environment).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let value = setting
        .kind
        .of_text(&text.to_string_lossy(), &ui::vocabulary())
        .map_err(|why| unusable(setting.environment, &why))?;
    Ok(Some(Given {
        setting,
        value,
        origin: Origin::Environment(setting.environment),
    }))
}

fn unusable(name: &str, why: &str) -> Problem {
    Problem::new(Exit::Usage, format!("{name} cannot be used"))
        .because(format!("it {why}"))
        .try_this("give it another value, or leave it out; see all settings: aks-cockpit config --example")
}

/// The grammar with the file's values in the place of its defaults.
fn with_file(mut grammar: clap::Command, settings: &Settings) -> clap::Command {
    for setting in SETTINGS {
        let (Some(flag), (Some(value), Origin::File { .. })) = (setting.flag, settings.get(setting)) else {
            continue;
        };
        let texts: Vec<String> = match value {
            Value::List(items) => items,
            Value::Flag(is_set) => vec![(is_set != matches!(flag, Flag::Opposite(_))).to_string()],
            other => vec![other.to_string()],
        };
        let id = |command: &clap::Command| {
            let mut arguments = command.get_arguments();
            let found = arguments.find(|argument| argument.get_long() == Some(flag.name()));
            found.map(|argument| argument.get_id().clone())
        };
        // Some commands have a flag of the same name of their own.
        let own: BTreeSet<String> = grammar
            .get_subcommands()
            .filter(|command| id(command).is_some())
            .map(|command| command.get_name().to_owned())
            .collect();
        for name in own {
            grammar = grammar.mut_subcommand(name, |command| set_default(command, &id, &texts));
        }
        grammar = set_default(grammar, &id, &texts);
    }
    grammar
}

fn set_default(
    command: clap::Command,
    id: &impl Fn(&clap::Command) -> Option<clap::Id>,
    texts: &[String],
) -> clap::Command {
    let Some(id) = id(&command) else {
        return command;
    };
    let texts = texts.to_vec();
    command.mut_arg(id, |argument| argument.default_values(texts))
}

#[cfg(test)]
mod tests {
    use super::super::args::OutputFormat;
    use super::*;
    use crate::config::vocabulary::Vocabulary;

    /// The command line as it is read with this text in the settings file.
    fn with(text: &str, words: &[&str]) -> Arguments {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let mut all: Vec<OsString> = vec!["aks-cockpit".into(), "--config".into(), path.into()];
        all.extend(words.iter().map(OsString::from));
        let (arguments, matches) = super::super::parse(Arguments::command(), &all).unwrap();
        settled(arguments, &matches, &all).unwrap()
    }

    #[test]
    fn every_global_flag_has_a_key_and_every_key_with_a_flag_its_flag() {
        let grammar = Arguments::command();
        let flags: BTreeSet<&str> = grammar
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .filter(|flag| !["help", "version", "config"].contains(flag))
            .collect();
        let keys: BTreeSet<&str> = SETTINGS
            .iter()
            .filter_map(|setting| setting.flag.map(Flag::name))
            .collect();
        assert_eq!(flags, keys);
        for setting in SETTINGS.iter().filter(|setting| setting.flag.is_some()) {
            let argument = grammar
                .get_arguments()
                .find(|argument| argument.get_long() == setting.flag.map(Flag::name));
            let argument = argument.unwrap();
            assert_eq!(argument.get_env().unwrap(), setting.environment, "{}", setting.name);
            let default = argument
                .get_default_values()
                .first()
                .map(|value| value.to_string_lossy());
            if let (Some(default), false) = (default, matches!(setting.kind, Kind::Flag)) {
                assert_eq!(Some(default.as_ref()), setting.default, "{}", setting.name);
            }
            assert!(setting.kind != Kind::Flag || setting.kind.of_text("true", &Vocabulary::default()).is_ok());
        }
    }

    #[test]
    fn the_file_stands_in_for_defaults_and_flags_win() {
        let file = "output = 'json'\nsubscription = ['a', 'b']\nread-only = true\nlog-level = 'debug'\n[look]\ncolor = false\n";
        let global = with(file, &["clusters"]).global;
        assert_eq!(
            (global.output, global.read_only, global.no_color),
            (OutputFormat::Json, true, true)
        );
        assert_eq!(
            (global.subscriptions, global.log_level.as_str()),
            (vec!["a".to_owned(), "b".to_owned()], "debug")
        );
        let global = with(file, &["--output", "table", "clusters", "--subscription", "c"]).global;
        assert_eq!(
            (global.output, global.subscriptions),
            (OutputFormat::Table, vec!["c".to_owned()])
        );
        assert_eq!(
            with(file, &["timeline", "last"]).global.output,
            OutputFormat::Json,
            "it has a flag of its own"
        );
    }

    #[test]
    fn the_world_that_is_named_nearer_counts() {
        let file = "arm-endpoint = 'http://127.0.0.1:9'\nclock = 'x'\n";
        let global = with(file, &["clusters"]).global;
        assert_eq!(
            (global.arm_endpoint.as_deref(), global.clock.as_deref()),
            (Some("http://127.0.0.1:9"), Some("x"))
        );
        for words in [
            &["--simulate", "clusters"][..],
            &["demo"],
            &["--kubeconfig", "k", "nodes"],
        ] {
            let global = with(file, words).global;
            assert_eq!((global.arm_endpoint, global.clock), (None, None), "{words:?}");
        }
    }

    #[test]
    fn a_context_goes_with_the_kubeconfig_of_the_file() {
        let arguments = with("kubeconfig = 'kube'\n", &["--context", "c", "nodes"]);
        assert!(arguments.global.kubeconfig.unwrap().is_absolute());
        assert_eq!(arguments.global.context.as_deref(), Some("c"));
    }
}
