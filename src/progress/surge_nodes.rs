//! Tells surge nodes from nodes that stay: by the upgrader's event, else by one too many in the pool.
//! Nothing on the object marks a surge node: it is a new name with the next number.

use std::collections::BTreeMap;

use crate::domain::ids::{NodeName, NodePoolName};

/// A node, as far as the question goes.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) name: &'a NodeName,
    pub(super) pool: Option<&'a NodePoolName>,
    /// The upgrader said it made the node as a surge node.
    pub(super) is_told: bool,
    /// It was taken for one at the last look.
    pub(super) was_surge: bool,
    /// A new name in this run that nothing shows to be an old node rebuilt.
    pub(super) may_be: bool,
}

/// Configured nodes of each pool; `None` where Azure is not known.
pub(super) type Counts<'a> = BTreeMap<&'a NodePoolName, usize>;

/// Which of the nodes are surge nodes, in the order they came.
///
/// Without an event a new name counts as surge while the pool has more nodes than configured; of several
/// the highest numbers are meant. Without Azure's count every new name of a known cluster is one.
pub(super) fn find(nodes: &[Candidate<'_>], counts: Option<&Counts<'_>>, is_first_look: bool) -> Vec<bool> {
    let mut is_surge: Vec<bool> = nodes.iter().map(|node| node.is_told).collect();
    let mut pools: BTreeMap<Option<&NodePoolName>, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        pools.entry(node.pool).or_default().push(index);
    }
    for (pool, members) in pools {
        let told = members.iter().filter(|index| nodes[**index].is_told).count();
        let count = counts.and_then(|counts| counts.get(pool?).copied());
        let mut open: Vec<usize> = members
            .iter()
            .copied()
            .filter(|index| {
                let node = &nodes[*index];
                !node.is_told && (node.was_surge || node.may_be && (count.is_some() || !is_first_look))
            })
            .collect();
        let extra = count.map_or(open.len(), |count| members.len().saturating_sub(told + count));
        open.sort_unstable_by(|a, b| {
            let key = |index: &usize| (nodes[*index].was_surge, nodes[*index].name);
            key(b).cmp(&key(a))
        });
        for index in open.into_iter().take(extra) {
            is_surge[index] = true;
        }
    }
    is_surge
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with `!` were told, with `+` may be, with `*` were at the last look.
    fn find_in(names: &[&str], count: Option<usize>, is_first_look: bool) -> Vec<String> {
        let pool = NodePoolName::new("web");
        let node_names: Vec<NodeName> = names
            .iter()
            .map(|name| NodeName::new(name.trim_end_matches(['!', '+', '*'])))
            .collect();
        let nodes: Vec<Candidate<'_>> = names
            .iter()
            .zip(&node_names)
            .map(|(text, name)| Candidate {
                name,
                pool: Some(&pool),
                is_told: text.ends_with('!'),
                was_surge: text.ends_with('*'),
                may_be: text.ends_with('+'),
            })
            .collect();
        let counts = count.map(|count| BTreeMap::from([(&pool, count)]));
        find(&nodes, counts.as_ref(), is_first_look)
            .into_iter()
            .zip(node_names)
            .filter(|(is_surge, _)| *is_surge)
            .map(|(_, name)| name.to_string())
            .collect()
    }

    #[test]
    fn events_and_counts_find_surge_nodes() {
        assert_eq!(find_in(&["n1", "n2", "n3!"], Some(2), false), ["n3"]);
        assert_eq!(find_in(&["n1", "n2+", "n3+"], Some(2), true), ["n3"], "one too many");
        assert_eq!(
            find_in(&["n1", "n2+", "n3!"], Some(2), true),
            ["n3"],
            "the other was rebuilt"
        );
        assert!(find_in(&["n1", "n2+"], Some(2), true).is_empty(), "none too many");
        assert_eq!(
            find_in(&["n1", "n2*", "n3+"], Some(2), false),
            ["n2"],
            "once taken, it stays"
        );
    }

    #[test]
    fn without_a_count_new_names_are_surge_nodes() {
        assert_eq!(find_in(&["n1", "n2+"], None, false), ["n2"]);
        assert!(find_in(&["n1", "n2+"], None, true).is_empty(), "nothing is known yet");
    }
}
