//! The crash drill of debug builds: ends this process, without a word, right before or right after a chosen record.
//! Release builds do not contain it; without `AKS_COCKPIT_CRASH_DRILL` in the environment it does nothing.
//!
//! The variable names one point: `before:intent:2` is right before the transaction with the second `intent` this
//! process writes, `after:accepted:1` right after the first `accepted` is durable and before anything else is done,
//! and `before:#17` right before the record with number 17 of its execution (numbers begin at 0, as in the journal).
//! Any other text is no point. `tests/upgrades/crash` and `benches/kills.rs` are what it is for.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::journal::writer::NewRow;

/// Names the point at which the process ends.
const VARIABLE: &str = "AKS_COCKPIT_CRASH_DRILL";

/// Records of the chosen kind this process was about to write, or wrote.
static MET: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    /// The n-th record of a kind, counted from 1.
    Kind { kind: String, nth: u32 },
    /// The record with this number in its execution, counted from 0.
    Number(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    moment: Moment,
    which: Which,
}

/// To be called right before a transaction that writes `rows`, the first of them as number `first`.
pub(in crate::engine) fn before(first: u32, rows: &[NewRow]) {
    meet(Moment::Before, first, rows);
}

/// To be called right after that transaction is durable.
pub(in crate::engine) fn after(first: u32, rows: &[NewRow]) {
    meet(Moment::After, first, rows);
}

fn meet(moment: Moment, first: u32, rows: &[NewRow]) {
    let point = std::env::var(VARIABLE).ok().and_then(|text| Point::parse(&text));
    let Some(point) = point.filter(|point| point.moment == moment) else {
        return;
    };
    let kinds: Vec<String> = rows.iter().map(kind_of).collect();
    let met = MET.load(Ordering::Relaxed);
    if point.is_among(met, first, &kinds) {
        // No destructor, no flush, no answer to anybody: as close to a power loss as a process can come by itself.
        std::process::abort();
    }
    MET.store(met + point.count(&kinds), Ordering::Relaxed);
}

fn kind_of(row: &NewRow) -> String {
    serde_json::from_str::<Value>(&row.json)
        .ok()
        .and_then(|record| record["kind"].as_str().map(str::to_owned))
        .unwrap_or_default()
}

impl Point {
    fn parse(text: &str) -> Option<Self> {
        let (moment, which) = text.split_once(':')?;
        let moment = match moment {
            "before" => Moment::Before,
            "after" => Moment::After,
            _ => return None,
        };
        let which = if let Some(number) = which.strip_prefix('#') {
            Which::Number(number.parse().ok()?)
        } else {
            let (kind, nth) = which.split_once(':')?;
            Which::Kind {
                kind: kind.to_owned(),
                nth: nth.parse().ok().filter(|nth| *nth > 0)?,
            }
        };
        Some(Self { moment, which })
    }

    /// How many of the records are of the point's kind.
    fn count(&self, kinds: &[String]) -> u32 {
        let Which::Kind { kind, .. } = &self.which else {
            return 0;
        };
        let count = kinds.iter().filter(|one| *one == kind).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// True where one of the records is the point's, after `met` others of its kind.
    fn is_among(&self, met: u32, first: u32, kinds: &[String]) -> bool {
        match &self.which {
            Which::Kind { nth, .. } => met < *nth && *nth <= met + self.count(kinds),
            Which::Number(number) => (first..).zip(kinds).any(|(place, _)| place == *number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_names_a_moment_and_a_record() {
        let kind = |moment, kind: &str, nth| {
            let which = Which::Kind {
                kind: kind.to_owned(),
                nth,
            };
            Some(Point { moment, which })
        };
        for (text, expected) in [
            ("before:intent:2", kind(Moment::Before, "intent", 2)),
            ("after:accepted:1", kind(Moment::After, "accepted", 1)),
            (
                "before:#17",
                Some(Point {
                    moment: Moment::Before,
                    which: Which::Number(17),
                }),
            ),
            ("", None),
            ("between:intent:1", None),
            ("before:intent", None),
            ("before:intent:0", None),
            ("before:#x", None),
        ] {
            assert_eq!(Point::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_point_is_met_in_its_own_transaction_only() {
        let turn = ["intent", "accepted", "intent"].map(str::to_owned);
        let is_met = |text: &str, met, first| Point::parse(text).unwrap().is_among(met, first, &turn);
        assert!(is_met("before:intent:1", 0, 0));
        assert!(is_met("before:intent:2", 0, 0));
        assert!(!is_met("before:intent:3", 0, 0));
        assert!(is_met("before:intent:3", 2, 3));
        assert!(!is_met("before:intent:2", 2, 3));
        assert!(is_met("after:#4", 0, 3));
        assert!(!is_met("after:#6", 0, 3));
        assert!(!is_met("after:#2", 0, 3));
    }

    #[test]
    fn the_kind_is_read_from_the_stored_text() {
        let row = |json: &str| NewRow {
            at: jiff::Timestamp::UNIX_EPOCH,
            version: 1,
            json: json.to_owned(),
        };
        assert_eq!(kind_of(&row(r#"{"kind":"resumed","v":2}"#)), "resumed");
        assert_eq!(kind_of(&row("[1]")), "");
    }
}
