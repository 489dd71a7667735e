//! What is wrong in a settings file, each with its place. Never carries a secret: the text of one is not quoted.

use std::fmt;
use std::ops::Range;

use crate::domain::text::printable;

/// A place in a text file; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// The place where a span of bytes begins.
    pub fn of(text: &str, span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// One thing that is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub place: Place,
    /// Printable; names the key, what is wrong, and what is allowed or was probably meant.
    pub what: String,
}

impl Fault {
    /// Makes the text printable.
    pub fn new(place: Place, what: impl AsRef<str>) -> Self {
        Self {
            place,
            what: printable(what.as_ref()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "ä = 1\nöü = 2";
        let at = |start: usize| Place::of(text, &(start..start)).to_string();
        assert_eq!(at(0), "line 1, column 1");
        assert_eq!(at(text.find('ü').unwrap()), "line 2, column 2");
        assert_eq!(at(999), "line 2, column 7");
    }

    #[test]
    fn faults_are_printable() {
        let fault = Fault::new(Place { line: 1, column: 2 }, "no \u{1b}[2Jkey");
        assert_eq!(fault.to_string(), "line 1, column 2: no [2Jkey");
    }
}
