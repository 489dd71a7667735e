//! Who may take the Lease, and what each write puts there. Never looks at a clock: the time is handed in.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::command::Person;
use super::note::{printable_json, read_note};
use super::{LeaseHolder, LeaseNote, LeaseTimes, note_text};
use crate::domain::ids::ExecutionId;
use crate::domain::lease::LeaseObject;

/// The person who holds it, as JSON; the holder's identity is for people who use `kubectl`.
const HOLDER: &str = "holder";
const EXECUTION: &str = "execution";
/// Names the holding driver among all drivers of its execution.
const DRIVER: &str = "driver";
pub(super) const NOTE: &str = "note";
const ASKED_BY: &str = "asked-by";
const HANDED_TO: &str = "handed-to";
const TAKEN_OVER: &str = "taken-over";
/// The driver that was written out and has stopped.
const STOPPED: &str = "stopped";

/// A driver that wants the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Claimant {
    pub(in crate::engine) person: Person,
    pub(in crate::engine) execution: ExecutionId,
    /// Unique among all drivers.
    pub(in crate::engine) driver: String,
}

/// Why and from whom a Lease was taken that was somebody's; kept on it for everyone to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::engine) struct TakenOver {
    pub(in crate::engine) by: Person,
    pub(in crate::engine) from: Person,
    pub(in crate::engine) reason: String,
    pub(in crate::engine) at: Timestamp,
}

/// How the Lease stands for one who wants it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum Standing {
    /// There is none, or nobody has it.
    Free,
    /// A driver of this execution on this machine has it; the journal says which of them drives.
    Ours,
    /// It may be taken, after it was watched for a while.
    Expired(LeaseHolder),
    Held(LeaseHolder),
}

/// Says how the Lease stands for this claimant now.
pub(in crate::engine) fn standing(
    found: Option<&LeaseObject>,
    claimant: &Claimant,
    now: Timestamp,
    times: LeaseTimes,
) -> Standing {
    let Some(holder) = found.and_then(|found| holder_of(found, now, times)) else {
        return Standing::Free;
    };
    if holder.execution == claimant.execution && holder.person.host == claimant.person.host {
        return Standing::Ours;
    }
    if holder.is_expired {
        return Standing::Expired(holder);
    }
    Standing::Held(holder)
}

/// The Lease's holder; `None` where nobody has it. A holder of an unknown kind is named as far as it can be read.
pub(in crate::engine) fn holder_of(lease: &LeaseObject, now: Timestamp, times: LeaseTimes) -> Option<LeaseHolder> {
    let identity = lease.holder.as_deref()?;
    let (person, execution) = identity.rsplit_once(' ').unwrap_or((identity, ""));
    let (name, host) = person.rsplit_once('@').unwrap_or((person, ""));
    let told = person_in(lease, HOLDER);
    Some(LeaseHolder {
        person: told.unwrap_or_else(|| Person {
            name: name.to_owned(),
            host: host.to_owned(),
        }),
        execution: ExecutionId::new(lease.notes.get(EXECUTION).map_or(execution, String::as_str)),
        renewed_at: lease.renewed_at.unwrap_or(Timestamp::UNIX_EPOCH),
        is_expired: is_expired(lease, now, times),
        asked_by: asked_by(lease),
        note: read_note(lease),
    })
}

/// A holder's own duration counts where it is longer: it may be of another version. One that never said when it
/// renewed it has no claim; a renewal in the future comes from a clock that is ahead, and is left alone.
fn is_expired(lease: &LeaseObject, now: Timestamp, times: LeaseTimes) -> bool {
    let Some(renewed_at) = lease.renewed_at else {
        return true;
    };
    let told = Duration::from_secs(lease.duration_seconds.unwrap_or(0).into());
    let lasts = SignedDuration::try_from(told.max(times.duration) + times.skew).unwrap_or(SignedDuration::MAX);
    now.duration_since(renewed_at) > lasts
}

/// True where this very driver has it.
pub(in crate::engine) fn is_mine(lease: &LeaseObject, claimant: &Claimant) -> bool {
    lease.holder.is_some() && lease.notes.get(DRIVER) == Some(&claimant.driver)
}

