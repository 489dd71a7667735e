//! What a cockpit remembers from one start to the next: view, sort, filter, marks, and that the hint was seen.
//! A versioned value; reads and writes no file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The version of the document.
const SCHEMA: &str = "aks-cockpit/remembered/v1";

/// Larger documents are none of ours.
pub(crate) const LARGEST: u64 = 4 * 1_024 * 1_024;

/// All that is remembered. Fields that are missing have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Remembered {
    /// The name of the sort of the overview; one that is not known any more is passed over.
    pub(crate) sort: String,
    /// The overview's filter line.
    pub(crate) filter: String,
    /// The resource id of the cluster that was selected.
    pub(crate) selected: Option<String>,
    /// Resource ids of the clusters that were marked.
    pub(crate) marks: BTreeSet<String>,
    pub(crate) has_seen_hint: bool,
}

#[derive(Serialize, Deserialize)]
struct Document<T> {
    schema: String,
    #[serde(flatten)]
    remembered: T,
}

impl Remembered {
    /// The document as it is stored.
    pub(crate) fn to_json(&self) -> String {
        let document = Document {
            schema: SCHEMA.to_owned(),
            remembered: self,
        };
        serde_json::to_string_pretty(&document).expect("texts and lists are always JSON") + "\n"
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Says in a few words why it cannot be used.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document: Document<Self> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.schema == SCHEMA {
            Ok(document.remembered)
        } else {
            Err(format!("it has another format than {SCHEMA}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let remembered = Remembered {
            sort: "name".to_owned(),
            filter: "state=stuck \"x\"".to_owned(),
            selected: Some("/subscriptions/1/x".to_owned()),
            marks: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
            has_seen_hint: true,
        };
        assert_eq!(Remembered::parse(&remembered.to_json()), Ok(remembered));
    }

    #[test]
    fn missing_and_unknown_fields_do_no_harm() {
        let text = format!("{{\"schema\":\"{SCHEMA}\",\"filter\":\"x\",\"later\":[1]}}");
        let expected = Remembered {
            filter: "x".to_owned(),
            ..Remembered::default()
        };
        assert_eq!(Remembered::parse(&text), Ok(expected));
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "{\"schema\":\"aks-cockpit/remembered/v2\"}",
            "{\"schema\":1}",
        ] {
            assert!(Remembered::parse(text).is_err(), "{text}");
        }
    }
}
