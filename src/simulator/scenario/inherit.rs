//! What a scenario takes from the one it extends: everything it does not say itself. Clusters of one name are merged,
//! and in them pools and workloads of one name; any other list is taken as a whole.

use toml::{Table, Value};

/// Lists whose entries are merged one by one, and what names an entry of them.
const MERGED: [(&str, &[&str]); 3] = [
    ("clusters", &["name"]),
    ("pools", &["name"]),
    ("workloads", &["namespace", "name"]),
];

/// Adds to `own` what only `base` says.
pub(super) fn merge(own: &mut Table, base: Table) {
    for (key, inherited) in base {
        let entry = MERGED.iter().find(|(list, _)| *list == key).map(|(_, keys)| *keys);
        match (own.get_mut(&key), inherited, entry) {
            (Some(Value::Array(own)), Value::Array(base), Some(keys)) => merge_lists(own, base, keys),
            (Some(_), _, _) => {}
            (None, inherited, _) => {
                own.insert(key, inherited);
            }
        }
    }
}

/// Entries of the base keep their places; new ones follow.
fn merge_lists(own: &mut Vec<Value>, base: Vec<Value>, names: &[&str]) {
    let mut merged = base;
    for mut entry in std::mem::take(own) {
        let place = merged.iter_mut().find(|known| is_same(known, &entry, names));
        match (place, &mut entry) {
            (Some(place), Value::Table(fields)) => {
                if let Value::Table(base) = std::mem::replace(place, Value::Boolean(false)) {
                    merge(fields, base);
                }
                *place = entry;
            }
            _ => merged.push(entry),
        }
    }
    *own = merged;
}

fn is_same(one: &Value, another: &Value, names: &[&str]) -> bool {
    names
        .iter()
        .all(|name| one.get(name).is_some() && one.get(name) == another.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_name_are_merged_and_others_are_added() {
        let base: Table = toml::from_str(
            "a = 1\nb = 1\n[[clusters]]\nname = 'shop'\ntier = 'Free'\n\
             pools = [{ name = 'system', count = 2 }, { name = 'apps', count = 3 }]\n[[quotas]]\nfamily = 'x'",
        )
        .unwrap();
        let mut own: Table = toml::from_str(
            "b = 2\nquotas = []\n[[clusters]]\nname = 'shop'\n\
             pools = [{ name = 'apps', max_surge = '2' }, { name = 'batch', count = 1 }]",
        )
        .unwrap();
        merge(&mut own, base);
        let expected: Table = toml::from_str(
            "a = 1\nb = 2\nquotas = []\n[[clusters]]\nname = 'shop'\ntier = 'Free'\n\
             pools = [{ name = 'system', count = 2 }, { name = 'apps', count = 3, max_surge = '2' }, \
             { name = 'batch', count = 1 }]",
        )
        .unwrap();
        assert_eq!(own, expected);
    }
}
