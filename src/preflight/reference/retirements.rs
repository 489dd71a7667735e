//! What Azure has announced the end of (Azure retirement notices and AKS release notes, 2026).

use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::support::last_day;

/// The end of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// For instance `Ubuntu 20.04` or `kubenet`.
    pub what: String,
    /// The first day without support; `None` where no day was given.
    pub unsupported_from: Option<Date>,
    /// The day from which it stops to work: images deleted, no scaling.
    pub hard_stop: Option<Date>,
    /// What that means, in words; may be empty.
    pub effect: String,
}

impl Retirement {
    /// True where it stopped to work by `day`.
    pub fn is_gone_on(&self, day: Date) -> bool {
        self.hard_stop.is_some_and(|stop| stop <= day)
    }

    /// True where it has no support on `day`.
    pub fn is_unsupported_on(&self, day: Date) -> bool {
        self.unsupported_from.is_some_and(|from| from <= day)
    }
}

#[derive(Deserialize)]
pub(super) struct Row {
    what: String,
    unsupported_from: Option<String>,
    hard_stop: Option<String>,
    effect: String,
}

impl From<Row> for Retirement {
    fn from(row: Row) -> Self {
        Self {
            what: row.what,
            unsupported_from: row.unsupported_from.as_deref().and_then(last_day),
            hard_stop: row.hard_stop.as_deref().and_then(last_day),
            effect: row.effect,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::preflight::reference::Reference;

    #[test]
    fn days_are_read_as_announced() {
        let of = |what: &str| Reference::shipped().retirement(what).unwrap();
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(of("Ubuntu 18.04").unsupported_from, Some(day("2025-06-17")));
        assert_eq!(of("Ingress NGINX upstream").unsupported_from, Some(day("2026-03-31")));
        assert_eq!(of("cluster channel node-image").unsupported_from, None);
        assert!(of("Azure Linux 2.0").is_unsupported_on(day("2025-11-30")));
        assert!(!of("Azure Linux 2.0").is_gone_on(day("2026-03-30")));
        assert!(of("Azure Linux 2.0").is_gone_on(day("2026-03-31")));
        assert!(!of("kubenet").is_gone_on(day("2040-01-01")));
    }
}
