//! The form of an answer the client asked for: plain objects, rows of a table, or metadata alone.

use std::sync::Arc;

use http::HeaderMap;
use http::header::ACCEPT;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;
use super::route::Query;
use super::table;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Table {
        rows: RowObject,
    },
    /// `PartialObjectMetadata`.
    Metadata,
}

/// What each row of a table carries of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowObject {
    Nothing,
    Metadata,
    Whole,
}

impl Form {
    /// The first form of the `Accept` header that is known.
    pub(super) fn negotiate(headers: &HeaderMap, query: &Query) -> Result<Self, Failure> {
        let accepted = headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("*/*");
        accepted
            .split(',')
            .find_map(|media| Self::of_media_type(media, query))
            .ok_or_else(Failure::not_acceptable)
    }

    fn of_media_type(media: &str, query: &Query) -> Option<Self> {
        let mut parts = media.split(';').map(str::trim);
        if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
            return None;
        }
        let (mut form, mut version, mut group) = (None, "v1", "meta.k8s.io");
        for parameter in parts {
            match parameter.split_once('=') {
                Some(("as", name)) => form = Some(name),
                Some(("v", value)) => version = value,
                Some(("g", value)) => group = value,
                _ => {}
            }
        }
        match form {
            None => Some(Self::Plain),
            Some(_) if (version, group) != ("v1", "meta.k8s.io") => None,
            Some("Table") => Some(Self::Table {
                rows: match query.include_object.as_str() {
                    "None" => RowObject::Nothing,
                    "Object" => RowObject::Whole,
                    _ => RowObject::Metadata,
                },
            }),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Self::Metadata),
            Some(_) => None,
        }
    }

    /// One object; `has_columns` matters to tables only, which in a watch name their columns once.
    pub(super) fn object(self, kind: Kind, object: &Value, now: Timestamp, has_columns: bool) -> Value {
        match self {
            Self::Plain => typed(kind, object),
            Self::Metadata => metadata_only(object),
            Self::Table { rows } => {
                let version = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                table::table(kind, std::iter::once(object), &version, rows, now, has_columns)
            }
        }
    }

    /// A list as JSON text.
    pub(super) fn list(self, kind: Kind, items: &[Arc<Value>], metadata: &Value, now: Timestamp) -> Vec<u8> {
        let text = match self {
            Self::Plain => serde_json::to_vec(&List {
                kind: format!("{}List", kind.describe().word),
                api_version: kind.api_version(),
                metadata,
                items,
            }),
            Self::Metadata => serde_json::to_vec(&json!({
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "items": items.iter().map(|item| metadata_only(item)).collect::<Vec<_>>(),
            })),
            Self::Table { rows } => {
                let objects = items.iter().map(AsRef::as_ref);
                serde_json::to_vec(&table::table(kind, objects, metadata, rows, now, true))
            }
        };
        text.expect("JSON values with text keys can always be written")
    }

    /// What a bookmark carries: a version, and perhaps the mark that the initial events are over.
    pub(super) fn bookmark(self, kind: Kind, version: u64, ends_initial_events: bool) -> Value {
        let mut metadata = json!({ "resourceVersion": version.to_string(), "creationTimestamp": null });
        if ends_initial_events && let Some(fields) = metadata.as_object_mut() {
            fields.insert("annotations".to_owned(), json!({ "k8s.io/initial-events-end": "true" }));
        }
        match self {
            Self::Plain => typed(kind, &json!({ "metadata": metadata })),
            Self::Metadata => metadata_only(&json!({ "metadata": metadata })),
            Self::Table { .. } => json!({
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "columnDefinitions": null,
                "rows": [],
            }),
        }
    }
}

/// The object with the words that say what it is; inside lists they are left out.
pub(super) fn typed(kind: Kind, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), kind.api_version().into());
        fields.insert("kind".to_owned(), kind.describe().word.into());
    }
    object
}

pub(super) fn metadata_only(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

#[derive(Serialize)]
struct List<'items> {
    kind: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
    metadata: &'items Value,
    items: &'items [Arc<Value>],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: Option<Form>) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(Form::negotiate(&headers, &Query::default()).ok(), expected, "{accept}");
    }

    #[test]
    fn the_first_known_form_is_taken() {
        let table = Form::Table {
            rows: RowObject::Metadata,
        };
        check("application/json", Some(Form::Plain));
        check("*/*", Some(Form::Plain));
        check(
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
            Some(table),
        );
        check("application/json;as=Table;v=v1beta1;g=meta.k8s.io", None);
        check(
            "application/vnd.kubernetes.protobuf,application/json",
            Some(Form::Plain),
        );
        check("application/vnd.kubernetes.protobuf", None);
        check(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            Some(Form::Metadata),
        );
        assert_eq!(Form::negotiate(&HeaderMap::new(), &Query::default()), Ok(Form::Plain));
    }
}
