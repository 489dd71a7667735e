//! The grammar of the command line; every flag also has an environment variable `AKS_COCKPIT_...`.
//! Never acts: it only says what was asked for.

mod checks;
mod control;
mod plan;

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::checks::{
    DiagnoseArguments, DriftArguments, ExplainArguments, MendArguments, PreflightArguments, RepairsArguments,
    UndoArguments,
};
pub(crate) use self::control::{
    ApproveArguments, AskArguments, Depth, DriveArguments, HandOverArguments, PauseArguments, TakeOverArguments,
    TargetArguments,
};
pub(crate) use self::plan::{PlanArguments, PlanChoices, StartArguments};
use super::layers::Layers;
use crate::azure::credentials::Cloud;
use crate::config::cluster::Named;
use crate::config::settings::{Origin, Settings};
use crate::config::table::Setting;
use crate::problem::{Exit, Problem};

/// The terminal cockpit for upgrading Azure Kubernetes Service clusters.
#[derive(Debug, Parser)]
#[command(name = "aks-cockpit", version, about, long_about = None, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    /// Without a command: the cockpit, on the clusters your Azure login can see.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// How headless commands print.
    #[arg(long, global = true, value_enum, default_value_t, env = "AKS_COCKPIT_OUTPUT")]
    pub(crate) output: OutputFormat,
    /// Only these subscriptions; may be given several times or with commas.
    #[arg(
        long = "subscription",
        global = true,
        value_name = "ID",
        value_delimiter = ',',
        env = "AKS_COCKPIT_SUBSCRIPTION"
    )]
    pub(crate) subscriptions: Vec<String>,
    /// Which Azure: public, usgov or china.
    #[arg(long, global = true, default_value = "public", env = "AKS_COCKPIT_CLOUD", value_parser = parse_cloud)]
    pub(crate) cloud: Cloud,
    /// Another Azure Resource Manager endpoint; plain http only for a loopback address.
    #[arg(long, global = true, value_name = "URL", env = "AKS_COCKPIT_ARM_ENDPOINT")]
    pub(crate) arm_endpoint: Option<String>,
    /// One Kubernetes cluster from its kubeconfig alone, without Azure.
    #[arg(long, global = true, value_name = "FILE", env = "AKS_COCKPIT_KUBECONFIG", conflicts_with_all = ["simulate", "arm_endpoint"])]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in that kubeconfig.
    #[arg(long, global = true, value_name = "NAME", env = "AKS_COCKPIT_CONTEXT")]
    pub(crate) context: Option<String>,
    /// Show, never change: actions that would change something are absent.
    #[arg(long, global = true, env = "AKS_COCKPIT_READ_ONLY", value_parser = boolish())]
    pub(crate) read_only: bool,
    /// Run against a simulated Azure in this process.
    #[arg(
        long, global = true, value_name = "SCENARIO", num_args = 0..=1, require_equals = true,
        default_missing_value = "demo", env = "AKS_COCKPIT_SIMULATE", conflicts_with = "arm_endpoint"
    )]
    pub(crate) simulate: Option<String>,
    /// How many times faster than real time a simulation runs.
    #[arg(long, global = true, value_name = "N", env = "AKS_COCKPIT_SPEED", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Seed of a simulation; the same seed gives the same world.
    #[arg(long, global = true, value_name = "N", default_value_t = 1, env = "AKS_COCKPIT_SEED")]
    pub(crate) seed: u64,
    /// Follow the clock of a simulator in another process, as its `clock` field says.
    #[arg(
        long,
        global = true,
        value_name = "TIME*SPEED",
        env = "AKS_COCKPIT_CLOCK",
        hide_short_help = true
    )]
    pub(crate) clock: Option<String>,
    /// Answer yes to every question; needed to change anything without a terminal.
    #[arg(long, short = 'y', global = true, env = "AKS_COCKPIT_YES", value_parser = boolish())]
    pub(crate) yes: bool,
    /// Where the journal and the log are kept.
    #[arg(long, global = true, value_name = "DIR", env = "AKS_COCKPIT_STATE_DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// What goes into the log file: error, warn, info, debug or trace.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        default_value = "info",
        env = "AKS_COCKPIT_LOG_LEVEL"
    )]
    pub(crate) log_level: String,
    /// No colour; the variable NO_COLOR does the same.
    #[arg(long, global = true, env = "AKS_COCKPIT_NO_COLOR", value_parser = boolish())]
    pub(crate) no_color: bool,
    /// Smoke tests that can be chosen in the cockpit's plan editor; `plan` and `start` put them into every plan.
    #[arg(long, value_name = "FILE", env = "AKS_COCKPIT_SMOKE_TESTS")]
    pub(crate) smoke_tests: Option<PathBuf>,
    /// Only ASCII characters on the screen.
    #[arg(long, global = true, env = "AKS_COCKPIT_ASCII", value_parser = boolish())]
    pub(crate) ascii: bool,
    /// The colours of the cockpit; the settings screen and docs/settings.md name the themes.
    #[arg(long, global = true, value_name = "NAME", env = "AKS_COCKPIT_THEME")]
    pub(crate) theme: Option<String>,
    /// Nothing on the screen moves that need not.
    #[arg(long, global = true, env = "AKS_COCKPIT_NO_ANIMATION", value_parser = boolish())]
    pub(crate) no_animation: bool,
    /// Leave the mouse to the terminal.
    #[arg(long, global = true, env = "AKS_COCKPIT_NO_MOUSE", value_parser = boolish())]
    pub(crate) no_mouse: bool,
    /// The settings file; the one in the configuration directory when left out.
    #[arg(long, global = true, value_name = "FILE", env = "AKS_COCKPIT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// What holds, out of flags, variables, file and defaults.
    #[arg(skip)]
    pub(crate) settings: Arc<Settings>,
    /// What it is made from, to be read again.
    #[arg(skip)]
    pub(crate) layers: Arc<Layers>,
}

