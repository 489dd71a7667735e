//! One attempt of a request, as a person may see it: printable, and without secrets.

use std::time::Duration;

use jiff::Timestamp;

/// From here on an answer counts as slow: a person at a screen has begun to wait.
pub const SLOW: Duration = Duration::from_secs(2);

/// Who was asked, and whether the request could change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    AzureRead,
    AzureChange,
    KubernetesRead,
    /// One long answer that tells of changes as they come.
    KubernetesWatch,
    KubernetesChange,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::AzureRead,
        Self::AzureChange,
        Self::KubernetesRead,
        Self::KubernetesWatch,
        Self::KubernetesChange,
    ];

    /// One or two words for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::AzureRead => "azure read",
            Self::AzureChange => "azure change",
            Self::KubernetesRead => "k8s read",
            Self::KubernetesWatch => "k8s watch",
            Self::KubernetesChange => "k8s change",
        }
    }

    /// The word for several.
    pub fn plural(self) -> &'static str {
        match self {
            Self::AzureRead => "azure reads",
            Self::AzureChange => "azure changes",
            Self::KubernetesRead => "k8s reads",
            Self::KubernetesWatch => "k8s watches",
            Self::KubernetesChange => "k8s changes",
        }
    }

    /// True for Azure Resource Manager, false for an API server.
    pub fn is_azure(self) -> bool {
        matches!(self, Self::AzureRead | Self::AzureChange)
    }
}

/// How an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Sent; the answer has not come whole. A watch stays so for minutes, with the status it began with.
    Open {
        status: Option<u16>,
    },
    Answered {
        status: u16,
    },
    /// No answer, or half of one; says why.
    Failed {
        why: String,
    },
    /// Not sent yet: waiting because the server asked for it, or because the last attempt failed.
    Throttled {
        wait: Duration,
    },
}

/// What makes an entry worth a look, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Refused, failed or not answered.
    Error,
    /// The server asked for fewer requests, or a wait came of it.
    Throttled,
    /// Answered after [`SLOW`] or later.
    Slow,
}

/// What is known of a request when it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub kind: Kind,
    pub method: &'static str,
    /// Scheme, host and port, and what comes before the path of the request, as in `https://management.azure.com`.
    pub server: String,
    /// What the server is called: the context of its kubeconfig. `None` for Azure.
    pub name: Option<String>,
    /// Path without query, or a word for a signed URL.
    pub path: String,
    /// As [`super::shown::query`] makes it; empty where there is none.
    pub query: String,
    /// False where something of the URL is not shown: then no command can do the same.
    pub is_whole: bool,
    /// What it is for, in a few words.
    pub why: String,
    /// 1 for the first.
    pub attempt: u32,
    /// Bytes of the request's body.
    pub sent: u64,
    /// Our own id of the request, until the server gives one.
    pub request_id: Option<String>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Grows by one with every attempt of the session, from 1.
    pub number: u64,
    pub at: Timestamp,
    pub request: Sent,
    pub outcome: Outcome,
    /// In real time, also where the clock runs faster. Of an open one: until it was looked at.
    pub took: Duration,
    /// Bytes of the answer's body, as far as it has been read.
    pub received: u64,
    /// The server's id of the request, else our own.
    pub request_id: Option<String>,
    /// Headers of the answer that matter: ids, what is left of budgets, waits.
    pub headers: Vec<(String, String)>,
    /// The start of an error's body, printable.
    pub error: Option<String>,
}

impl Entry {
    /// What makes it worth a look.
    pub fn trouble(&self) -> Option<Trouble> {
        match &self.outcome {
            Outcome::Throttled { .. } | Outcome::Answered { status: 429 | 503 } => Some(Trouble::Throttled),
            Outcome::Failed { .. } | Outcome::Answered { status: 400.. } => Some(Trouble::Error),
            Outcome::Open { .. } | Outcome::Answered { .. } => {
                (self.request.kind != Kind::KubernetesWatch && self.took >= SLOW).then_some(Trouble::Slow)
            }
        }
    }

    /// True while the answer has not come whole.
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Open { .. })
    }

    /// Path and query, as far as they are shown.
    pub fn target(&self) -> String {
        match self.request.query.as_str() {
            "" => self.request.path.clone(),
            query => format!("{}?{query}", self.request.path),
        }
    }

    /// The whole address, as far as it is shown.
    pub fn url(&self) -> String {
        if self.request.path.starts_with('/') {
            format!("{}{}", self.request.server.trim_end_matches('/'), self.target())
        } else {
            format!("{} {}", self.request.server, self.target())
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A read of Azure that was answered with 200.
    pub(in crate::requests) fn entry(outcome: Outcome) -> Entry {
        Entry {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            request: Sent {
                kind: Kind::AzureRead,
                method: "GET",
                server: "https://management.azure.com/".to_owned(),
                name: None,
                path: "/subscriptions".to_owned(),
                query: "api-version=2022-12-01".to_owned(),
                is_whole: true,
                why: "list subscriptions".to_owned(),
                attempt: 1,
                sent: 0,
                request_id: None,
            },
            outcome,
            took: Duration::from_millis(80),
            received: 10,
            request_id: None,
            headers: Vec::new(),
            error: None,
        }
    }

    #[test]
    fn the_worst_is_told_apart() {
        let check = |outcome: Outcome, expected: Option<Trouble>| {
            assert_eq!(entry(outcome.clone()).trouble(), expected, "{outcome:?}");
        };
        check(Outcome::Answered { status: 200 }, None);
        check(Outcome::Answered { status: 404 }, Some(Trouble::Error));
        check(Outcome::Answered { status: 429 }, Some(Trouble::Throttled));
        check(Outcome::Answered { status: 503 }, Some(Trouble::Throttled));
        check(Outcome::Failed { why: String::new() }, Some(Trouble::Error));
        check(Outcome::Throttled { wait: Duration::ZERO }, Some(Trouble::Throttled));
        let mut slow = entry(Outcome::Answered { status: 200 });
        slow.took = SLOW;
        assert_eq!(slow.trouble(), Some(Trouble::Slow));
        slow.request.kind = Kind::KubernetesWatch;
        assert_eq!(slow.trouble(), None, "a watch is meant to last");
    }

    #[test]
    fn addresses_are_put_together() {
        let mut entry = entry(Outcome::Open { status: None });
        assert_eq!(
            entry.url(),
            "https://management.azure.com/subscriptions?api-version=2022-12-01"
        );
        (entry.request.path, entry.request.query) = ("(status of the operation)".to_owned(), String::new());
        assert_eq!(entry.url(), "https://management.azure.com/ (status of the operation)");
    }
}
