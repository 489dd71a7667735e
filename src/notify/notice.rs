//! One thing a person is told: what, where, why, and what to do. All texts are printable.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::text::printable;

/// Longest detail, in characters: a message, not a report.
const LONGEST: usize = 1_000;

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// An upgrade is stuck.
    Blocked,
    /// Nothing goes on without a person.
    Waiting,
    Failed,
    /// It is over: upgraded, or ended by a person.
    Done,
}

impl NoticeKind {
    /// All kinds, the most pressing first.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Blocked, Self::Waiting, Self::Done];

    /// The word in settings and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same happening in every process that sees it.
    pub key: String,
    pub kind: NoticeKind,
    pub at: Timestamp,
    /// One sentence that stands alone.
    pub title: String,
    /// Why, in Azure's or Kubernetes' own words where there are any.
    pub detail: Option<String>,
    /// What to do next.
    pub todo: Option<String>,
    /// `None` in a test.
    pub cluster: Option<ClusterId>,
    /// `None` for an upgrade that was not started here.
    pub execution: Option<ExecutionId>,
}

impl Notice {
    /// The same with every text made printable and cut to a length that every receiver takes.
    #[must_use]
    pub(super) fn cleaned(mut self) -> Self {
        let clean = |text: &str| cut(printable(text).trim(), LONGEST);
        self.title = cut(printable(&self.title).trim(), 150);
        self.detail = self.detail.map(|text| clean(&text)).filter(|text| !text.is_empty());
        self.todo = self.todo.map(|text| clean(&text)).filter(|text| !text.is_empty());
        self
    }

    /// Name of the cluster, for people; empty in a test.
    pub fn cluster_name(&self) -> String {
        self.cluster
            .as_ref()
            .map_or_else(String::new, |id| printable(id.name()))
    }
}

/// What is sent to try the channels out.
pub fn test_notice(at: Timestamp) -> Notice {
    Notice {
        key: format!("test/{}", at.as_millisecond()),
        kind: NoticeKind::Waiting,
        at,
        title: "aks-cockpit: this is a test".to_owned(),
        detail: Some("Notices about blocked, waiting, failed and finished upgrades arrive here.".to_owned()),
        todo: Some("Nothing: no cluster was touched.".to_owned()),
        cluster: None,
        execution: None,
    }
}

/// The first characters, with a sign where some are left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_printable_and_short() {
        let notice = Notice {
            title: format!("a\x1b]9;b\x07{}", "x".repeat(300)),
            detail: Some("\n".to_owned()),
            todo: Some("y".repeat(3_000)),
            ..test_notice(Timestamp::UNIX_EPOCH)
        }
        .cleaned();
        assert!(notice.title.starts_with("a]9;bxx"));
        assert_eq!(notice.title.chars().count(), 153);
        assert_eq!(notice.detail, None);
        assert_eq!(notice.todo.unwrap().chars().count(), LONGEST + 3);
    }
}