impl GlobalArguments {
    /// True where a flag or a variable names the smoke tests, for all clusters.
    pub(crate) fn has_named_smoke_tests(&self) -> bool {
        let setting = Setting::of("smoke-tests").expect("it is in the table, as a test proves");
        matches!(self.settings.get(setting).1, Origin::Flag | Origin::Environment(_))
    }

    /// The file with the smoke tests for clusters as a person named them: a flag or a variable first, then what a
    /// pattern of the settings says, then the general one.
    ///
    /// # Errors
    /// When the settings give them different files.
    pub(crate) fn smoke_tests_for(&self, clusters: &[String]) -> Result<Option<PathBuf>, Problem> {
        let general = self.smoke_tests.clone();
        if self.has_named_smoke_tests() {
            return Ok(general);
        }
        let rules = &self.settings.clusters;
        let mut files = clusters.iter().map(|word| {
            let own = rules.smoke_tests(&Named::of_word(word)).cloned();
            own.or_else(|| general.clone())
        });
        let first = files.next().unwrap_or_else(|| general.clone());
        if files.all(|file| file == first) {
            Ok(first)
        } else {
            Err(Problem::new(Exit::Usage, "the clusters have different smoke tests")
                .because("the settings file names other files for some of them")
                .try_this("plan them one by one, or give --smoke-tests FILE for all"))
        }
    }
}

/// How a headless command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    #[default]
    Table,
    /// One document.
    Json,
    /// One document or event a line.
    Jsonl,
    /// Markdown, for the commands that have it: `timeline`.
    #[value(skip)]
    Markdown,
}

