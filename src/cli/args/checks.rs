//! The grammar of looking before and after: checks, causes, repairs, pages. Reads words; looks at nothing.

use std::path::PathBuf;

use clap::Args;

use super::plan::PlanChoices;

#[derive(Debug, Args)]
pub(crate) struct PreflightArguments {
    /// A name, group/name, or a full resource id.
    pub(crate) cluster: String,
    #[command(flatten)]
    pub(crate) choices: PlanChoices,
    /// Show what passed as well.
    #[arg(long)]
    pub(crate) all: bool,
    /// Keep the report in this file, to be compared with after the upgrade.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Only what differs from a kept report, or from the one an execution was started with: a file, an id, or `last`.
    #[arg(long, value_name = "FILE|EXECUTION")]
    pub(crate) compare: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DiagnoseArguments {
    /// A name, group/name, or a full resource id; with --kubeconfig it may be left out.
    #[arg(required_unless_present = "kubeconfig")]
    pub(crate) cluster: Option<String>,
    /// A catalogue of your own: entries that add to the shipped ones, or overwrite their texts.
    #[arg(long, value_name = "FILE", env = "AKS_COCKPIT_CATALOGUE")]
    pub(crate) catalogue: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    /// A name, group/name, or a full resource id; with --kubeconfig it may be left out.
    #[arg(required_unless_present = "kubeconfig")]
    pub(crate) cluster: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MendArguments {
    /// A name, group/name, or a full resource id; with --kubeconfig it may be left out.
    #[arg(required_unless_present = "kubeconfig")]
    pub(crate) cluster: Option<String>,
    /// Which remedy, as `diagnose` names them: pdb-relax, uncordon, retry-upgrade, ...
    #[arg(long, value_name = "REMEDY")]
    pub(crate) with: String,
    /// For which of several causes, as `diagnose` names them; the most likely one that has the remedy when left out.
    #[arg(long, value_name = "CODE")]
    pub(crate) cause: Option<String>,
    /// Only show the exact requests.
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RepairsArguments {
    /// Only those of this cluster.
    pub(crate) cluster: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// Which repair, as `repairs` and `mend` name them: r-7.
    pub(crate) repair: String,
    /// Only show the exact requests.
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A check's or a cause's code, as pdb-zero or drain-blocked-by-pdb; all of them are listed when left out.
    pub(crate) code: Option<String>,
    /// Write one page for each code into this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "code")]
    pub(crate) write: Option<PathBuf>,
}