/// The Lease in the hands of the claimant. What was asked or handed before is answered by that.
pub(in crate::engine) fn taken(
    found: Option<&LeaseObject>,
    by: &Claimant,
    now: Timestamp,
    times: LeaseTimes,
    taken_over: Option<&TakenOver>,
) -> LeaseObject {
    let mut lease = found.cloned().unwrap_or_default();
    let seconds = times.duration.as_secs() + u64::from(times.duration.subsec_nanos() > 0);
    let identity = format!("{}@{} {}", by.person.name, by.person.host, by.execution);
    if lease.holder.as_ref() != Some(&identity) {
        lease.transitions = lease.transitions.saturating_add(1);
    }
    lease.holder = Some(identity);
    lease.duration_seconds = Some(u32::try_from(seconds).unwrap_or(u32::MAX).max(1));
    lease.acquired_at = Some(now);
    lease.renewed_at = Some(now);
    for key in [ASKED_BY, HANDED_TO, STOPPED, TAKEN_OVER] {
        lease.notes.remove(key);
    }
    put_json(&mut lease, HOLDER, &by.person);
    put(&mut lease, EXECUTION, by.execution.as_str());
    put(&mut lease, DRIVER, &by.driver);
    match taken_over {
        // The story stays until the new holder tells its own.
        Some(taken_over) => put_json(&mut lease, TAKEN_OVER, taken_over),
        None => {
            lease.notes.remove(NOTE);
        }
    }
    lease
}

/// The Lease with a new time, and with what its holder has to tell now; without that, the last story stays.
pub(in crate::engine) fn renewed(lease: &LeaseObject, now: Timestamp, note: Option<&LeaseNote>) -> LeaseObject {
    let mut lease = lease.clone();
    lease.renewed_at = Some(now);
    match note.map(note_text) {
        Some(Some(text)) => put(&mut lease, NOTE, &text),
        Some(None) => {
            lease.notes.remove(NOTE);
        }
        None => {}
    }
    lease
}

/// The Lease in nobody's hands; the story stays, for whoever goes on.
pub(in crate::engine) fn released(lease: &LeaseObject, to: Option<&Person>) -> LeaseObject {
    let mut lease = lease.clone();
    lease.holder = None;
    for key in [ASKED_BY, DRIVER] {
        lease.notes.remove(key);
    }
    if let Some(to) = to {
        put_json(&mut lease, HANDED_TO, to);
    }
    lease
}

/// The Lease with somebody's wish for the controls.
pub(in crate::engine) fn asked(lease: &LeaseObject, by: &Person) -> LeaseObject {
    let mut lease = lease.clone();
    put_json(&mut lease, ASKED_BY, by);
    lease
}

pub(in crate::engine) fn asked_by(lease: &LeaseObject) -> Option<Person> {
    person_in(lease, ASKED_BY)
}

pub(in crate::engine) fn handed_to(lease: &LeaseObject) -> Option<Person> {
    person_in(lease, HANDED_TO)
}

/// The Lease of somebody else, with the word of a driver that was written out that it has stopped.
pub(in crate::engine) fn stopped(lease: &LeaseObject, by: &Claimant) -> LeaseObject {
    let mut lease = lease.clone();
    put(&mut lease, STOPPED, &by.driver);
    lease
}

/// True where the driver that had `before` said that it stopped, or nobody had it.
pub(in crate::engine) fn has_stopped(before: &LeaseObject, now: &LeaseObject) -> bool {
    before.holder.is_none()
        || before
            .notes
            .get(DRIVER)
            .is_some_and(|driver| now.notes.get(STOPPED) == Some(driver))
}

/// The person who has it or had it last.
pub(super) fn last_person(lease: &LeaseObject) -> Option<Person> {
    person_in(lease, HOLDER)
}

/// The execution that goes with it.
pub(super) fn last_execution(lease: &LeaseObject) -> Option<ExecutionId> {
    lease.notes.get(EXECUTION).map(ExecutionId::new)
}

fn person_in(lease: &LeaseObject, key: &str) -> Option<Person> {
    printable_json(lease.notes.get(key)?)
}

fn put(lease: &mut LeaseObject, key: &str, value: &str) {
    lease.notes.insert(key.to_owned(), value.to_owned());
}

