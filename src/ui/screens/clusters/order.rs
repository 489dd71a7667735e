//! How the overview is ordered, and the whole of a view as a value that can be kept and set again. Pure.

use std::fmt;
use std::str::FromStr;

/// By what the rows are sorted; one for each column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortKey {
    #[default]
    State,
    Name,
    Version,
    Behind,
    Support,
    Upgrade,
    Window,
    Driver,
    Pools,
    Nodes,
    Group,
    Subscription,
    Location,
    Read,
}

impl SortKey {
    pub(crate) const ALL: [Self; 14] = [
        Self::State,
        Self::Name,
        Self::Version,
        Self::Behind,
        Self::Support,
        Self::Upgrade,
        Self::Window,
        Self::Driver,
        Self::Pools,
        Self::Nodes,
        Self::Group,
        Self::Subscription,
        Self::Location,
        Self::Read,
    ];

    /// For settings.
    fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Version => "version",
            Self::Behind => "behind",
            Self::Support => "support",
            Self::Upgrade => "upgrade",
            Self::Window => "window",
            Self::Driver => "driver",
            Self::Pools => "pools",
            Self::Nodes => "nodes",
            Self::Group => "group",
            Self::Subscription => "subscription",
            Self::Location => "location",
            Self::Read => "read",
        }
    }

    /// The words for the usual order, and for the other one.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::State => ["worst first", "best first"],
            Self::Name => ["by name", "by name, from the end"],
            Self::Version => ["oldest version first", "newest version first"],
            Self::Behind => ["farthest behind first", "least behind first"],
            Self::Support => ["support that ends first", "support that ends last"],
            Self::Upgrade => ["least upgraded first", "most upgraded first"],
            Self::Window => ["next window first", "latest window first"],
            Self::Driver => ["by who drives", "by who drives, from the end"],
            Self::Pools => ["most pools first", "fewest pools first"],
            Self::Nodes => ["most nodes first", "fewest nodes first"],
            Self::Group => ["by group", "by group, from the end"],
            Self::Subscription => ["by subscription", "by subscription, from the end"],
            Self::Location => ["by location", "by location, from the end"],
            Self::Read => ["read longest ago first", "read last first"],
        }
    }

    /// True where the usual order has the largest on top.
    fn is_descending(self) -> bool {
        matches!(self, Self::Behind | Self::Pools | Self::Nodes)
    }
}

/// A sort key with its direction. Written as `nodes`, or `-nodes` for the other direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) by: SortKey,
    /// False for the order a person usually wants from this key.
    pub(crate) is_reversed: bool,
}

impl Sort {
    /// The next of these keys, in its usual direction; the first where this one is not among them.
    pub(crate) fn next(self, keys: &[SortKey]) -> Self {
        let at = keys.iter().position(|key| *key == self.by);
        let next = at.map_or(0, |at| (at + 1) % keys.len().max(1));
        Self {
            by: keys.get(next).copied().unwrap_or_default(),
            is_reversed: false,
        }
    }

    pub(crate) fn reversed(self) -> Self {
        Self {
            is_reversed: !self.is_reversed,
            ..self
        }
    }

    /// In a few words, for the title.
    pub(crate) fn words(self) -> &'static str {
        self.by.words()[usize::from(self.is_reversed)]
    }

    /// True where the largest is on top.
    pub(crate) fn is_descending(self) -> bool {
        self.by.is_descending() != self.is_reversed
    }

    /// True for the order in which healthy clusters come last.
    pub(super) fn is_worst_first(self) -> bool {
        self == Self::default()
    }
}

impl Sort {
    /// Every sort as settings write it: a column, or a column the other way round.
    pub(crate) const NAMES: [&'static str; 28] = [
        "state",
        "-state",
        "name",
        "-name",
        "version",
        "-version",
        "behind",
        "-behind",
        "support",
        "-support",
        "upgrade",
        "-upgrade",
        "window",
        "-window",
        "driver",
        "-driver",
        "pools",
        "-pools",
        "nodes",
        "-nodes",
        "group",
        "-group",
        "subscription",
        "-subscription",
        "location",
        "-location",
        "read",
        "-read",
    ];
}

impl fmt::Display for Sort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_reversed { "-" } else { "" };
        write!(formatter, "{sign}{}", self.by.as_str())
    }
}

/// No column has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no column '{0}'; there are {known}", known = SortKey::ALL.map(SortKey::as_str).join(", "))]
pub(crate) struct NoSuchColumn(String);

impl FromStr for Sort {
    type Err = NoSuchColumn;

    fn from_str(text: &str) -> Result<Self, NoSuchColumn> {
        let (is_reversed, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let by = SortKey::ALL
            .into_iter()
            .find(|key| key.as_str().eq_ignore_ascii_case(name));
        Ok(Self {
            by: by.ok_or_else(|| NoSuchColumn(name.to_owned()))?,
            is_reversed,
        })
    }
}

/// A view of the overview, as it can be kept under a name and set again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ViewSpec {
    /// The filter line, as typed.
    pub(crate) filter: String,
    pub(crate) sort: Sort,
    /// True where healthy clusters are one line, as long as nothing is filtered and the worst come first.
    pub(crate) folded: bool,
}

impl Default for ViewSpec {
    fn default() -> Self {
        Self {
            filter: String::new(),
            sort: Sort::default(),
            folded: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_written_and_read_back() {
        let mut names = Sort::NAMES.into_iter();
        for by in SortKey::ALL {
            for is_reversed in [false, true] {
                let sort = Sort { by, is_reversed };
                assert_eq!(sort.to_string().parse(), Ok(sort));
                assert_eq!(names.next(), Some(sort.to_string().as_str()));
            }
        }
        assert_eq!(names.next(), None);
        assert_eq!("-NODES".parse::<Sort>().map(Sort::is_descending), Ok(false));
        let error = "colour".parse::<Sort>().unwrap_err().to_string();
        assert!(
            error.starts_with("no column 'colour'; there are state, name"),
            "{error}"
        );
    }

    #[test]
    fn the_next_sort_is_that_of_a_column_on_the_screen() {
        let keys = [SortKey::State, SortKey::Name, SortKey::Nodes];
        let sort = Sort::default().reversed();
        assert_eq!(
            sort.next(&keys),
            Sort {
                by: SortKey::Name,
                is_reversed: false
            }
        );
        assert_eq!(sort.next(&keys).next(&keys).next(&keys), Sort::default());
        let hidden = Sort {
            by: SortKey::Group,
            is_reversed: true,
        };
        assert_eq!(hidden.next(&keys), Sort::default());
        assert_eq!(hidden.next(&[]), Sort::default());
    }
}
