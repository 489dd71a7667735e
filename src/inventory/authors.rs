//! Who began the change that runs on a cluster: when the activity log is asked, and what is kept of its answer. Pure;
//! asks nothing itself.

use jiff::{SignedDuration, Timestamp};

use super::message::AuthorQuestion;
use super::snapshot::{SourceState, Sourced};
use super::source::{READ_ACTIVITY_LOG, ReadProblem};
use crate::azure::activity_log::ChangeAuthor;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{ClusterId, NodePoolName};
use crate::domain::provisioning::ProvisioningState;

/// Waits between the questions about one change: the log learns of it minutes later
/// (Azure Monitor docs "Azure Monitor activity log", 2026).
const PAUSES: [SignedDuration; 3] = [
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(10),
];
/// How far back is searched where the beginning was not seen: longer than any one change lasts.
const SEARCHED: SignedDuration = SignedDuration::from_hours(24);
/// How much older than our own looks a beginning may be: the list of clusters lags, and clocks differ.
const LAG: SignedDuration = SignedDuration::from_mins(5);

/// What Azure changes: a pool, or the cluster as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Busy {
    pool: Option<NodePoolName>,
}

impl Busy {
    /// What is busy now; `None` where nothing is.
    pub(super) fn of(cluster: &Cluster) -> Option<Self> {
        cluster.active_state()?;
        // An upgrade of the whole cluster marks its pools too; any other state of the cluster may come from one of them.
        let is_whole = cluster.provisioning_state == ProvisioningState::Upgrading;
        let pool = cluster
            .pools
            .iter()
            .find(|pool| !is_whole && !pool.provisioning_state.is_terminal());
        Some(Self {
            pool: pool.map(|pool| pool.name.clone()),
        })
    }
}

/// The author of one cluster's running change.
#[derive(Debug, Default)]
pub(super) struct Authorship {
    busy: Option<Busy>,
    /// When that was last seen.
    seen_at: Option<Timestamp>,
    /// When something else, or nothing, was last seen to run: the change began later.
    before: Option<Timestamp>,
    /// Counts the changes, so that a late answer is known as one.
    turn: u64,
    asked: usize,
    asked_at: Option<Timestamp>,
    is_asking: bool,
    author: Sourced<ChangeAuthor>,
}

impl Authorship {
    pub(super) fn author(&self) -> &Sourced<ChangeAuthor> {
        &self.author
    }

    /// True while an answer is awaited.
    pub(super) fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// Notes what is busy, as seen at that time; true where it is something else than before.
    pub(super) fn note(&mut self, busy: Option<Busy>, seen_at: Option<Timestamp>) -> bool {
        let is_new = self.busy != busy;
        if is_new {
            *self = Self {
                busy,
                before: self.seen_at,
                turn: self.turn + 1,
                ..Self::default()
            };
        }
        self.seen_at = seen_at.or(self.seen_at);
        is_new
    }

    /// The question that is to be asked now, if any.
    pub(super) fn question(&mut self, cluster: &ClusterId, now: Timestamp) -> Option<AuthorQuestion> {
        let busy = self.busy.as_ref()?;
        let is_due = match (self.asked.checked_sub(1), self.asked_at) {
            (Some(pause), Some(asked_at)) => PAUSES
                .get(pause)
                .is_some_and(|pause| now.duration_since(asked_at) >= *pause),
            _ => true,
        };
        if self.is_asking || self.author.value.is_some() || !is_due {
            return None;
        }
        self.is_asking = true;
        self.asked += 1;
        self.asked_at = Some(now);
        self.author.begin();
        let (seen, margin) = self.before.map_or((now, SEARCHED), |before| (before, LAG));
        Some(AuthorQuestion {
            cluster: cluster.clone(),
            pool: busy.pool.clone(),
            since: seen.checked_sub(margin).unwrap_or(Timestamp::MIN),
            turn: self.turn,
        })
    }

