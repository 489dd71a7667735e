//! The grammar of the commands that steer an execution.

use clap::{Args, ValueEnum};

use crate::engine::command::Person;

#[derive(Debug, Args)]
pub(crate) struct ExecutionArguments {
    /// An execution's id, the beginning of one, or `last`.
    pub(crate) execution: String,
}

#[derive(Debug, Args)]
pub(crate) struct TargetArguments {
    /// An execution's id, the beginning of one, or `last`; or a cluster, also one that somebody else upgrades.
    #[arg(value_name = "EXECUTION|CLUSTER")]
    pub(crate) target: String,
}

#[derive(Debug, Args)]
pub(crate) struct PauseArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// How soon the pause takes hold.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) depth: Depth,
}

/// How soon a pause takes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Depth {
    /// The step in Azure finishes, the next does not start.
    #[default]
    AfterStep,
    /// Abort Azure's operation as soon as no node is between cordon and ready.
    NodeBoundary,
    /// Abort Azure's operation at once; may leave a node cordoned.
    Now,
}

/// `approve` and `skip`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    #[command(flatten)]
    pub(crate) execution: ExecutionArguments,
    /// The step that is meant; the one that holds the execution when left out.
    #[arg(long, value_name = "ID")]
    pub(crate) step: Option<String>,
    /// Why; recorded with your name.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct DriveArguments {
    #[command(flatten)]
    pub(crate) execution: ExecutionArguments,
    /// Without a terminal: the process leaves the session and prints nothing.
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AskArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
}

#[derive(Debug, Args)]
pub(crate) struct HandOverArguments {
    #[command(flatten)]
    pub(crate) execution: ExecutionArguments,
    /// Who gets the controls, as `status` writes people.
    #[arg(long, value_name = "NAME@HOST", value_parser = parse_person)]
    pub(crate) to: Person,
}

#[derive(Debug, Args)]
pub(crate) struct TakeOverArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Why; recorded with your name, and shown to whoever had the controls.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,
    /// Go on in a background process.
    #[arg(long)]
    pub(crate) detach: bool,
}

fn parse_reason(text: &str) -> Result<String, String> {
    let reason = crate::domain::text::printable(text.trim());
    if reason.is_empty() {
        return Err("a reason has words".to_owned());
    }
    Ok(reason)
}

fn parse_person(text: &str) -> Result<Person, String> {
    match text.rsplit_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() => Ok(Person {
            name: crate::domain::text::printable(name),
            host: crate::domain::text::printable(host),
        }),
        _ => Err("a person is written NAME@HOST, for instance ada@desk".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_reasons_are_checked() {
        assert!(
            parse_person("ada@example.com@desk").is_ok_and(|ada| ada.name == "ada@example.com" && ada.host == "desk")
        );
        for text in ["ada", "@desk", "ada@", ""] {
            assert!(parse_person(text).is_err(), "{text}");
        }
        assert_eq!(parse_reason(" end\u{1b} of shift ").as_deref(), Ok("end of shift"));
        assert!(parse_reason("  ").is_err());
    }
}
