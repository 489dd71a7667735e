//! Objects as JSON: merge patches applied and made, list changes made exact, and our part of a change taken back
//! while somebody else's later change stays. Pure.

use serde_json::{Map, Value};

use super::repair::{ListChange, ListEdit, NotPossible};

/// The object with a merge patch applied (RFC 7386).
pub fn merged(object: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut all = object.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            all.remove(key);
        } else {
            let present = all.get(key).cloned().unwrap_or(Value::Null);
            all.insert(key.clone(), merged(&present, value));
        }
    }
    Value::Object(all)
}

/// The merge patch that makes `to` of `from`; `None` where they are the same. Lists are replaced whole.
pub fn difference(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (from, to) else {
        return Some(to.clone());
    };
    let mut patch = Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in after {
        match before.get(key) {
            None => patch.insert(key.clone(), value.clone()),
            Some(present) => match difference(present, value) {
                Some(change) => patch.insert(key.clone(), change),
                None => continue,
            },
        };
    }
    Some(Value::Object(patch))
}

/// What `now` becomes when our change from `before` to `after` is taken back, and whether something in it was left
/// because somebody else has written it since.
pub fn taken_back(before: &Value, after: &Value, now: &Value) -> (Value, bool) {
    match field(Some(before), Some(after), Some(now)) {
        (Some(value), is_left) => (value, is_left),
        (None, is_left) => (Value::Null, is_left),
    }
}

/// One field; `None` is an absent one.
fn field(before: Option<&Value>, after: Option<&Value>, now: Option<&Value>) -> (Option<Value>, bool) {
    if before == after || now == before {
        return (now.cloned(), false);
    }
    if now == after {
        return (before.cloned(), false);
    }
    match (before, after, now) {
        (_, Some(Value::Object(after)), Some(Value::Object(now)))
            if before.is_none_or(|before| before.is_object() || before.is_null()) =>
        {
            let empty = Map::new();
            let before = before.and_then(Value::as_object).unwrap_or(&empty);
            let (value, is_left) = object(before, after, now);
            (Some(Value::Object(value)), is_left)
        }
        (Some(Value::Object(before)), None, Some(Value::Object(now))) => {
            let (value, is_left) = object(before, &Map::new(), now);
            (Some(Value::Object(value)), is_left)
        }
        (Some(Value::Array(before)), Some(Value::Array(after)), Some(Value::Array(now))) => list(before, after, now),
        _ => (now.cloned(), true),
    }
}

fn object(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    now: &Map<String, Value>,
) -> (Map<String, Value>, bool) {
    let mut all = now.clone();
    let mut is_left = false;
    let ours = before.keys().chain(after.keys());
    for key in ours {
        let (value, is_kept) = field(before.get(key), after.get(key), now.get(key));
        is_left |= is_kept;
        match value {
            Some(value) => all.insert(key.clone(), value),
            None => all.remove(key),
        };
    }
    (all, is_left)
}

