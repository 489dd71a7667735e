//! How findings count and list: whole words, and long lists cut with the number that is left.

use std::fmt::Display;

/// Names a list shows before it is cut.
const SHOWN: usize = 5;

/// As `1 pod`, `12 pods`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {one}s")
    }
}

/// As `a, b, c, d, e and 37 more`; empty for nothing.
pub(super) fn listed(items: impl IntoIterator<Item = impl Display>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let shown = all[..all.len().min(SHOWN)].join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        left => format!("{shown} and {left} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_say_how_much_is_left() {
        assert_eq!(listed(Vec::<String>::new()), "");
        assert_eq!(listed(["a", "b"]), "a, b");
        assert_eq!(listed(1..=5), "1, 2, 3, 4, 5");
        assert_eq!(listed(1..=42), "1, 2, 3, 4, 5 and 37 more");
        assert_eq!(
            (counted(1, "pod"), counted(0, "pod")),
            ("1 pod".to_owned(), "0 pods".to_owned())
        );
    }
}