impl OutputFormat {
    /// Reads the formats of `timeline`: the usual ones and `md`.
    fn with_markdown() -> impl TypedValueParser<Value = Self> {
        PossibleValuesParser::new(["table", "json", "jsonl", "md"]).map(|word| match word.as_str() {
            "json" => Self::Json,
            "jsonl" => Self::Jsonl,
            "md" => Self::Markdown,
            _ => Self::Table,
        })
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The cockpit on a simulated fleet: no account, no cluster.
    Demo(DemoArguments),
    /// Every cluster: version, support, pools, health, what runs.
    Clusters(WatchArguments),
    /// Where a cluster can go: targets, hops, support dates, breaking changes.
    Versions(ClusterArguments),
    /// Nodes with phase, version and image.
    Nodes(NodesArguments),
    /// Ordered steps to a version: requests, nodes, capacity, duration, what can be undone.
    Plan(PlanArguments),
    /// What would go wrong with an upgrade: findings, worst first.
    Preflight(PreflightArguments),
    /// Why an upgrade is stuck or failed: causes, evidence, remedies.
    Diagnose(DiagnoseArguments),
    /// Azure's claims beside what the nodes run, and what an upgrade left behind.
    Drift(DriftArguments),
    /// The page of a check or a cause: what, why, how to confirm, remedies.
    Explain(ExplainArguments),
    /// Cure a cause with a remedy; the exact requests are shown first.
    Mend(MendArguments),
    /// Repairs that were made, newest first.
    Repairs(RepairsArguments),
    /// Take a repair back.
    Undo(UndoArguments),
    /// Upgrade a cluster, or run a saved plan, and follow the progress.
    Start(StartArguments),
    /// Pause an upgrade: after the step, at the next node boundary, or now.
    Pause(PauseArguments),
    /// Go on with a paused execution.
    Resume(TargetArguments),
    /// Try the failed step of an execution again.
    Retry(TargetArguments),
    /// Abort an upgrade for good; what is done stays done.
    Abort(TargetArguments),
    /// Say yes to the approval an execution waits for.
    Approve(ApproveArguments),
    /// Leave out the step that waits or has failed.
    Skip(ApproveArguments),
    /// What runs, who drives, blockers first.
    Status(StatusArguments),
    /// What happened: who, what, when, with which request.
    Timeline(TimelineArguments),
    /// Drive an execution in this process until it ends.
    Drive(DriveArguments),
    /// Ask whoever drives for the controls.
    Ask(AskArguments),
    /// Give the controls of an execution to somebody else.
    HandOver(HandOverArguments),
    /// Take the controls from whoever has them; the reason is recorded.
    TakeOver(TakeOverArguments),
    /// The simulator alone, for kubectl, SDKs and scripts: prints its endpoints as JSON.
    Simulate(SimulateArguments),
    /// Every setting with its value, default and origin.
    Config(ConfigArguments),
    /// Completions for a shell, on stdout.
    Completions { shell: clap_complete::Shell },
    /// The manual page, on stdout.
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Smoke tests that can be chosen in the plan editor.
    #[arg(long, value_name = "FILE", env = "AKS_COCKPIT_SMOKE_TESTS")]
    pub(crate) smoke_tests: Option<PathBuf>,
    /// Which story; `simulate --list` names them all.
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub(crate) scenario: String,
    /// Draw the README's pictures into this directory, without a terminal.
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct ConfigArguments {
    /// Only say what is wrong with the settings file.
    #[arg(long)]
    pub(crate) check: bool,
    /// A commented settings file with every key, to start from.
    #[arg(long)]
    pub(crate) example: bool,
    /// Where the settings file is, or would be.
    #[arg(long)]
    pub(crate) path: bool,
    /// The page docs/settings.md.
    #[arg(long, hide = true)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// Keep printing when something changes.
    #[arg(long, short = 'w')]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterArguments {
    /// A name, group/name, or a full resource id.
    pub(crate) cluster: String,
}

#[derive(Debug, Args)]
pub(crate) struct NodesArguments {
    /// A name, group/name, or a full resource id; with --kubeconfig it may be left out.
    pub(crate) cluster: Option<String>,
    /// Keep printing when something changes.
    #[arg(long, short = 'w')]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// A cluster or an execution; everything when left out.
    pub(crate) target: Option<String>,
    /// Keep printing when something changes.
    #[arg(long, short = 'w')]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TimelineArguments {
    /// An execution's id, the beginning of one, or `last`.
    #[arg(required_unless_present = "recording")]
    pub(crate) execution: Option<String>,
    /// Tell every phase of every node and every event, too.
    #[arg(long)]
    pub(crate) with_nodes: bool,
    /// Save all that was kept, without secrets, to a file that others can replay.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Tell what is in such a file, instead of an execution of this journal.
    #[arg(long, value_name = "FILE", conflicts_with = "execution")]
    pub(crate) recording: Option<PathBuf>,
    /// Open the cockpit on it: its nodes, drains and holds, moment by moment.
    #[arg(long, conflicts_with_all = ["with_nodes", "save"])]
    pub(crate) replay: bool,
    /// How it is printed; md is Markdown, ready for a post-mortem.
    // The same name and type as the global flag, which it stands in for.
    #[arg(
        id = "output", long = "output", value_name = "FORMAT", default_value = "table", env = "AKS_COCKPIT_OUTPUT",
        value_parser = OutputFormat::with_markdown()
    )]
    pub(crate) _output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Which world.
    #[arg(long, value_name = "NAME", default_value = "demo", conflicts_with = "simulate")]
    pub(crate) scenario: String,
    /// Only list the scenarios there are.
    #[arg(long)]
    pub(crate) list: bool,
    /// Where the kubeconfig files are written; a new temporary folder when left out.
    #[arg(long, value_name = "DIR")]
    pub(crate) kubeconfig_dir: Option<PathBuf>,
}

