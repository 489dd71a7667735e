//! The grammar of plans: what is wanted, which gates, which settings. Reads words; builds nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::domain::node_pool::{UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::surge::Share;
use crate::plan::builder::Place;
use crate::plan::step::WaitUntil;

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// Names, group/names, or full resource ids; one plan for each.
    #[arg(value_name = "CLUSTER", required_unless_present = "load")]
    pub(crate) clusters: Vec<String>,
    #[command(flatten)]
    pub(crate) choices: PlanChoices,
    /// Write the plans to this file, to be started with `start --plan FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Show the plans of this file instead of making new ones.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["clusters", "choices", "wanted", "save"])]
    pub(crate) load: Option<PathBuf>,
    /// What differs from the plans of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// End with exit code 3 where a plan cannot work.
    #[arg(long)]
    pub(crate) validate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StartArguments {
    /// A name, group/name, or a full resource id.
    pub(crate) cluster: Option<String>,
    #[command(flatten)]
    pub(crate) choices: PlanChoices,
    /// Run the plans of this file, one cluster after another.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cluster", "choices", "wanted"])]
    pub(crate) plan: Option<PathBuf>,
    /// Make all checks first; a blocker ends it with exit code 3.
    #[arg(long)]
    pub(crate) preflight: bool,
    /// Start although the checks name blockers; the reason is recorded.
    #[arg(long, value_name = "REASON", requires = "preflight")]
    pub(crate) despite: Option<String>,
    /// Go on in a background process, without this terminal.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// What is wanted of a cluster, and what the plan is to have besides.
#[derive(Debug, Default, Args)]
#[group(id = "choices", multiple = true)]
pub(crate) struct PlanChoices {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Only these node pools; may be given several times or with commas.
    #[arg(
        long = "pool",
        alias = "pools",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "rollback"
    )]
    pub(crate) pools: Vec<String>,
    /// Only the control plane.
    #[arg(long, conflicts_with_all = ["pools", "node_images", "rollback"])]
    pub(crate) control_plane_only: bool,
    /// Node pools in this order, with commas; the others follow, system pools first.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) order: Vec<String>,
    /// A setting a pool gets before its nodes move: POOL.max-surge=33%, POOL.max-unavailable=1,
    /// POOL.drain-timeout=45, POOL.soak=5 (minutes), POOL.undrainable=Cordon.
    #[arg(long = "set", value_name = "POOL.SETTING=VALUE", value_parser = parse_setting)]
    pub(crate) settings: Vec<Setting>,
    /// Places where a person must say yes: start, control-plane, hops, pools or end.
    #[arg(long, value_name = "PLACE", value_delimiter = ',', value_parser = parse_place)]
    pub(crate) approve_at: Vec<Place>,
    /// A wait at a place, for a time or until one: hops=7d, end=90m, pools=2026-11-30T06:00Z.
    #[arg(long = "wait", value_name = "PLACE=TIME", value_parser = parse_wait)]
    pub(crate) waits: Vec<(Place, WaitUntil)>,
    /// Places where the execution pauses.
    #[arg(long, value_name = "PLACE", value_delimiter = ',', value_parser = parse_place)]
    pub(crate) pause_at: Vec<Place>,
    /// Hold behind every pool until its workloads are ready again.
    #[arg(long)]
    pub(crate) readiness: bool,
    /// Verify versions and nodes at the end.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Run the smoke tests of this file at the start and behind every step [env: AKS_COCKPIT_SMOKE_TESTS].
    // The variable is read as the global flag's: here it would stand in the way of a saved plan.
    #[arg(long, value_name = "FILE")]
    pub(crate) smoke_tests: Option<PathBuf>,
    /// Run the smoke tests also while nodes move.
    #[arg(long)]
    pub(crate) guards: bool,
}

/// Exactly one of these, where no file is given.
#[derive(Debug, Default, Args)]
#[group(id = "wanted", multiple = false)]
pub(crate) struct Wanted {
    /// The version to go to: 1.35.2, or 1.35 for its newest patch; hops in between are planned.
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Only the newest node images; Kubernetes versions stay.
    #[arg(long, alias = "node-image")]
    pub(crate) node_images: bool,
    /// Take these node pools back to the version and image they ran before.
    #[arg(long, value_name = "POOL", value_delimiter = ',')]
    pub(crate) rollback: Vec<String>,
}

/// One setting of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) pool: String,
    pub(crate) what: SettingValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingValue {
    MaxSurge(Share),
    MaxUnavailable(Share),
    DrainTimeoutMinutes(u32),
    NodeSoakMinutes(u32),
    Undrainable(UndrainableNodeBehavior),
}

impl Setting {
    /// Puts the setting among the others of its pool.
    pub(crate) fn put_into(&self, settings: &mut UpgradeSettings) {
        match &self.what {
            SettingValue::MaxSurge(share) => settings.max_surge = Some(*share),
            SettingValue::MaxUnavailable(share) => settings.max_unavailable = Some(*share),
            SettingValue::DrainTimeoutMinutes(minutes) => settings.drain_timeout_minutes = Some(*minutes),
            SettingValue::NodeSoakMinutes(minutes) => settings.node_soak_minutes = Some(*minutes),
            SettingValue::Undrainable(behavior) => settings.undrainable_node_behavior = Some(behavior.clone()),
        }
    }
}

