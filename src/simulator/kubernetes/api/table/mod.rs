//! Objects as the rows `kubectl get` prints. The columns are those of the API server's printers (v1.33).

mod age;
mod further;
mod rows;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::{self, RowObject};
use crate::simulator::kubernetes::objects::kinds::Kind;

/// A table of the objects; without columns it continues an earlier one.
pub(super) fn table<'objects>(
    kind: Kind,
    objects: impl Iterator<Item = &'objects Value>,
    metadata: &Value,
    row_object: RowObject,
    now: Timestamp,
    has_columns: bool,
) -> Value {
    let rows: Vec<Value> = objects
        .map(|object| {
            let mut row = json!({ "cells": rows::cells(kind, object, now) });
            let carried = match row_object {
                RowObject::Nothing => None,
                RowObject::Metadata => Some(form::metadata_only(object)),
                RowObject::Whole => Some(form::typed(kind, object)),
            };
            if let (Some(fields), Some(carried)) = (row.as_object_mut(), carried) {
                fields.insert("object".to_owned(), carried);
            }
            row
        })
        .collect();
    let columns = has_columns.then(|| columns(kind).iter().map(Column::describe).collect::<Vec<_>>());
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    })
}

/// One column; those that are not always shown appear with `--output wide`.
struct Column {
    name: &'static str,
    kind: &'static str,
    is_wide: bool,
}

impl Column {
    fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.kind,
            "format": if self.name == "Name" { "name" } else { "" },
            "description": "",
            "priority": i32::from(self.is_wide),
        })
    }
}

const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: "string",
        is_wide: false,
    }
}

const fn number(name: &'static str) -> Column {
    Column {
        name,
        kind: "integer",
        is_wide: false,
    }
}

const fn wide(name: &'static str) -> Column {
    Column {
        name,
        kind: "string",
        is_wide: true,
    }
}

/// In the order of the cells.
fn columns(kind: Kind) -> Vec<Column> {
    match kind {
        Kind::Namespace => vec![text("Name"), text("Status"), text("Age")],
        Kind::Node => vec![
            text("Name"),
            text("Status"),
            text("Roles"),
            text("Age"),
            text("Version"),
            wide("Internal-IP"),
            wide("External-IP"),
            wide("OS-Image"),
            wide("Kernel-Version"),
            wide("Container-Runtime"),
        ],
        Kind::Pod => vec![
            text("Name"),
            text("Ready"),
            text("Status"),
            text("Restarts"),
            text("Age"),
            wide("IP"),
            wide("Node"),
            wide("Nominated Node"),
            wide("Readiness Gates"),
        ],
        Kind::Event => vec![
            text("Last Seen"),
            text("Type"),
            text("Reason"),
            text("Object"),
            wide("Subobject"),
            wide("Source"),
            text("Message"),
            wide("First Seen"),
            wide("Count"),
            wide("Name"),
        ],
        Kind::ConfigMap => vec![text("Name"), number("Data"), text("Age")],
        Kind::Deployment => vec![
            text("Name"),
            text("Ready"),
            number("Up-to-date"),
            number("Available"),
            text("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        Kind::ReplicaSet => vec![
            text("Name"),
            number("Desired"),
            number("Current"),
            number("Ready"),
            text("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        Kind::StatefulSet => vec![
            text("Name"),
            text("Ready"),
            text("Age"),
            wide("Containers"),
            wide("Images"),
        ],
        Kind::DaemonSet => vec![
            text("Name"),
            number("Desired"),
            number("Current"),
            number("Ready"),
            number("Up-to-date"),
            number("Available"),
            text("Node Selector"),
            text("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        Kind::PodDisruptionBudget => vec![
            text("Name"),
            text("Min Available"),
            text("Max Unavailable"),
            number("Allowed Disruptions"),
            text("Age"),
        ],
        Kind::Lease => vec![text("Name"), text("Holder"), text("Age")],
        _ => further::columns(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_cell_for_every_column_even_of_an_empty_object() {
        for kind in Kind::ALL {
            let cells = rows::cells(kind, &json!({}), Timestamp::UNIX_EPOCH);
            assert_eq!(cells.len(), columns(kind).len(), "{kind:?}");
        }
    }

    #[test]
    fn a_watch_names_its_columns_once() {
        let object = json!({ "metadata": { "name": "a" } });
        let make = |has_columns| {
            let objects = std::iter::once(&object);
            table(
                Kind::Namespace,
                objects,
                &json!({}),
                RowObject::Metadata,
                Timestamp::UNIX_EPOCH,
                has_columns,
            )
        };
        assert_eq!(make(true)["columnDefinitions"][0]["format"], "name");
        assert!(make(false)["columnDefinitions"].is_null());
        assert_eq!(make(false)["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    }
}
