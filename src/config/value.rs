//! The kinds of values a key may have, and how one is read from the file, a variable or a flag.
//! Every refusal says what is allowed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use toml::de::DeValue;
use url::Url;

use super::secret;
use super::suggestion::{hint, meant};
use super::vocabulary::Vocabulary;
use crate::domain::text::printable;

/// What a key may be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Flag,
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of these words.
    Words(&'static [&'static str]),
    /// The name of a theme.
    Theme,
    /// The path of a file or a directory.
    File,
    /// Texts, in a variable with commas between them.
    List,
    Number {
        least: f64,
        most: f64,
    },
    /// A whole number from 0.
    Whole,
    /// Written `30s`, `10m`, `1h`; limits in seconds.
    Duration {
        least: u64,
        most: u64,
    },
    /// The version of an Azure API: a date, for a preview with `-preview` behind it.
    ApiVersion,
    /// An address that is never shown in full: https, or http on this machine.
    SecretUrl,
}

/// A value as one would write it in the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(formatter, "{flag}"),
            Self::Whole(number) => write!(formatter, "{number}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(&printable(text)),
            Self::List(items) => formatter.write_str(&printable(&items.join(", "))),
        }
    }
}

impl Kind {
    /// For people: what may be written.
    pub fn allowed(self, vocabulary: &Vocabulary) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Word(words) => words.join(", "),
            Self::Words(words) => format!("a list of {}", words.join(", ")),
            Self::Theme => vocabulary.themes.join(", "),
            Self::File => "a path".to_owned(),
            Self::List => "a list of texts".to_owned(),
            Self::Number { least, most } => format!("a number from {least} to {most}"),
            Self::Whole => "a whole number from 0".to_owned(),
            Self::Duration { least, most } => {
                format!(
                    "a duration from {} to {}, such as 30s or 10m",
                    written(least),
                    written(most)
                )
            }
            Self::ApiVersion => "a date such as 2026-08-01".to_owned(),
            Self::SecretUrl => "an https address; http on this machine alone".to_owned(),
        }
    }

    /// A value with its secret taken out, for people and scripts.
    pub fn shown(self, value: &Value) -> Value {
        match (self, value) {
            (Self::SecretUrl, Value::Text(text)) => Value::Text(secret::redacted(text)),
            _ => value.clone(),
        }
    }

    /// Reads the text of a flag or a variable.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn of_text(self, text: &str, vocabulary: &Vocabulary) -> Result<Value, String> {
        let wrong = || self.refusal(text, vocabulary);
        match self {
            Self::Flag => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" | "y" | "t" => Ok(Value::Flag(true)),
                "0" | "false" | "no" | "off" | "n" | "f" => Ok(Value::Flag(false)),
                _ => Err(wrong()),
            },
            Self::Words(_) | Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                self.of_items(items.map(str::to_owned).collect(), vocabulary)
            }
            Self::Number { .. } => text
                .parse()
                .map_err(|_| wrong())
                .and_then(|number| self.of_number(number, vocabulary)),
            Self::Whole => text.parse().map(Value::Whole).map_err(|_| wrong()),
            _ => self.of_word(text, vocabulary),
        }
    }

    /// Reads a value of the file.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn of_toml(self, value: &DeValue<'_>, vocabulary: &Vocabulary) -> Result<Value, String> {
        match (self, value) {
            (Self::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            (Self::Words(_) | Self::List, DeValue::Array(items)) => {
                let texts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| item.get_ref().as_str().map(str::to_owned))
                    .collect();
                let texts = texts.ok_or_else(|| format!("must be {}", self.allowed(vocabulary)))?;
                self.of_items(texts, vocabulary)
            }
            // One text in place of a list of one.
            (Self::Words(_) | Self::List, DeValue::String(text)) => self.of_items(vec![text.to_string()], vocabulary),
            (Self::Number { .. }, DeValue::Integer(number)) => self.number_text(number.as_str(), vocabulary),
            (Self::Number { .. }, DeValue::Float(number)) => self.number_text(number.as_str(), vocabulary),
            (Self::Whole, DeValue::Integer(number)) => u64::from_str_radix(number.as_str(), number.radix())
                .map(Value::Whole)
                .map_err(|_| self.refusal(number.as_str(), vocabulary)),
            (Self::ApiVersion, DeValue::Datetime(date)) => self.of_word(&date.to_string(), vocabulary),
            (
                Self::Text
                | Self::Word(_)
                | Self::Theme
                | Self::File
                | Self::Duration { .. }
                | Self::ApiVersion
                | Self::SecretUrl,
                DeValue::String(text),
            ) => self.of_word(text, vocabulary),
            (_, other) => Err(format!(
                "must be {}, and here is {}",
                self.allowed(vocabulary),
                type_of(other)
            )),
        }
    }

    fn number_text(self, text: &str, vocabulary: &Vocabulary) -> Result<Value, String> {
        let number = text.replace('_', "").parse();
        number
            .map_err(|_| self.refusal(text, vocabulary))
            .and_then(|number| self.of_number(number, vocabulary))
    }

    fn of_number(self, number: f64, vocabulary: &Vocabulary) -> Result<Value, String> {
        match self {
            Self::Number { least, most } if !(least..=most).contains(&number) => {
                Err(self.refusal(&number.to_string(), vocabulary))
            }
            _ => Ok(Value::Number(number)),
        }
    }

    fn of_items(self, items: Vec<String>, vocabulary: &Vocabulary) -> Result<Value, String> {
        if let Self::Words(words) = self
            && let Some(unknown) = items.iter().find(|item| !words.contains(&item.as_str()))
        {
            return Err(format!(
                "knows no '{unknown}'; {}",
                hint(unknown, words.iter().copied())
            ));
        }
        if items.iter().any(String::is_empty) {
            return Err(format!(
                "has an empty text in it; it must be {}",
                self.allowed(vocabulary)
            ));
        }
        Ok(Value::List(items))
    }

    fn of_word(self, text: &str, vocabulary: &Vocabulary) -> Result<Value, String> {
        let is_right = match self {
            Self::Word(words) => words.contains(&text),
            Self::Theme => vocabulary.themes.contains(&text),
            Self::Duration { least, most } => seconds(text).is_some_and(|seconds| (least..=most).contains(&seconds)),
            Self::ApiVersion => is_api_version(text),
            Self::SecretUrl => is_safe_address(text),
            _ => !text.trim().is_empty(),
        };
        if is_right {
            Ok(Value::Text(text.to_owned()))
        } else {
            Err(self.refusal(text, vocabulary))
        }
    }

    fn refusal(self, text: &str, vocabulary: &Vocabulary) -> String {
        let allowed = self.allowed(vocabulary);
        let words = match self {
            Self::Word(words) => words,
            Self::Theme => vocabulary.themes,
            // The text may be the secret itself.
            Self::SecretUrl => return format!("must be {allowed}"),
            _ => return format!("must be {allowed}, and here is '{text}'"),
        };
        let guess = meant(text, words.iter().copied()).map(|word| format!("; did you mean '{word}'?"));
        format!("is '{text}', and there are {allowed}{}", guess.unwrap_or_default())
    }
}

