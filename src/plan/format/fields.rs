//! Reads the fields of a TOML table. Every error says where it is, and knows what may have been meant.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::FormatError;
use crate::domain::text::printable;

/// The text of the whole file.
#[derive(Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl Text<'_> {
    /// An error at a place of the file; lines and columns count from 1, columns in characters.
    pub(super) fn wrong(self, span: &Range<usize>, message: &str) -> FormatError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        FormatError::Wrong(format!("line {line}, column {column}: {message}"))
    }
}

/// A table with its place.
pub(super) struct Fields<'t> {
    text: Text<'t>,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    /// With its article: `a step`.
    what: &'static str,
}

impl<'t> Fields<'t> {
    pub(super) fn root(text: Text<'t>, table: &'t DeTable<'t>) -> Self {
        Self {
            text,
            table,
            span: 0..0,
            what: "the file",
        }
    }

    fn of(text: Text<'t>, value: &'t Spanned<DeValue<'t>>, what: &'static str) -> Result<Self, FormatError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self {
                text,
                table,
                span: value.span(),
                what,
            }),
            other => Err(text.wrong(
                &value.span(),
                &format!("{what} is a table, and here is {}", type_of(other)),
            )),
        }
    }

    /// An error about the table as a whole.
    pub(super) fn wrong(&self, message: impl Display) -> FormatError {
        self.text.wrong(&self.span, &format!("{}: {message}", self.what))
    }

    /// An error about one field, which may be missing.
    pub(super) fn wrong_field(&self, key: &str, message: impl Display) -> FormatError {
        match self.table.get(key) {
            Some(value) => self.text.wrong(&value.span(), &format!("{key}: {message}")),
            None => self.wrong(format!("{key}: {message}")),
        }
    }

    /// Refuses every key but these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), FormatError> {
        let Some((key, _)) = self
            .table
            .iter()
            .find(|(key, _)| !known.contains(&key.get_ref().as_ref()))
        else {
            return Ok(());
        };
        let name = printable(key.get_ref());
        let hint = match meant(&name, known) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("it may have {}", known.join(", ")),
        };
        Err(self
            .text
            .wrong(&key.span(), &format!("{} has no '{name}'; {hint}", self.what)))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    fn expected(&self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) -> FormatError {
        let message = format!("{key} is {wanted}, and here is {}", type_of(value.get_ref()));
        self.text.wrong(&value.span(), &message)
    }

    /// A text as it stands. A date or time without quotes counts as its text.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, FormatError> {
        self.value(key)
            .map(|value| match value.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                DeValue::Datetime(time) => Ok(time.to_string()),
                _ => Err(self.expected(value, key, "a text in quotes")),
            })
            .transpose()
    }

    /// A text for people: one line, nothing that steers a terminal.
    pub(super) fn line(&self, key: &str) -> Result<Option<String>, FormatError> {
        Ok(self.text(key)?.map(|text| printable(&text)))
    }

    /// A text that is read as something else.
    pub(super) fn parsed<T: FromStr>(&self, key: &str) -> Result<Option<T>, FormatError>
    where
        T::Err: Display,
    {
        self.read(key, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// A text that `read` understands.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, FormatError> {
        self.text(key)?
            .map(|text| read(&text).map_err(|why| self.wrong_field(key, printable(&why))))
            .transpose()
    }

    /// The value of a field that must be there.
    pub(super) fn needed<T>(&self, key: &str, value: Option<T>) -> Result<T, FormatError> {
        value.ok_or_else(|| self.wrong(format!("'{key}' is missing")))
    }

    /// A number from 0.
    pub(super) fn number<N: TryFrom<u64>>(&self, key: &str) -> Result<Option<N>, FormatError> {
        self.value(key).map(|value| self.number_in(value, key)).transpose()
    }

    fn number_in<N: TryFrom<u64>>(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<N, FormatError> {
        let DeValue::Integer(integer) = value.get_ref() else {
            return Err(self.expected(value, key, "a whole number"));
        };
        u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| {
                self.text
                    .wrong(&value.span(), &format!("{key}: {integer} is out of range"))
            })
    }

    /// True or false; false where it is missing.
    pub(super) fn flag(&self, key: &str) -> Result<bool, FormatError> {
        match self.value(key) {
            None => Ok(false),
            Some(value) => value
                .get_ref()
                .as_bool()
                .ok_or_else(|| self.expected(value, key, "true or false")),
        }
    }

    fn list(&self, key: &str) -> Result<impl Iterator<Item = &'t Spanned<DeValue<'t>>>, FormatError> {
        let items = match self.value(key) {
            None => None,
            Some(value) => match value.get_ref() {
                DeValue::Array(items) => Some(items.iter()),
                _ => return Err(self.expected(value, key, "a list")),
            },
        };
        Ok(items.into_iter().flatten())
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, FormatError> {
        self.list(key)?
            .map(|item| {
                let text = item.get_ref().as_str().map(str::to_owned);
                text.ok_or_else(|| self.expected(item, key, "a list of texts in quotes"))
            })
            .collect()
    }

    pub(super) fn numbers<N: TryFrom<u64>>(&self, key: &str) -> Result<Vec<N>, FormatError> {
        self.list(key)?.map(|item| self.number_in(item, key)).collect()
    }

    /// The tables of `[[key]]`; `what` names one of them.
    pub(super) fn tables(&self, key: &str, what: &'static str) -> Result<Vec<Fields<'t>>, FormatError> {
        self.list(key)?.map(|item| Self::of(self.text, item, what)).collect()
    }

    pub(super) fn table(&self, key: &str, what: &'static str) -> Result<Option<Fields<'t>>, FormatError> {
        self.value(key)
            .map(|value| Self::of(self.text, value, what))
            .transpose()
    }

    /// The keys, for tables whose keys are names.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'t str> {
        self.table.keys().map(|key| key.get_ref().as_ref())
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The word that was probably meant: the same but for case and joints, or at most two letters away.
pub(super) fn meant<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let bare = |word: &str| -> Vec<char> {
        let word = word.chars().filter(|letter| letter.is_alphanumeric()).take(40);
        word.flat_map(char::to_lowercase).collect()
    };
    let word = bare(word);
    known
        .iter()
        .map(|known| (distance(&word, &bare(known)), *known))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Letters to put in, take out or change.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognised() {
        let known = ["pauseAfter", "guards", "for", "to"];
        for (word, expected) in [
            ("pause_after", Some("pauseAfter")),
            ("pausAfter", Some("pauseAfter")),
            ("PAUSEAFTER", Some("pauseAfter")),
            ("guard", Some("guards")),
            ("fro", Some("for")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(meant(word, &known), expected, "{word}");
        }
    }

    #[test]
    fn places_count_lines_and_characters() {
        let text = Text("ä = 1\nöü = 2");
        let at = |start| text.wrong(&(start..start), "here").to_string();
        assert_eq!(at(0), "line 1, column 1: here");
        assert_eq!(at(text.0.find('ü').unwrap()), "line 2, column 2: here");
        assert_eq!(at(999), "line 2, column 7: here");
    }
}
