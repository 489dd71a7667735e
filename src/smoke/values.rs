//! Values in a smoke test's requests: environment variables, and what earlier answers gave. Also knows which of them
//! are secret, and takes them out of every text that is shown. Reads the environment once, else pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::expectation::{Answered, compiled};
use crate::domain::smoke_test::Carried;
use crate::domain::text::printable;

/// Environment variables with such a name are taken for secrets even where no request uses them, because a program
/// may print them.
const SECRET_NAMES: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"];
/// Shorter ones are words such as `true`: taking them out would hide more than it protects.
const SHORTEST_UNUSED_SECRET: usize = 8;

/// Where a text goes, which decides how a value is written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Percent-encoded, except that an address may begin with a value, and that a variable may name the host.
    Address,
    /// Escaped as in a JSON string.
    Json,
    /// Percent-encoded (`application/x-www-form-urlencoded`).
    Form,
    /// As it is.
    Plain,
}

/// The values one run has at hand.
pub(super) struct Values {
    environment: BTreeMap<String, String>,
    carried: BTreeMap<String, String>,
    /// Variables that a request has used.
    used: BTreeSet<String>,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// `{{name}}`
    Carried(&'a str),
    /// `${NAME}`
    Variable(&'a str),
}

impl Values {
    /// With this process's environment; a variable that is no text counts as not set.
    pub(super) fn of_environment() -> Self {
        Self::new(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    fn new(environment: BTreeMap<String, String>) -> Self {
        Self {
            environment,
            carried: BTreeMap::new(),
            used: BTreeSet::new(),
        }
    }

    /// Writes the values into a template, in one pass: what a value holds is never read as a template itself.
    ///
    /// # Errors
    /// When a value is missing, by its name.
    pub(super) fn fill(&mut self, template: &str, place: Place) -> Result<String, String> {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        for (part, length) in parts(template) {
            rest = &rest[length..];
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Carried(name) => {
                    let value = self
                        .carried
                        .get(name)
                        .ok_or_else(|| format!("no earlier answer gave a value named '{name}'"))?;
                    let is_plain = place == Place::Address && filled.is_empty();
                    filled.push_str(&if is_plain { value.clone() } else { written(value, place) });
                }
                Part::Variable(name) => {
                    let value = self
                        .environment
                        .get(name)
                        .ok_or_else(|| format!("the environment variable {name} is not set"))?;
                    self.used.insert(name.to_owned());
                    let is_plain = place == Place::Address && names_host(&filled, rest);
                    filled.push_str(&if is_plain { value.clone() } else { written(value, place) });
                }
            }
        }
        Ok(filled)
    }

    /// Takes a value out of an answer and keeps it under a name.
    ///
    /// # Errors
    /// When it is not there, or is no single value.
    pub(super) fn carry(&mut self, name: &str, how: &Carried, answer: &Answered) -> Result<(), String> {
        let value = found(how, answer).map_err(|why| format!("the value '{name}' cannot be carried over: {why}"))?;
        self.carried.insert(name.to_owned(), value);
        Ok(())
    }

    /// A text made printable, with each secret replaced by the name it goes by. For texts before they are cut: half a
    /// secret would not be found.
    pub(super) fn redacted(&self, text: &str) -> String {
        let text = printable(text);
        let secrets = self.secrets();
        if secrets.is_empty() {
            return text;
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(character) = rest.chars().next() {
            if let Some((secret, name)) = secrets.iter().find(|(secret, _)| rest.starts_with(secret.as_str())) {
                shown.push_str(name);
                rest = &rest[secret.len()..];
            } else {
                shown.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        shown
    }

    /// Every spelling of every secret, the longest first, with its name.
    fn secrets(&self) -> Vec<(String, String)> {
        let variables = self.environment.iter().filter(|(name, value)| {
            self.used.contains(*name) || (sounds_secret(name) && value.len() >= SHORTEST_UNUSED_SECRET)
        });
        // A short carried value is a number or a word; a session's token is long.
        let carried = self
            .carried
            .iter()
            .filter(|(_, value)| value.len() >= SHORTEST_UNUSED_SECRET);
        let mut secrets: Vec<(String, String)> = variables
            .map(|(name, value)| (value, format!("${{{name}}}")))
            .chain(carried.map(|(name, value)| (value, format!("{{{{{name}}}}}"))))
            .flat_map(|(value, name)| {
                [Place::Plain, Place::Json, Place::Form].map(|place| (printable(&written(value, place)), name.clone()))
            })
            .filter(|(value, _)| !value.trim().is_empty())
            .collect();
        secrets.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.cmp(other)));
        secrets.dedup();
        secrets
    }
}

/// True where a text holds a placeholder, so that what becomes of it may be secret.
pub(super) fn has_values(template: &str) -> bool {
    parts(template).iter().any(|(part, _)| !matches!(part, Part::Text(_)))
}

/// The pieces of a template, each with its length in bytes. What is no placeholder is text.
fn parts(template: &str) -> Vec<(Part<'_>, usize)> {
    let mut parts = Vec::new();
    let (mut text_from, mut at) = (0, 0);
    while let Some(step) = template[at..].find(['{', '$']) {
        at += step;
        let Some((part, length)) = placeholder(&template[at..]) else {
            at += 1;
            continue;
        };
        if text_from < at {
            parts.push((Part::Text(&template[text_from..at]), at - text_from));
        }
        parts.push((part, length));
        at += length;
        text_from = at;
    }
    if text_from < template.len() {
        let text = &template[text_from..];
        parts.push((Part::Text(text), text.len()));
    }
    parts
}

/// The placeholder at the beginning of a text.
fn placeholder(text: &str) -> Option<(Part<'_>, usize)> {
    let is_name = |name: &str, also: &[u8]| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
    };
    if let Some(rest) = text.strip_prefix("{{") {
        let (name, _) = rest.split_once("}}")?;
        let length = name.len() + 4;
        let name = name.trim();
        return is_name(name, b"_-.").then_some((Part::Carried(name), length));
    }
    let (name, _) = text.strip_prefix("${")?.split_once('}')?;
    is_name(name, b"_").then_some((Part::Variable(name), name.len() + 3))
}

/// True at the beginning of an address and in its host and port, but not in a user name or password.
fn names_host(before: &str, after: &str) -> bool {
    if before.is_empty() {
        return true;
    }
    let ends_host = ['/', '?', '#'];
    before.split_once("://").is_some_and(|(_, host)| {
        let after = after.split(ends_host).next().unwrap_or_default();
        !host.contains(ends_host) && !after.contains('@')
    })
}

fn written(value: &str, place: Place) -> String {
    match place {
        Place::Plain => value.to_owned(),
        Place::Json => {
            let quoted = Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Place::Address | Place::Form => value
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect(),
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_a_place = name.ends_with("_FILE") || name.ends_with("_PATH");
    !is_a_place && (name.ends_with("KEY") || SECRET_NAMES.iter().any(|word| name.contains(word)))
}

fn found(how: &Carried, answer: &Answered) -> Result<String, String> {
    match how {
        Carried::Json(pointer) => {
            let body: Value = serde_json::from_str(&answer.body).map_err(|_| answer.no_json().to_owned())?;
            match body.pointer(pointer) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
                Some(Value::Null) => Err(format!("it is null at '{pointer}'")),
                Some(Value::Array(_) | Value::Object(_)) => Err(format!("'{pointer}' is no single value")),
                None => Err(format!("the body has nothing at '{pointer}'")),
            }
        }
        Carried::Header(name) => answer
            .headers
            .get(name.as_str())
            .ok_or_else(|| format!("the answer has no header '{name}'"))?
            .to_str()
            .map(str::to_owned)
            .map_err(|_| format!("the header '{name}' is no plain text")),
        Carried::Match(pattern) => {
            let pattern = compiled(pattern)?;
            let found = pattern
                .captures(&answer.body)
                .ok_or_else(|| format!("nothing in the body matches '{pattern}'"))?;
            let value = found.iter().nth(1).flatten().or_else(|| found.get(0));
            Ok(value.map(|value| value.as_str().to_owned()).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(environment: &[(&str, &str)], carried: &[(&str, &str)]) -> Values {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        Values {
            carried: owned(carried),
            ..Values::new(owned(environment))
        }
    }

    #[test]
    fn values_are_written_as_their_place_needs() {
        let mut values = values(
            &[
                ("BASE", "https://shop.example:8443/v1"),
                ("HOST", "shop.example:8443"),
                ("PASS", "p&\"ä/ 1"),
            ],
            &[("id", "7/ä?"), ("next", "/orders/7")],
        );
        for (template, place, expected) in [
            (
                "${BASE}/items/{{id}}",
                Place::Address,
                "https://shop.example:8443/v1/items/7%2F%C3%A4%3F",
            ),
            (
                "https://${HOST}/?a={{ id }}",
                Place::Address,
                "https://shop.example:8443/?a=7%2F%C3%A4%3F",
            ),
            (
                "https://bob:${PASS}@${HOST}/${HOST}",
                Place::Address,
                "https://bob:p%26%22%C3%A4%2F%201@shop.example:8443/shop.example%3A8443",
            ),
            ("{{next}}?x=1", Place::Address, "/orders/7?x=1"),
            ("https://h{{next}}", Place::Address, "https://h%2Forders%2F7"),
            (r#"{"a": {"b": "${PASS}"}}"#, Place::Json, r#"{"a": {"b": "p&\"ä/ 1"}}"#),
            (
                "a=${PASS}&b={{id}}",
                Place::Form,
                "a=p%26%22%C3%A4%2F%201&b=7%2F%C3%A4%3F",
            ),
            ("Bearer {{id}} ${PASS}", Place::Plain, "Bearer 7/ä? p&\"ä/ 1"),
        ] {
            assert_eq!(values.fill(template, place).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        let mut values = values(&[("A", "${B}{{c}}")], &[("c", "{{c}} ${A}")]);
        for text in [
            "",
            "{",
            "$",
            "{{",
            "${",
            "{{ }}",
            "{{a b}}",
            "${A",
            "${a b}",
            "$A {c} é{",
            "}}{{",
        ] {
            assert_eq!(values.fill(text, Place::Plain).unwrap(), text);
            assert!(!has_values(text), "{text}");
        }
        assert_eq!(
            values.fill("x${A}y{{c}}", Place::Plain).unwrap(),
            "x${B}{{c}}y{{c}} ${A}",
            "a value is no template"
        );
        assert!(has_values("${NOWHERE}") && has_values("a{{x}}"));
    }

    #[test]
    fn a_missing_value_is_named() {
        let mut values = values(&[("SET", "s3cret")], &[]);
        let error = values.fill("${SET}${NOT_SET}", Place::Plain).unwrap_err();
        assert_eq!(error, "the environment variable NOT_SET is not set");
        let error = values.fill("{{order}}", Place::Plain).unwrap_err();
        assert_eq!(error, "no earlier answer gave a value named 'order'");
    }

    #[test]
    fn secrets_are_shown_by_name_in_every_spelling() {
        let mut values = values(
            &[
                ("PASS", "pa\"ss w"),
                ("PASS_LONG", "pa\"ss word"),
                ("API_TOKEN", "abcdefgh"),
                ("OTHER", "innocent"),
                ("TOKEN_SHORT", "true"),
                ("MY_TOKEN_FILE", "/run/token"),
            ],
            &[("session", "0123456789"), ("id", "42")],
        );
        values.fill("${PASS}${PASS_LONG}", Place::Plain).unwrap();
        for (text, expected) in [
            ("a pa\"ss w!", "a ${PASS}!"),
            ("a pa\"ss word!", "a ${PASS_LONG}!"),
            (r#"{"p":"pa\"ss w"}"#, r#"{"p":"${PASS}"}"#),
            ("?p=pa%22ss%20w", "?p=${PASS}"),
            ("Bearer abcdefgh", "Bearer ${API_TOKEN}"),
            ("pa\u{200b}\"ss\u{7} w", "${PASS}"),
            ("innocent true 42 /run/token", "innocent true 42 /run/token"),
            ("at 0123456789", "at {{session}}"),
            ("\u{1b}[2Jx", "[2Jx"),
        ] {
            assert_eq!(values.redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_carried_over_from_body_and_header() {
        let mut answer = Answered::of(200, r#"{"order": {"id": 7, "open": true, "note": null, "a/b": "x"}}"#);
        answer.headers.insert("location", "/orders/7".parse().unwrap());
        answer
            .headers
            .insert("x-odd", reqwest::header::HeaderValue::from_bytes(b"\xff").unwrap());
        let mut values = values(&[], &[]);
        let json = |text: &str| Carried::Json(text.to_owned());
        let header = |text: &str| Carried::Header(text.to_owned());
        let pattern = |text: &str| Carried::Match(text.to_owned());
        for (how, expected) in [
            (json("/order/id"), "7"),
            (json("/order/open"), "true"),
            (json("/order/a~1b"), "x"),
            (header("Location"), "/orders/7"),
            (pattern(r#""id": (\d+)"#), "7"),
            (pattern("open"), "open"),
            (pattern("(never)?open"), "open"),
        ] {
            values.carry("v", &how, &answer).unwrap();
            assert_eq!(values.fill("{{v}}", Place::Plain).unwrap(), expected, "{how:?}");
        }
        for (how, expected) in [
            (json("/order/none"), "the body has nothing at '/order/none'"),
            (json("/order/note"), "it is null at '/order/note'"),
            (json("/order"), "'/order' is no single value"),
            (header("x-none"), "the answer has no header 'x-none'"),
            (header("not a name"), "the answer has no header 'not a name'"),
            (header("x-odd"), "the header 'x-odd' is no plain text"),
            (pattern("zzz"), "nothing in the body matches 'zzz'"),
            (pattern("("), "'(' is no regular expression: unclosed group"),
        ] {
            let error = values.carry("v", &how, &answer).unwrap_err();
            assert_eq!(error, format!("the value 'v' cannot be carried over: {expected}"));
        }
        let error = values.carry("v", &json(""), &Answered::of(200, "<html>")).unwrap_err();
        assert!(error.ends_with("the body is not JSON"), "{error}");
    }
}