/// Reads 1, yes, true and on (and their opposites) from a variable.
fn boolish() -> clap::builder::BoolishValueParser {
    clap::builder::BoolishValueParser::new()
}

fn parse_cloud(text: &str) -> Result<Cloud, String> {
    text.parse().map_err(|_| "there are public, usgov and china".to_owned())
}

/// A week in twelve seconds; faster, and the watches see less of a world than happens in it.
const FASTEST: f64 = 50_000.0;

fn parse_speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| (0.1..=FASTEST).contains(speed))
        .ok_or_else(|| format!("a number from 0.1 to {FASTEST}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_week_can_be_simulated_while_one_waits() {
        assert_eq!(parse_speed("50000"), Ok(50_000.0));
        assert_eq!(parse_speed("50001").unwrap_err(), "a number from 0.1 to 50000");
        for text in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(parse_speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_simulation_may_be_named_or_not() {
        let scenario = |words: &[&str]| Arguments::parse_from(words).global.simulate;
        assert_eq!(
            scenario(&["aks-cockpit", "--simulate", "clusters"]).as_deref(),
            Some("demo")
        );
        assert_eq!(
            scenario(&["aks-cockpit", "--simulate=quota", "clusters"]).as_deref(),
            Some("quota")
        );
        assert_eq!(
            scenario(&["aks-cockpit", "clusters", "--simulate=clean"]).as_deref(),
            Some("clean")
        );
        assert_eq!(scenario(&["aks-cockpit", "clusters"]), None);
    }

    #[test]
    fn only_the_timeline_knows_markdown() {
        let output = |words: &[&str]| {
            Arguments::try_parse_from(words)
                .ok()
                .map(|arguments| arguments.global.output)
        };
        let timeline = |format| output(&["aks-cockpit", "timeline", "last", "--output", format]);
        assert_eq!(timeline("md"), Some(OutputFormat::Markdown));
        assert_eq!(timeline("json"), Some(OutputFormat::Json));
        assert_eq!(
            output(&["aks-cockpit", "--output", "json", "timeline", "last"]),
            Some(OutputFormat::Json)
        );
        assert_eq!(output(&["aks-cockpit", "timeline", "last"]), Some(OutputFormat::Table));
        assert_eq!(output(&["aks-cockpit", "status", "--output", "md"]), None);
    }
}
