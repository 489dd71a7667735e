//! A user's own file of failures, laid over the shipped ones field by field. Reads text only; who opens the file is not here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::entry::CatalogueEntry;

/// What is wrong with a catalogue file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("the file is neither TOML with [[failures]] nor a JSON list of failures: {why}")]
    NotReadable { why: String },
    #[error("failure number {number} of the file has no 'id'; give it a code such as my-company-proxy")]
    NoId { number: usize },
    #[error("the failure '{id}' cannot be used: {why}; a new failure needs at least title, cause and match")]
    Entry { id: String, why: String },
    #[error("the failure '{id}' has the severity '{severity}'; use blocker, critical, warning or info")]
    Severity { id: String, severity: String },
    #[error("the failure '{id}' names the remedy '{remedy}', which is not known; `assets/remedies.json` lists them")]
    Remedy { id: String, remedy: String },
    #[error("the pattern of the failure '{id}' does not compile: {why}; look-around and back-references are not known")]
    Pattern { id: String, why: String },
    #[error("the patterns are too large together: {why}; make them shorter")]
    TooLarge { why: String },
}

/// The shipped values with those of the text over them.
pub(super) fn laid_over(mut shipped: Vec<Value>, text: &str) -> Result<Vec<Value>, CatalogueError> {
    for (number, own) in (1..).zip(read(text)?) {
        let Value::Object(mut own) = own else {
            return Err(CatalogueError::NoId { number });
        };
        if let Some(guide) = own.remove("guide") {
            own.insert("guide_url".to_owned(), guide);
        }
        let id = own
            .get("id")
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty())
            .ok_or(CatalogueError::NoId { number })?;
        match shipped.iter_mut().find(|known| known["id"] == id) {
            Some(Value::Object(known)) => lay_over(known, own),
            _ => shipped.push(Value::Object(own)),
        }
    }
    Ok(shipped)
}

/// One entry from its value.
pub(super) fn entry(value: Value) -> Result<CatalogueEntry, CatalogueError> {
    let id = value["id"].as_str().unwrap_or_default().to_owned();
    let entry: CatalogueEntry = serde_json::from_value(value).map_err(|error| CatalogueError::Entry {
        id: id.clone(),
        why: error.to_string(),
    })?;
    if !matches!(
        entry.severity.as_str(),
        "" | "blocker" | "critical" | "warning" | "info"
    ) {
        let severity = entry.severity;
        return Err(CatalogueError::Severity { id, severity });
    }
    match entry.remedies.iter().find(|remedy| !REMEDIES.contains(&remedy.id)) {
        Some(unknown) => Err(CatalogueError::Remedy {
            id,
            remedy: unknown.id.clone(),
        }),
        None => Ok(entry),
    }
}

/// Ids of the remedy library.
static REMEDIES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let library: Vec<Value> = serde_json::from_str(include_str!("../../../assets/remedies.json"))
        .expect("the shipped library is sound: a test reads it");
    library
        .iter()
        .filter_map(|remedy| remedy["id"].as_str().map(ToOwned::to_owned))
        .collect()
});

fn read(text: &str) -> Result<Vec<Value>, CatalogueError> {
    let json = |error: serde_json::Error| CatalogueError::NotReadable { why: error.to_string() };
    let start = text.trim_start();
    let value = if start.starts_with('{') {
        serde_json::from_str(text).map_err(json)?
    } else {
        match toml::from_str::<Value>(text) {
            Ok(value) => value,
            Err(error) => match serde_json::from_str(text) {
                Ok(value) => value,
                Err(other) if start.starts_with('[') && !start.starts_with("[[") => return Err(json(other)),
                Err(_) => {
                    return Err(CatalogueError::NotReadable { why: error.to_string() });
                }
            },
        }
    };
    match value {
        Value::Array(entries) => Ok(entries),
        Value::Object(mut file) => match file.remove("failures") {
            Some(Value::Array(entries)) => Ok(entries),
            _ => Err(CatalogueError::NotReadable {
                why: "it has no list named 'failures'".to_owned(),
            }),
        },
        _ => Err(CatalogueError::NotReadable {
            why: "it is neither a list nor a table".to_owned(),
        }),
    }
}

/// Lays one object over another; inner objects are laid over too, everything else is replaced.
fn lay_over(known: &mut Map<String, Value>, own: Map<String, Value>) {
    for (key, value) in own {
        match (known.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(over)) => lay_over(inner, over),
            (_, value) => {
                known.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::catalogue::Catalogue;

    #[test]
    fn a_toml_file_adds_and_overrides() {
        let catalogue = Catalogue::with_file(
            r#"
            [[failures]]
            id = "my-proxy"
            title = "Our proxy is down"
            cause = "The proxy of building 7 refuses node traffic."
            severity = "critical"
            match = { message_regex = "(?i)proxy-b7 refused", specificity = 95 }
            remedies = ["fix-egress", { id = "retry-upgrade" }]

            [[failures]]
            id = "subnet-full"
            guide = "https://wiki.example.com/subnets"
            "#,
        )
        .unwrap();
        assert_eq!(catalogue.matches("Proxy-B7 refused it")[0].entry.id, "my-proxy");
        assert_eq!(catalogue.entry("my-proxy").unwrap().remedies[0].id, "fix-egress");
        let subnet = catalogue.entry("subnet-full").unwrap();
        assert!(subnet.title.contains("subnet"), "the rest stays");
    }

    #[test]
    fn a_json_file_may_override_one_field_of_a_match() {
        let catalogue = Catalogue::with_file(
            r#"[{"id": "subnet-full", "guide_url": "https://wiki.example.com", "match": {"specificity": 99}}]"#,
        )
        .unwrap();
        let subnet = catalogue.entry("subnet-full").unwrap();
        assert_eq!(subnet.matching.specificity, 99);
        assert!(subnet.matching.message_regex.is_some());
        assert_eq!(subnet.guide.as_deref(), Some("https://wiki.example.com"));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text: &str, expected: &str| {
            let error = Catalogue::with_file(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("hello", "neither TOML");
        check("[1, 2", "neither TOML");
        check("{}", "no list named 'failures'");
        check(r#"[{"title": "x"}]"#, "number 1 of the file has no 'id'");
        check(r#"[{"id": "x"}]"#, "'x' cannot be used");
        let entry = |rest: &str| format!(r#"[{{"id": "x", "title": "t", "cause": "c", {rest}}}]"#);
        check(&entry(r#""severity": "bad""#), "severity 'bad'");
        check(&entry(r#""remedies": ["pray"]"#), "remedy 'pray'");
        check(&entry(r#""match": {"mesage_regex": "a"}"#), "mesage_regex");
        check(
            r#"[{"id": "x", "title": "t", "cause": "c", "match": {"message_regex": "(?=a)"}}]"#,
            "pattern of the failure 'x'",
        );
    }
}
