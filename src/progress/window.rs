//! Whether the rest of an upgrade ends before its maintenance window closes. Pure: windows, a range and a time in, a
//! verdict and its words out. AKS stops no upgrade that began in time, so that only a person can keep to the window
//! (AKS docs "Planned maintenance", 2026).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::eta::EtaRange;
use super::picture::PoolProgress;
use crate::domain::maintenance::{Span, window_of};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::survey::WindowFact;
use crate::domain::time_text::moment;

/// How sure it is. The words of `as_str` are part of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Even the careful end lies before the close.
    Fits,
    /// The close lies in the later half of the range.
    MayNot,
    /// The close lies in the earlier half of the range.
    LikelyNot,
    /// Even the hopeful end lies after the close.
    SurelyNot,
    /// The window has closed, and the upgrade still runs.
    Closed,
}

impl Fit {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::MayNot => "mayNotFit",
            Self::LikelyNot => "likelyNotFit",
            Self::SurelyNot => "willNotFit",
            Self::Closed => "closed",
        }
    }
}

/// An upgrade beside the window it runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowFit {
    /// The maintenance configuration's name, for instance `aksManagedAutoUpgradeSchedule`.
    pub window: String,
    /// The schedule in words.
    pub schedule: String,
    pub closes: Timestamp,
    pub fit: Fit,
    /// The hopeful and the careful end.
    pub ends: (Timestamp, Timestamp),
    /// When this was judged.
    pub as_of: Timestamp,
}

/// The upgrade that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub(super) began: Timestamp,
    pub(super) eta: EtaRange,
    pub(super) moves_version: bool,
}

/// Judges a running upgrade. `None` where the cluster has no window for it, or it runs in none of the openings: then
/// there is nothing to fit, and the checks before the upgrade said so.
pub(super) fn judge(windows: &[WindowFact], running: Running, now: Timestamp) -> Option<WindowFit> {
    let window = window_of(windows, running.moves_version)?;
    let is_in = |at: Timestamp| move |(from, until): &&Span| *from <= at && at < *until;
    let openings = &window.openings;
    let (_, closes) = *openings
        .iter()
        .find(is_in(running.began))
        .or_else(|| openings.iter().find(is_in(now)))?;
    let after = |left: Duration| {
        let left = SignedDuration::try_from(left).unwrap_or(SignedDuration::MAX);
        now.saturating_add(left).unwrap_or(Timestamp::MAX)
    };
    let EtaRange { low, high } = running.eta;
    let middle = low.saturating_add(high.saturating_sub(low) / 2);
    let fit = if closes <= now {
        Fit::Closed
    } else if after(low) > closes {
        Fit::SurelyNot
    } else if after(middle) > closes {
        Fit::LikelyNot
    } else if after(high) > closes {
        Fit::MayNot
    } else {
        Fit::Fits
    };
    Some(WindowFit {
        window: window.name.clone(),
        schedule: window.schedule.clone(),
        closes,
        fit,
        ends: (after(low), after(high)),
        as_of: now,
    })
}

/// True unless all that moves gets another image alone.
pub(super) fn moves_version(pools: &[PoolProgress]) -> bool {
    let mut moving = pools.iter().filter(|pool| pool.target.is_some()).peekable();
    let is_of_images = |pool: &PoolProgress| pool.state.as_ref() == Some(&ProvisioningState::UpgradingNodeImageVersion);
    moving.peek().is_none() || moving.any(|pool| pool.done < pool.total && !is_of_images(pool))
}

