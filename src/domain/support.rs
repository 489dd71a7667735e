//! Until when AKS supports a Kubernetes version, and what breaks on the way to one.
//! The data is `assets/breaking-changes.json`; it ages, so every answer can be "unknown".

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

use super::cluster::SupportPlan;
use super::version::{KubernetesVersion, MinorVersion};

/// How well a version is supported on a given day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportState {
    Supported,
    /// Support ends within [`ENDING_SOON_DAYS`].
    EndingSoon,
    /// Out of full support; the platform is still kept running
    /// (AKS docs "Supported Kubernetes versions", 2026: N-3).
    PlatformOnly,
    OutOfSupport,
    /// The calendar does not know the version.
    Unknown,
}

/// Days before its end at which support counts as ending soon.
pub const ENDING_SOON_DAYS: i32 = 60;

impl SupportState {
    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::EndingSoon => "endingSoon",
            Self::PlatformOnly => "platformOnly",
            Self::OutOfSupport => "outOfSupport",
            Self::Unknown => "unknown",
        }
    }
}

/// A version's support, with the day it ends where the calendar has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    pub state: SupportState,
    pub ends_on: Option<Date>,
}

/// Something that changes for users when a cluster passes a minor version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakingChange {
    pub minor: MinorVersion,
    pub area: String,
    pub what: String,
    pub affects: String,
    pub severity: String,
    /// False where no official page says so.
    pub is_confirmed: bool,
}

#[derive(Deserialize)]
struct File {
    calendar: Vec<CalendarRow>,
    changes: Vec<ChangeRow>,
}

#[derive(Deserialize)]
struct CalendarRow {
    minor: String,
    ga: String,
    eol: String,
    lts_eol: Option<String>,
}

#[derive(Deserialize)]
struct ChangeRow {
    minor: String,
    area: String,
    what: String,
    #[serde(default)]
    affects: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    confirmed: bool,
}

struct Line {
    minor: MinorVersion,
    released: Option<Date>,
    ends: Option<Date>,
    long_term_ends: Option<Date>,
}

struct Calendar {
    lines: Vec<Line>,
    changes: Vec<BreakingChange>,
}

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("../../assets/breaking-changes.json"))
        .expect("the built-in calendar is checked by a test");
    Calendar {
        lines: file
            .calendar
            .iter()
            .filter_map(|row| {
                Some(Line {
                    minor: row.minor.parse().ok()?,
                    released: last_day(&row.ga),
                    ends: last_day(&row.eol),
                    long_term_ends: row.lts_eol.as_deref().and_then(last_day),
                })
            })
            .collect(),
        changes: file
            .changes
            .into_iter()
            .filter_map(|row| {
                Some(BreakingChange {
                    minor: row.minor.parse().ok()?,
                    area: row.area,
                    what: row.what,
                    affects: row.affects,
                    severity: row.severity,
                    is_confirmed: row.confirmed,
                })
            })
            .collect(),
    }
});

/// Reads `2026-03-15`, or `2026-03` as the month's last day; words behind it are ignored.
pub fn last_day(text: &str) -> Option<Date> {
    let word = text.split_whitespace().next()?;
    word.parse()
        .ok()
        .or_else(|| format!("{word}-01").parse::<Date>().ok().map(Date::last_of_month))
}

/// How `version` is supported on `today`.
pub fn support_of(version: KubernetesVersion, plan: &SupportPlan, today: Date) -> Support {
    let lines = &CALENDAR.lines;
    let Some(line) = lines.iter().find(|line| line.minor == version.minor_line()) else {
        let is_older = lines
            .iter()
            .map(|line| line.minor)
            .min()
            .is_some_and(|oldest| version.minor_line() < oldest);
        return Support {
            state: if is_older {
                SupportState::OutOfSupport
            } else {
                SupportState::Unknown
            },
            ends_on: None,
        };
    };
    let ends_on = match plan {
        SupportPlan::LongTermSupport => line.long_term_ends,
        _ => line.ends,
    };
    let Some(end) = ends_on else {
        return Support {
            state: SupportState::Unknown,
            ends_on,
        };
    };
    let newest_minor = lines
        .iter()
        .filter(|line| line.released.is_some_and(|released| released <= today))
        .map(|line| line.minor.minor)
        .max();
    let state = if today <= end {
        let days_left = (end - today).get_days();
        if days_left <= ENDING_SOON_DAYS {
            SupportState::EndingSoon
        } else {
            SupportState::Supported
        }
    } else if *plan != SupportPlan::LongTermSupport && newest_minor.is_some_and(|newest| newest <= line.minor.minor + 3)
    {
        SupportState::PlatformOnly
    } else {
        SupportState::OutOfSupport
    };
    Support { state, ends_on }
}

/// What changes between two versions, oldest minor first: everything above `from` up to `to`.
pub fn breaking_changes(from: KubernetesVersion, to: KubernetesVersion) -> Vec<&'static BreakingChange> {
    let mut changes: Vec<&BreakingChange> = CALENDAR
        .changes
        .iter()
        .filter(|change| change.minor > from.minor_line() && change.minor <= to.minor_line())
        .collect();
    changes.sort_by_key(|change| change.minor);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: &str, plan: &SupportPlan, today: &str, state: SupportState, ends_on: Option<&str>) {
        let support = support_of(version.parse().unwrap(), plan, today.parse().unwrap());
        assert_eq!(
            (support.state, support.ends_on),
            (state, ends_on.map(|day| day.parse().unwrap())),
            "{version} on {today}"
        );
    }

    #[test]
    fn support_follows_the_calendar() {
        let official = SupportPlan::KubernetesOfficial;
        check(
            "1.35.2",
            &official,
            "2026-11-23",
            SupportState::Supported,
            Some("2027-03-31"),
        );
        check(
            "1.34.2",
            &official,
            "2026-11-23",
            SupportState::EndingSoon,
            Some("2026-11-30"),
        );
        check(
            "1.33.5",
            &official,
            "2026-11-23",
            SupportState::OutOfSupport,
            Some("2026-07-31"),
        );
        check(
            "1.33.5",
            &official,
            "2026-09-01",
            SupportState::PlatformOnly,
            Some("2026-07-31"),
        );
        check(
            "1.33.5",
            &SupportPlan::LongTermSupport,
            "2026-11-23",
            SupportState::Supported,
            Some("2027-07-31"),
        );
        check("1.20.1", &official, "2026-11-23", SupportState::OutOfSupport, None);
        check("1.99.0", &official, "2026-11-23", SupportState::Unknown, None);
        check(
            "1.30.0",
            &official,
            "2025-08-22",
            SupportState::EndingSoon,
            Some("2025-08-22"),
        );
    }

    #[test]
    fn breaking_changes_are_those_on_the_way() {
        let minors = |from: &str, to: &str| -> Vec<u16> {
            breaking_changes(from.parse().unwrap(), to.parse().unwrap())
                .iter()
                .map(|change| change.minor.minor)
                .collect()
        };
        assert!(minors("1.34.1", "1.34.9").is_empty());
        let hop = minors("1.34.1", "1.36.0");
        assert!(!hop.is_empty() && hop.iter().all(|minor| [35, 36].contains(minor)) && hop.is_sorted());
    }
}