fn put_json(lease: &mut LeaseObject, key: &str, value: &impl Serialize) {
    if let Ok(json) = serde_json::to_string(value) {
        put(lease, key, &json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, host: &str) -> Person {
        Person {
            name: name.to_owned(),
            host: host.to_owned(),
        }
    }

    fn claimant(name: &str, host: &str, execution: &str) -> Claimant {
        Claimant {
            person: person(name, host),
            execution: execution.into(),
            driver: format!("driver of {name}"),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn held() -> LeaseObject {
        let times = LeaseTimes::default();
        taken(None, &claimant("ada", "desk", "3f2a"), at(0), times, None)
    }

    fn word(lease: Option<&LeaseObject>, claimant: &Claimant, second: i64) -> &'static str {
        match standing(lease, claimant, at(second), LeaseTimes::default()) {
            Standing::Free => "free",
            Standing::Ours => "ours",
            Standing::Expired(_) => "expired",
            Standing::Held(_) => "held",
        }
    }

    #[test]
    fn a_lease_is_free_ours_held_or_expired() {
        let ada = claimant("ada", "desk", "3f2a");
        let bob = claimant("bob", "lap", "77aa");
        let lease = held();
        assert_eq!(word(None, &bob, 0), "free");
        assert_eq!(word(Some(&released(&lease, None)), &bob, 0), "free");
        assert_eq!(word(Some(&lease), &ada, 0), "ours");
        // Another person on the same machine may go on with the same execution; the journal keeps them apart.
        assert_eq!(word(Some(&lease), &claimant("eve", "desk", "3f2a"), 0), "ours");
        assert_eq!(word(Some(&lease), &claimant("ada", "lap", "3f2a"), 0), "held");
        for (second, expected) in [(-3600, "held"), (0, "held"), (45, "held"), (46, "expired")] {
            assert_eq!(word(Some(&lease), &bob, second), expected, "{second}");
        }
        let silent = LeaseObject {
            renewed_at: None,
            ..lease.clone()
        };
        assert_eq!(word(Some(&silent), &bob, 0), "expired");
        let patient = LeaseObject {
            duration_seconds: Some(300),
            ..lease
        };
        assert_eq!(word(Some(&patient), &bob, 100), "held");
    }

    #[test]
    fn nobody_may_take_it_while_its_holder_may_send() {
        let times = LeaseTimes::default();
        let lease = renewed(&held(), at(100), None);
        let last = i64::try_from(times.may_send_for().as_secs()).unwrap();
        let skew = i64::try_from(times.skew.as_secs()).unwrap();
        let bob = claimant("bob", "lap", "77aa");
        for second in 0..=last + skew {
            assert_eq!(word(Some(&lease), &bob, 100 + second), "held", "{second}");
        }
        assert!(times.stops_within() > times.may_send_for());
        assert!(times.renew_every + times.skew < times.may_send_for());
    }

    #[test]
    fn a_holder_is_told_by_its_notes_or_else_by_its_identity() {
        let times = LeaseTimes::default();
        let holder = holder_of(&held(), at(1), times).unwrap();
        assert_eq!(holder.person, person("ada", "desk"));
        assert_eq!(holder.execution, "3f2a".into());
        assert_eq!(held().holder.as_deref(), Some("ada@desk 3f2a"));
        let by_hand = LeaseObject {
            holder: Some("ann lee@lap 99".to_owned()),
            ..LeaseObject::default()
        };
        let holder = holder_of(&by_hand, at(1), times).unwrap();
        assert_eq!(
            (holder.person, holder.execution),
            (person("ann lee", "lap"), "99".into())
        );
        let bare = LeaseObject {
            holder: Some("someone".to_owned()),
            ..LeaseObject::default()
        };
        assert_eq!(holder_of(&bare, at(1), times).unwrap().person, person("someone", ""));
    }

    #[test]
    fn names_on_a_lease_cannot_steer_a_terminal() {
        let mut lease = held();
        put(&mut lease, HOLDER, r#"{"name":"a\u001b[2Jda","host":"desk"}"#);
        let holder = holder_of(&lease, at(0), LeaseTimes::default()).unwrap();
        assert_eq!(holder.person.name, "a[2Jda");
    }

    #[test]
    fn asking_and_handing_over_are_answered_by_taking() {
        let bob = claimant("bob", "lap", "77aa");
        let lease = asked(&held(), &bob.person);
        assert_eq!(asked_by(&lease), Some(bob.person.clone()));
        let free = released(&lease, Some(&bob.person));
        assert_eq!((asked_by(&free), handed_to(&free)), (None, Some(bob.person.clone())));
        assert_eq!(last_person(&free), Some(person("ada", "desk")));
        let lease = taken(Some(&free), &bob, at(5), LeaseTimes::default(), None);
        assert_eq!(handed_to(&lease), None);
        assert_eq!(lease.transitions, free.transitions + 1);
        assert!(is_mine(&lease, &bob) && !is_mine(&free, &bob));
    }

    #[test]
    fn a_driver_that_was_written_out_says_when_it_has_stopped() {
        let (ada, bob) = (claimant("ada", "desk", "3f2a"), claimant("bob", "lap", "77aa"));
        let before = held();
        let reason = TakenOver {
            by: bob.person.clone(),
            from: ada.person.clone(),
            reason: "she is on leave".to_owned(),
            at: at(3),
        };
        let lease = taken(Some(&before), &bob, at(3), LeaseTimes::default(), Some(&reason));
        assert!(lease.notes[TAKEN_OVER].contains("on leave"));
        assert!(!is_mine(&lease, &ada));
        assert!(!has_stopped(&before, &lease));
        assert!(has_stopped(&before, &stopped(&lease, &ada)));
        assert!(has_stopped(&released(&before, None), &lease));
    }
}
