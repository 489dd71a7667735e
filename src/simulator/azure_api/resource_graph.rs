//! Azure Resource Graph, as far as a list of clusters needs it: one table, a type filter, a projection, an order.
//! Every other query is refused as invalid, in Resource Graph's own shape.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::bodies;
use super::reply::{Call, Reply};
use crate::simulator::world::World;

const CLUSTER_TYPE: &str = "microsoft.containerservice/managedclusters";
const MOST_ROWS: usize = 1000;

/// Answers `POST /providers/Microsoft.ResourceGraph/resources`.
pub(super) fn answer(world: &World, call: &Call) -> Reply {
    match query(world, call) {
        Ok(body) => Reply::of_arm(200, &body)
            .with("x-ms-user-quota-remaining", "14")
            .with("x-ms-user-quota-resets-after", "00:00:05"),
        Err(reply) => reply,
    }
}

fn query(world: &World, call: &Call) -> Result<Value, Reply> {
    let body = call.json()?;
    let text = body["query"].as_str().unwrap_or_default();
    let parsed = parse(text).ok_or_else(invalid_query)?;
    let wanted: Option<Vec<&str>> = body["subscriptions"]
        .as_array()
        .filter(|list| !list.is_empty())
        .map(|list| list.iter().filter_map(Value::as_str).collect());
    let mut rows: Vec<Value> = clusters(world, wanted.as_deref())
        .iter()
        .map(|row| parsed.project(row))
        .collect();
    rows.sort_by_key(|row| row["id"].as_str().unwrap_or_default().to_ascii_lowercase());

    rows.truncate(parsed.limit);

    let options = &body["options"];
    let top = options["$top"].as_u64().and_then(|top| usize::try_from(top).ok());
    let page = top.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
    let start = match options["$skipToken"].as_str() {
        Some(token) => read_token(token).ok_or_else(invalid_query)?,
        None => 0,
    };
    let total = rows.len();
    let data: Vec<Value> = rows.into_iter().skip(start).take(page).collect();
    let end = start + data.len();
    let mut answer = json!({
        "totalRecords": total,
        "count": data.len(),
        "resultTruncated": "false",
        "facets": [],
        "data": data,
    });
    if end < total {
        answer["$skipToken"] = json!(STANDARD.encode(format!("{{\"$id\":\"1\",\"$start\":{end}}}")));
    }
    Ok(answer)
}

fn read_token(token: &str) -> Option<usize> {
    let text = STANDARD.decode(token).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    usize::try_from(value["$start"].as_u64()?).ok()
}

fn invalid_query() -> Reply {
    Reply::of_arm(
        400,
        &json!({"error": {
            "code": "BadRequest",
            "message": "Please provide below info when asking for support.",
            "details": [{
                "code": "InvalidQuery",
                "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service \
                            and fix the error before retrying.",
            }],
        }}),
    )
}

/// Rows of the table; what the caller may not read is left out without a word.
fn clusters(world: &World, wanted: Option<&[&str]>) -> Vec<Value> {
    world
        .clusters
        .values()
        .filter(|cluster| {
            let subscription = cluster.profile.subscription.as_str();
            let is_readable = world
                .subscriptions
                .iter()
                .any(|known| known.id.eq_ignore_ascii_case(subscription) && !known.is_denied);
            is_readable && wanted.is_none_or(|list| list.iter().any(|id| id.eq_ignore_ascii_case(subscription)))
        })
        .map(|cluster| {
            let mut row = bodies::cluster(cluster);
            let profile = &cluster.profile;
            row["id"] = json!(bodies::cluster_id(cluster).replace("/resourcegroups/", "/resourceGroups/"));
            row["type"] = json!(CLUSTER_TYPE);
            row["tenantId"] = json!(super::TENANT);
            row["resourceGroup"] = json!(profile.resource_group.to_ascii_lowercase());
            row["subscriptionId"] = json!(profile.subscription);
            row
        })
        .collect()
}

/// A column to answer: its name and where its value is.
#[derive(Debug, PartialEq)]
struct Column {
    name: String,
    path: Vec<String>,
    /// `tostring` and `toint` leave no objects and no nulls.
    conversion: Option<String>,
}

#[derive(Debug, PartialEq)]
struct Query {
    /// Empty means all.
    columns: Vec<Column>,
    limit: usize,
}

impl Query {
    fn project(&self, row: &Value) -> Value {
        if self.columns.is_empty() {
            return row.clone();
        }
        let values: Map<String, Value> = self
            .columns
            .iter()
            .map(|column| {
                let found = column.path.iter().fold(row, |value, key| &value[key.as_str()]);
                (column.name.clone(), column.convert(found))
            })
            .collect();
        Value::Object(values)
    }
}