impl WindowFit {
    /// In a few words, for a line with other things on it; `None` where it fits.
    pub fn short(&self) -> Option<&'static str> {
        match self.fit {
            Fit::Fits => None,
            Fit::MayNot => Some("may not fit the window"),
            Fit::LikelyNot => Some("will likely not fit the window"),
            Fit::SurelyNot => Some("will not fit the window"),
            Fit::Closed => Some("the window has closed"),
        }
    }

    /// As `Will not fit the maintenance window, which closes 04:00 UTC: ends 04:20 UTC at the soonest`; `None` where it
    /// fits.
    pub fn in_words(&self) -> Option<String> {
        let closes = moment(self.closes, self.as_of);
        let (soonest, latest) = (moment(self.ends.0, self.as_of), moment(self.ends.1, self.as_of));
        let likely = match self.fit {
            Fit::Fits => return None,
            Fit::Closed => {
                return Some(format!(
                    "The maintenance window closed {closes}; the upgrade runs on until {soonest} at the soonest"
                ));
            }
            Fit::SurelyNot => {
                return Some(format!(
                    "Will not fit the maintenance window, which closes {closes}: ends {soonest} at the soonest"
                ));
            }
            Fit::LikelyNot => "Will likely not",
            Fit::MayNot => "May not",
        };
        Some(format!(
            "{likely} fit the maintenance window, which closes {closes}: may take until {latest}"
        ))
    }

    /// What a person can do about it; `None` where it fits. `is_last_step`: no step comes after the one that runs.
    pub fn remedy(&self, is_last_step: bool) -> Option<String> {
        let pause = if is_last_step {
            "pause at the next node boundary"
        } else {
            "pause after this step"
        };
        match self.fit {
            Fit::Fits => None,
            Fit::Closed => Some(format!("{pause}, or let it end: AKS does not stop it")),
            Fit::MayNot | Fit::LikelyNot | Fit::SurelyNot => {
                Some(format!("{pause}, or widen the window {}", self.window))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::maintenance::{DEFAULT, NODE_IMAGES, VERSIONS};

    fn at(text: &str) -> Timestamp {
        format!("2026-08-15T{text}:00Z").parse().unwrap()
    }

    /// Open from 02:00 to 06:00.
    fn window(name: &str) -> WindowFact {
        WindowFact {
            name: name.to_owned(),
            schedule: "every day at 02:00".to_owned(),
            openings: vec![
                (at("02:00"), at("06:00")),
                (
                    "2026-08-16T02:00:00Z".parse().unwrap(),
                    "2026-08-16T06:00:00Z".parse().unwrap(),
                ),
            ],
            not_allowed: Vec::new(),
            duration_hours: Some(4),
        }
    }

    /// Judged at `now`, with so many minutes left of what began at `began`.
    fn judged(began: &str, now: &str, (low, high): (u64, u64)) -> Option<WindowFit> {
        let running = Running {
            began: at(began),
            eta: EtaRange {
                low: Duration::from_mins(low),
                high: Duration::from_mins(high),
            },
            moves_version: true,
        };
        judge(&[window(VERSIONS)], running, at(now))
    }

    #[test]
    fn the_range_lies_before_around_or_behind_the_close() {
        for (began, now, left, expected) in [
            ("02:30", "05:00", (10, 60), Some(Fit::Fits)),
            ("02:30", "05:00", (10, 61), Some(Fit::MayNot)),
            ("02:30", "05:00", (30, 90), Some(Fit::MayNot)),
            ("02:30", "05:00", (30, 92), Some(Fit::LikelyNot)),
            ("02:30", "05:00", (60, 92), Some(Fit::LikelyNot)),
            ("02:30", "05:00", (61, 92), Some(Fit::SurelyNot)),
            ("02:30", "06:00", (0, 0), Some(Fit::Closed)),
            ("02:30", "08:00", (5, 9), Some(Fit::Closed)),
            // Begun outside of it, and in it by now.
            ("01:30", "05:00", (10, 20), Some(Fit::Fits)),
            // Begun outside of it, and never in it.
            ("06:00", "08:00", (5, 9), None),
            ("00:30", "01:00", (5, 9), None),
        ] {
            let fit = judged(began, now, left).map(|found| found.fit);
            assert_eq!(fit, expected, "begun {began}, {left:?} min left at {now}");
        }
    }

    #[test]
    fn the_window_of_what_moves_counts() {
        let running = |moves_version| Running {
            began: at("03:00"),
            eta: EtaRange::default(),
            moves_version,
        };
        let named = |names: &[&str], moves_version| {
            let windows: Vec<WindowFact> = names.iter().map(|name| window(name)).collect();
            judge(&windows, running(moves_version), at("04:00")).map(|found| found.window)
        };
        let all = [DEFAULT, NODE_IMAGES, VERSIONS];
        assert_eq!(named(&all, true).as_deref(), Some(VERSIONS));
        assert_eq!(named(&all, false).as_deref(), Some(NODE_IMAGES));
        assert_eq!(named(&[DEFAULT, NODE_IMAGES], true).as_deref(), Some(DEFAULT));
        assert_eq!(named(&[NODE_IMAGES], true), None);
    }

    #[test]
    fn words_and_what_to_do() {
        let told = |now, left| {
            let fit = judged("02:30", now, left).unwrap();
            (fit.short(), fit.in_words(), fit.remedy(false))
        };
        assert_eq!(told("05:00", (5, 30)), (None, None, None));
        assert_eq!(
            told("05:00", (40, 70)),
            (
                Some("may not fit the window"),
                Some("May not fit the maintenance window, which closes 06:00 UTC: may take until 06:10 UTC".to_owned()),
                Some("pause after this step, or widen the window aksManagedAutoUpgradeSchedule".to_owned())
            )
        );
        let said = |now, left| told(now, left).1.unwrap();
        assert_eq!(
            said("05:00", (61, 24 * 60)),
            "Will not fit the maintenance window, which closes 06:00 UTC: ends 06:01 UTC at the soonest"
        );
        assert_eq!(
            said("05:00", (50, 24 * 60)),
            "Will likely not fit the maintenance window, which closes 06:00 UTC: may take until 2026-08-16 05:00 UTC"
        );
        assert_eq!(
            said("06:30", (10, 20)),
            "The maintenance window closed 06:00 UTC; the upgrade runs on until 06:40 UTC at the soonest"
        );
        let closed = judged("02:30", "06:30", (10, 20)).unwrap();
        assert_eq!(
            closed.remedy(true).unwrap(),
            "pause at the next node boundary, or let it end: AKS does not stop it"
        );
    }
}