/// Entries with names are told apart by them; of other lists, our entries are taken out and put in again.
fn list(before: &[Value], after: &[Value], now: &[Value]) -> (Option<Value>, bool) {
    if [before, after, now]
        .into_iter()
        .all(|list| list.iter().all(|item| name(item).is_some()))
    {
        let find = |list: &[Value], wanted: &str| list.iter().find(|item| name(item) == Some(wanted)).cloned();
        let mut is_left = false;
        let mut all = Vec::new();
        for item in now {
            let wanted = name(item).unwrap_or_default();
            let (before, after) = (find(before, wanted), find(after, wanted));
            let (value, is_kept) = field(before.as_ref(), after.as_ref(), Some(item));
            is_left |= is_kept;
            all.extend(value);
        }
        let is_taken = |item: &&Value| {
            let wanted = name(item).unwrap_or_default();
            find(after, wanted).is_none() && find(now, wanted).is_none()
        };
        all.extend(before.iter().filter(is_taken).cloned());
        return (Some(Value::Array(all)), is_left);
    }
    let mut all: Vec<Value> = now
        .iter()
        .filter(|item| before.contains(item) || !after.contains(item))
        .cloned()
        .collect();
    for item in before.iter().filter(|item| !after.contains(item)) {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    (Some(Value::Array(all)), false)
}

fn name(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// The object with a list change in it.
///
/// # Errors
/// When what the path names is not there.
pub fn with_list_change(object: &Value, change: &ListChange) -> Result<Value, NotPossible> {
    let gone = |key: &str| NotPossible::NotHere {
        why: format!("{} has no '{key}' any more", change.object),
    };
    let mut all = object.clone();
    let mut place = &mut all;
    for (depth, key) in change.path.iter().enumerate() {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Array(items) => items.iter_mut().find(|item| name(item) == Some(key)),
            Value::Object(fields) => {
                let may_be_made = depth + 1 == change.path.len() || matches!(change.edit, ListEdit::Add { .. });
                if may_be_made {
                    Some(fields.entry(key.clone()).or_insert(Value::Null))
                } else {
                    fields.get_mut(key)
                }
            }
            _ => None,
        }
        .ok_or_else(|| gone(key))?;
    }
    match &change.edit {
        ListEdit::Set { value } => *place = value.clone(),
        ListEdit::Add { item } => {
            let mut items = place.as_array().cloned().unwrap_or_default();
            if !items.contains(item) {
                items.push(item.clone());
            }
            *place = Value::Array(items);
        }
        ListEdit::Remove { item } => {
            let items = place.as_array_mut().ok_or_else(|| gone("list"))?;
            items.retain(|present| present != item);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::subject::ObjectRef;

    #[test]
    fn a_difference_makes_one_of_the_other() {
        for (from, to, patch) in [
            (json!({"a": 1}), json!({"a": 1}), None),
            (
                json!({"a": 1, "b": {"c": 2, "d": 3}}),
                json!({"b": {"c": 2, "d": 4}}),
                Some(json!({"a": null, "b": {"d": 4}})),
            ),
            (json!({"l": [1, 2]}), json!({"l": [1]}), Some(json!({"l": [1]}))),
            (json!({}), json!({"a": {"b": 1}}), Some(json!({"a": {"b": 1}}))),
        ] {
            let made = difference(&from, &to);
            assert_eq!(made, patch);
            assert_eq!(merged(&from, &made.unwrap_or(json!({}))), to);
        }
    }

    #[test]
    fn our_part_is_taken_back_and_somebody_elses_stays() {
        let before = json!({"spec": {"minAvailable": "50%", "x": 1}, "metadata": {"labels": {"a": "1"}}});
        let after = merged(&before, &json!({"spec": {"minAvailable": 1}}));
        for (meanwhile, expected, is_left) in [
            (json!({}), before.clone(), false),
            (
                json!({"spec": {"x": 2}}),
                merged(&before, &json!({"spec": {"x": 2}})),
                false,
            ),
            (
                json!({"spec": {"minAvailable": 0}}),
                merged(&before, &json!({"spec": {"minAvailable": 0}})),
                true,
            ),
            (json!({"spec": {"minAvailable": "50%"}}), before.clone(), false),
        ] {
            let now = merged(&after, &meanwhile);
            assert_eq!(taken_back(&before, &after, &now), (expected, is_left), "{meanwhile}");
        }
    }

    #[test]
    fn an_absent_field_is_absent_again() {
        let before = json!({"spec": {}});
        let after = json!({"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}});
        assert_eq!(taken_back(&before, &after, &after), (before.clone(), false));
        let added = json!({"spec": {"selector": {"matchExpressions": [1]}}});
        assert_eq!(taken_back(&before, &added, &added).0, before);
    }

    #[test]
    fn lists_are_taken_back_entry_by_entry() {
        let hook = |name: &str, policy: &str| json!({"name": name, "failurePolicy": policy});
        let before = json!({"webhooks": [hook("a", "Fail"), hook("b", "Fail")]});
        let after = json!({"webhooks": [hook("a", "Ignore"), hook("b", "Fail")]});
        let now = json!({"webhooks": [hook("c", "Fail"), hook("a", "Ignore"), hook("b", "Ignore")]});
        let expected = json!({"webhooks": [hook("c", "Fail"), hook("a", "Fail"), hook("b", "Ignore")]});
        assert_eq!(taken_back(&before, &after, &now), (expected, false));
        let texts = taken_back(&json!(["x", "y"]), &json!(["y"]), &json!(["y", "z"]));
        assert_eq!(texts, (json!(["y", "z", "x"]), false));
    }

    #[test]
    fn a_list_change_keeps_the_other_entries() {
        let change = |path: &[&str], edit| ListChange {
            object: ObjectRef::of_cluster("v1", "Thing", "t"),
            uid: None,
            path: path.iter().map(ToString::to_string).collect(),
            edit,
        };
        let object = json!({"webhooks": [{"name": "a"}, {"name": "b", "failurePolicy": "Fail"}], "f": ["x", "y"]});
        let set = change(
            &["webhooks", "b", "failurePolicy"],
            ListEdit::Set { value: json!("Ignore") },
        );
        assert_eq!(
            with_list_change(&object, &set).unwrap()["webhooks"][1]["failurePolicy"],
            "Ignore"
        );
        let add = change(
            &["webhooks", "a", "namespaceSelector", "matchExpressions"],
            ListEdit::Add { item: json!(1) },
        );
        let added = with_list_change(&object, &add).unwrap();
        assert_eq!(
            added["webhooks"][0]["namespaceSelector"],
            json!({"matchExpressions": [1]})
        );
        let remove = change(&["f"], ListEdit::Remove { item: json!("x") });
        assert_eq!(with_list_change(&object, &remove).unwrap()["f"], json!(["y"]));
        for path in [&["webhooks", "z", "p"][..], &["q", "r"]] {
            assert!(with_list_change(&object, &change(path, ListEdit::Set { value: json!(1) })).is_err());
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(json!(1)), Just(json!("x")), Just(json!([1, 2])), Just(json!(true))];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|fields| json!(fields))
        })
    }

    proptest! {
        #[test]
        fn what_nobody_touched_meanwhile_is_as_it_was(before in json_value(), after in json_value()) {
            prop_assert_eq!(taken_back(&before, &after, &after), (before.clone(), false));
            let patch = difference(&before, &after);
            prop_assert_eq!(patch.map_or(before.clone(), |patch| merged(&before, &patch)), after);
        }
    }
}