/// The settings' names on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SettingName {
    MaxSurge,
    MaxUnavailable,
    DrainTimeout,
    Soak,
    Undrainable,
}

fn parse_setting(text: &str) -> Result<Setting, String> {
    let shape = || "a setting is written POOL.SETTING=VALUE, for instance web.max-surge=33%".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(shape)?;
    let (pool, word) = name
        .split_once('.')
        .filter(|(pool, _)| !pool.is_empty())
        .ok_or_else(shape)?;
    let setting = SettingName::from_str(word, false)
        .map_err(|_| format!("'{word}' is none of max-surge, max-unavailable, drain-timeout, soak and undrainable"))?;
    let amount = || value.parse::<Share>().map_err(|error| error.to_string());
    let minutes = |low: u32, high: u32| {
        value
            .parse::<u32>()
            .ok()
            .filter(|minutes| (low..=high).contains(minutes))
            .ok_or_else(|| format!("'{value}' is no number of minutes from {low} to {high}"))
    };
    // The ranges of AKS (AKS docs "Customize node pool rolling upgrades", 2026).
    let what = match setting {
        SettingName::MaxSurge => SettingValue::MaxSurge(amount()?),
        SettingName::MaxUnavailable => SettingValue::MaxUnavailable(amount()?),
        SettingName::DrainTimeout => SettingValue::DrainTimeoutMinutes(minutes(5, 1440)?),
        SettingName::Soak => SettingValue::NodeSoakMinutes(minutes(0, 30)?),
        SettingName::Undrainable => SettingValue::Undrainable(match value.to_ascii_lowercase().as_str() {
            "schedule" => UndrainableNodeBehavior::Schedule,
            "cordon" => UndrainableNodeBehavior::Cordon,
            _ => return Err(format!("'{value}' is neither Schedule nor Cordon")),
        }),
    };
    Ok(Setting {
        pool: pool.to_owned(),
        what,
    })
}

fn parse_place(text: &str) -> Result<Place, String> {
    match text {
        "start" => Ok(Place::Start),
        "control-plane" => Ok(Place::AfterControlPlane),
        "hops" => Ok(Place::BetweenHops),
        "pools" => Ok(Place::BetweenPools),
        "end" => Ok(Place::End),
        _ => Err(format!(
            "'{text}' is no place; there are start, control-plane, hops, pools and end"
        )),
    }
}

fn parse_wait(text: &str) -> Result<(Place, WaitUntil), String> {
    let (place, until) = text
        .split_once('=')
        .ok_or_else(|| "a wait is written PLACE=TIME, for instance hops=7d".to_owned())?;
    Ok((parse_place(place)?, parse_until(until)?))
}

/// Reads `7d`, `1d12h`, `90m`, `30s`, or a time such as 2026-11-30T06:00Z.
fn parse_until(text: &str) -> Result<WaitUntil, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(WaitUntil::Time(at));
    }
    seconds(text)
        .filter(|seconds| *seconds > 0)
        .map(WaitUntil::Seconds)
        .ok_or_else(|| {
            format!("'{text}' is neither a duration such as 7d, 12h or 90m nor a time such as 2026-11-30T06:00Z")
        })
}

/// Numbers with their units, one after another; `None` for anything else.
fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_within_their_ranges() {
        let mut settings = UpgradeSettings::default();
        for text in [
            "web.max-surge=33%",
            "web.max-unavailable=1",
            "web.drain-timeout=45",
            "web.soak=5",
            "web.undrainable=cordon",
        ] {
            let setting = parse_setting(text).unwrap();
            assert_eq!(setting.pool, "web");
            setting.put_into(&mut settings);
        }
        assert_eq!(
            settings.to_string(),
            "max surge 33%, max unavailable 1, drain timeout 45 min, node soak 5 min, undrainable nodes: Cordon"
        );
        for text in [
            "web=1",
            "max-surge=33%",
            ".soak=5",
            "web.surge=33%",
            "web.max-surge=133%",
            "web.drain-timeout=4",
            "web.soak=31",
            "web.undrainable=Delete",
        ] {
            assert!(parse_setting(text).is_err(), "{text}");
        }
    }

    #[test]
    fn waits_are_durations_or_times() {
        let wait = |text: &str| parse_wait(text).map(|(_, until)| until);
        assert_eq!(wait("hops=7d"), Ok(WaitUntil::Seconds(7 * 86_400)));
        assert_eq!(wait("end=1h30m"), Ok(WaitUntil::Seconds(5_400)));
        assert_eq!(
            wait("pools=2026-11-30T06:00Z"),
            Ok(WaitUntil::Time("2026-11-30T06:00:00Z".parse().unwrap()))
        );
        for text in [
            "7d",
            "moon=7d",
            "hops=",
            "hops=7",
            "hops=7w",
            "hops=0d",
            "hops=d",
            "hops=99999999999999999999d",
        ] {
            assert!(wait(text).is_err(), "{text}");
        }
    }
}