impl Column {
    fn convert(&self, value: &Value) -> Value {
        match self.conversion.as_deref() {
            Some("tostring") => match value {
                Value::String(_) => value.clone(),
                Value::Null => json!(""),
                other => json!(other.to_string()),
            },
            Some("toint") => match value {
                Value::String(text) => text.parse::<i64>().map_or(Value::Null, |number| json!(number)),
                other => other.clone(),
            },
            _ => value.clone(),
        }
    }
}

/// Reads `resources | where type =~ '...' | project ... | order by id asc`; `None` for anything else.
fn parse(text: &str) -> Option<Query> {
    let mut parts = text.split('|').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("resources") {
        return None;
    }
    let mut query = Query {
        columns: Vec::new(),
        limit: usize::MAX,
    };
    let mut is_filtered = false;
    for part in parts {
        let (word, rest) = part.split_once(char::is_whitespace)?;
        match word.to_ascii_lowercase().as_str() {
            "where" if names_clusters(rest) => is_filtered = true,
            "project" => {
                query.columns = split_columns(rest)
                    .iter()
                    .map(|text| column(text))
                    .collect::<Option<_>>()?;
            }
            "order" | "sort" => {}
            "limit" | "take" => query.limit = rest.trim().parse().ok()?,
            _ => return None,
        }
    }
    is_filtered.then_some(query)
}

/// Reads `type =~ 'x'` and `type == 'x'`; only clusters are known.
fn names_clusters(condition: &str) -> bool {
    let Some((column, value)) = condition.split_once("=~").or_else(|| condition.split_once("==")) else {
        return false;
    };
    let value = value.trim().trim_matches(['\'', '"']);
    column.trim().eq_ignore_ascii_case("type") && value.eq_ignore_ascii_case(CLUSTER_TYPE)
}

/// Splits at commas outside brackets.
fn split_columns(text: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut depth = 0_u32;
    for character in text.chars() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character == ',' && depth == 0 {
            columns.push(String::new());
        } else if let Some(last) = columns.last_mut() {
            last.push(character);
        }
    }
    columns
}

fn column(text: &str) -> Option<Column> {
    let text = text.trim();
    let (name, expression) = match text.split_once('=') {
        Some((name, expression)) => (Some(name.trim()), expression.trim()),
        None => (None, text),
    };
    let (conversion, path) = match expression.strip_suffix(')').and_then(|call| call.split_once('(')) {
        Some((function @ ("tostring" | "toint"), argument)) => (Some(function.to_owned()), argument.trim()),
        Some(_) => return None,
        None => (None, expression),
    };
    let path = path_of(path)?;
    Some(Column {
        name: name.map_or_else(|| path.join("_"), str::to_owned),
        path,
        conversion,
    })
}

/// Reads `properties.a.b` and `properties['a']`.
fn path_of(text: &str) -> Option<Vec<String>> {
    let flat = text
        .replace("['", ".")
        .replace("[\"", ".")
        .replace("']", "")
        .replace("\"]", "");
    let keys: Vec<String> = flat.split('.').map(|key| key.trim().to_owned()).collect();
    keys.iter()
        .all(|key| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || "_-$".contains(letter))
        })
        .then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_clusters_is_understood() {
        let query = parse(
            "resources\n| where type =~ 'Microsoft.ContainerService/managedClusters'\n| project id, name,\n  state = \
             tostring(properties.powerState.code), pools = properties.agentPoolProfiles, n = toint(properties['x'])\n\
             | order by id asc",
        )
        .unwrap();
        let row = json!({"id": "/a", "name": "a", "properties": {
            "powerState": {"code": "Running"}, "agentPoolProfiles": [{"name": "p"}], "x": "3"}});
        assert_eq!(
            query.project(&row),
            json!({"id": "/a", "name": "a", "state": "Running", "pools": [{"name": "p"}], "n": 3})
        );
    }

    #[test]
    fn other_queries_are_refused() {
        for text in [
            "",
            "resources",
            "resources | project id",
            "resourcecontainers | where type =~ 'microsoft.containerservice/managedclusters'",
            "resources | where type =~ 'microsoft.compute/virtualmachines'",
            "resources | where type =~ 'microsoft.containerservice/managedclusters' | summarize count()",
            "resources | where type =~ 'microsoft.containerservice/managedclusters' | project a = bin(x, 1)",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