    /// Takes the answer to the question of that turn.
    pub(super) fn hear(&mut self, turn: u64, answer: Result<Option<ChangeAuthor>, ReadProblem>, now: Timestamp) {
        if turn != self.turn {
            return;
        }
        self.is_asking = false;
        match answer {
            Ok(Some(author)) => self.author.take(Ok(author), READ_ACTIVITY_LOG, now),
            Ok(None) => {
                self.author.state = SourceState::Unavailable {
                    why: "the activity log does not say".to_owned(),
                };
            }
            Err(problem) => {
                // Whoever may not read it now may not in ten minutes.
                if matches!(problem, ReadProblem::Denied { .. } | ReadProblem::NotLoggedIn { .. }) {
                    self.asked = PAUSES.len() + 1;
                }
                self.author.take(Err(problem), READ_ACTIVITY_LOG, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minute).unwrap()
    }

    fn busy(pool: &str) -> Busy {
        Busy {
            pool: Some(pool.into()),
        }
    }

    fn asked(authorship: &mut Authorship, minute: i64) -> Option<AuthorQuestion> {
        authorship.question(&ClusterId::from_parts("s", "rg", "shop"), at(minute))
    }

    fn bob() -> ChangeAuthor {
        ChangeAuthor {
            caller: "bob".into(),
            at: at(3),
            operation: "write".into(),
        }
    }

    #[test]
    fn the_log_is_asked_at_once_and_a_few_times_more() {
        let mut authorship = Authorship::default();
        assert_eq!(asked(&mut authorship, 0), None, "nothing runs");
        assert!(authorship.note(Some(busy("web")), Some(at(0))));
        let mut times = Vec::new();
        for minute in 0..60 {
            assert!(!authorship.note(Some(busy("web")), Some(at(minute))));
            if let Some(question) = asked(&mut authorship, minute) {
                assert_eq!(question.pool, Some("web".into()));
                assert_eq!(asked(&mut authorship, minute), None, "one question at a time");
                authorship.hear(question.turn, Ok(None), at(minute));
                times.push(minute);
            }
        }
        assert_eq!(times, [0, 2, 7, 17]);
        assert_eq!(
            authorship.author().state.why().as_deref(),
            Some("the activity log does not say")
        );
    }

    #[test]
    fn a_known_author_is_kept_until_something_else_runs() {
        let mut authorship = Authorship::default();
        authorship.note(None, Some(at(0)));
        authorship.note(Some(busy("web")), Some(at(1)));
        let question = asked(&mut authorship, 1).unwrap();
        assert_eq!(question.since, at(-5), "it began after it was seen idle");
        authorship.hear(question.turn, Ok(Some(bob())), at(1));
        assert_eq!(asked(&mut authorship, 30), None);
        assert_eq!(authorship.author().value.as_ref().unwrap().caller, "bob");
        assert!(authorship.note(Some(busy("batch")), Some(at(31))));
        assert!(authorship.author().value.is_none());
        let next = asked(&mut authorship, 31).unwrap();
        assert_eq!(next.since, at(-4), "the pool before it was last seen busy a minute in");
        authorship.hear(question.turn, Ok(Some(bob())), at(31));
        assert!(authorship.is_asking(), "a late answer is about another change");
    }

    #[test]
    fn where_the_beginning_was_not_seen_a_day_is_searched() {
        let mut authorship = Authorship::default();
        authorship.note(Some(busy("web")), Some(at(0)));
        assert_eq!(asked(&mut authorship, 0).unwrap().since, at(-24 * 60));
    }

    #[test]
    fn a_missing_right_is_told_and_not_asked_about_again() {
        let mut authorship = Authorship::default();
        authorship.note(Some(busy("web")), Some(at(0)));
        let question = asked(&mut authorship, 0).unwrap();
        authorship.hear(question.turn, Err(ReadProblem::Denied { why: "no".into() }), at(0));
        assert!(matches!(&authorship.author().state, SourceState::Denied { right, .. } if right == READ_ACTIVITY_LOG));
        assert_eq!(asked(&mut authorship, 60), None);
    }
}
