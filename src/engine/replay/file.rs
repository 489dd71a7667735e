//! A recording as a file that another person can open: JSON lines under a version, without secrets.
//! Names of clusters, nodes and pods stay in it: without them it would tell nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MadeRepair, RecordLine, Reel, SeenLine};
use crate::domain::ids::ExecutionId;

/// What the first line says.
pub(super) const SCHEMA: &str = "aks-cockpit/recording/v1";

/// What stands where a secret was.
const REDACTED: &str = "(redacted)";

/// Why a file cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReelError {
    #[error("it is empty")]
    Empty,
    #[error("its first line does not say that it is a recording")]
    NoRecording,
    #[error("it says {found}, and this version reads {SCHEMA}")]
    OtherVersion { found: String },
    #[error("line {line} cannot be read: {why}")]
    Line { line: usize, why: String },
}

#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    execution: ExecutionId,
}

/// Every line but the first.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Record {
        at: Timestamp,
        v: u32,
        json: Value,
    },
    Seen {
        at: Timestamp,
        kind: String,
        key: String,
        json: Value,
    },
    Repair(MadeRepair),
}

impl Reel {
    /// The recording as JSON lines.
    pub fn to_lines(&self) -> String {
        let mut out = String::new();
        push(
            &mut out,
            &Head {
                schema: SCHEMA.to_owned(),
                execution: self.id.clone(),
            },
        );
        for record in &self.records {
            let (at, v) = (record.at, record.version);
            let json = without_secrets(&record.json);
            push(&mut out, &Line::Record { at, v, json });
        }
        for seen in &self.seen {
            let line = Line::Seen {
                at: seen.at,
                kind: seen.kind.clone(),
                key: seen.key.clone(),
                json: without_secrets(&seen.json),
            };
            push(&mut out, &line);
        }
        for repair in &self.repairs {
            push(&mut out, &Line::Repair(repair.clone()));
        }
        out
    }

    /// Reads what `to_lines` wrote. Kinds of line that this version does not know are left out.
    ///
    /// # Errors
    /// When it is no recording, one of another version, or a line is damaged.
    pub fn from_lines(text: &str) -> Result<Self, ReelError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().ok_or(ReelError::Empty)?;
        let head: Value = serde_json::from_str(first).map_err(|_| ReelError::NoRecording)?;
        match head["schema"].as_str() {
            Some(SCHEMA) => (),
            Some(other) if other.starts_with("aks-cockpit/recording/") => {
                return Err(ReelError::OtherVersion {
                    found: crate::domain::text::printable(other),
                });
            }
            _ => return Err(ReelError::NoRecording),
        }
        let head: Head = serde_json::from_value(head).map_err(|_| ReelError::NoRecording)?;
        let mut reel = Self {
            id: head.execution,
            records: Vec::new(),
            seen: Vec::new(),
            repairs: Vec::new(),
        };
        for (index, line) in lines {
            let read = match serde_json::from_str(line) {
                Ok(line) => line,
                Err(_) if is_of_another_kind(line) => continue,
                Err(error) => {
                    return Err(ReelError::Line {
                        line: index + 1,
                        why: error.to_string(),
                    });
                }
            };
            match read {
                Line::Record { at, v, json } => reel.records.push(RecordLine {
                    at,
                    version: v,
                    json: json.to_string(),
                }),
                Line::Seen { at, kind, key, json } => reel.seen.push(SeenLine {
                    at,
                    kind,
                    key,
                    json: json.to_string(),
                }),
                Line::Repair(repair) => reel.repairs.push(repair),
            }
        }
        Ok(reel)
    }
}

/// True for a whole line of a kind that this version does not know.
fn is_of_another_kind(line: &str) -> bool {
    match serde_json::from_str(line) {
        Ok(Value::Object(line)) => !line
            .keys()
            .any(|key| ["record", "seen", "repair"].contains(&key.as_str())),
        _ => false,
    }
}

fn push(out: &mut String, line: &impl Serialize) {
    out.push_str(&serde_json::to_string(line).expect("a line is JSON"));
    out.push('\n');
}

/// The same without what could let somebody in: signed parts of addresses, and values under telling names.
/// What is no JSON is left out as a whole.
fn without_secrets(json: &str) -> Value {
    let mut value: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    redact(&mut value);
    value
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if is_telling(key) && !is_a_reference(text) => REDACTED.clone_into(text),
                    _ => redact(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::String(text) => *text = clean(text),
        _ => (),
    }
}

fn is_telling(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "authorization",
        "cookie",
        "password",
        "secret",
        "token",
        "apikey",
        "api-key",
    ]
    .iter()
    .any(|word| key.contains(word))
}

/// `${NAME}` names a variable of the driver's environment; its value was never stored.
fn is_a_reference(text: &str) -> bool {
    text.contains("${")
}

/// The text with everything behind the `?` of an address, and tokens by their form, taken out.
fn clean(text: &str) -> String {
    let is_token = |word: &str| word.starts_with("eyJ") && word.matches('.').count() == 2;
    if !text.contains("://") && !text.contains("eyJ") {
        return text.to_owned();
    }
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        let rest = &word[bare.len()..];
        if is_token(bare) {
            return format!("{REDACTED}{rest}");
        }
        match bare.split_once('?') {
            Some((address, _)) if address.contains("://") => format!("{address}?{REDACTED}{rest}"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}