pub(super) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reads `90s`, `10m`, `1h30m`; `None` for anything else.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    Some(total)
}

/// The duration that a checked text says.
pub(super) fn duration(text: &str) -> Option<Duration> {
    seconds(text).map(Duration::from_secs)
}

fn written(seconds: u64) -> String {
    match (seconds.is_multiple_of(3_600), seconds.is_multiple_of(60)) {
        (true, _) => format!("{}h", seconds / 3_600),
        (false, true) => format!("{}m", seconds / 60),
        (false, false) => format!("{seconds}s"),
    }
}

/// A date, and `-preview` behind it for a preview.
fn is_api_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    date.len() == 10
        && date.char_indices().all(|(at, character)| match at {
            4 | 7 => character == '-',
            _ => character.is_ascii_digit(),
        })
}

fn is_safe_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        ("http", Some(url::Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(url::Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Option<Value>) {
        let read = kind.of_text(text, &Vocabulary::default());
        match expected {
            Some(value) => assert_eq!(read, Ok(value), "{text}"),
            None => assert!(read.is_err(), "{text} is {read:?}"),
        }
    }

    #[test]
    fn texts_are_read_by_their_kind() {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let words = Kind::Word(&["table", "json"]);
        check(Kind::Flag, "YES", Some(Value::Flag(true)));
        check(Kind::Flag, "off", Some(Value::Flag(false)));
        check(Kind::Flag, "maybe", None);
        check(words, "json", text("json"));
        check(words, "yaml", None);
        check(Kind::List, "a, b,", Some(Value::List(vec!["a".into(), "b".into()])));
        check(Kind::Words(&["blocked", "done"]), "blocked,dne", None);
        let speed = Kind::Number { least: 0.1, most: 10.0 };
        check(speed, "2.5", Some(Value::Number(2.5)));
        check(speed, "NaN", None);
        check(speed, "11", None);
        check(Kind::Whole, "7", Some(Value::Whole(7)));
        check(Kind::Whole, "-1", None);
        let duration = Kind::Duration { least: 5, most: 3_600 };
        check(duration, "1m30s", text("1m30s"));
        for wrong in ["4s", "61m", "30", "s", "", "99999999999999999999h"] {
            check(duration, wrong, None);
        }
        check(Kind::ApiVersion, "2026-08-01", text("2026-08-01"));
        check(Kind::ApiVersion, "2026-08-02-preview", text("2026-08-02-preview"));
        check(Kind::ApiVersion, "latest", None);
        check(Kind::File, " ", None);
    }

    #[test]
    fn a_secret_address_is_safe_and_never_quoted() {
        let refused = |text: &str| Kind::SecretUrl.of_text(text, &Vocabulary::default()).unwrap_err();
        for text in ["http://hooks.example.com/secret", "secret", "ftp://x/secret"] {
            assert!(!refused(text).contains("secret"), "{text}");
        }
        for text in [
            "https://hooks.example.com/x",
            "http://127.0.0.1:9/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert!(Kind::SecretUrl.of_text(text, &Vocabulary::default()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_refusal_guesses_and_says_what_is_allowed() {
        let refused = Kind::Word(&["slack", "teams", "json"]).of_text("slak", &Vocabulary::default());
        assert_eq!(
            refused.unwrap_err(),
            "is 'slak', and there are slack, teams, json; did you mean 'slack'?"
        );
    }
}
