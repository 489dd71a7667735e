//! Reads the upgrader's event texts, by reason and stable parts of the message.
//! Never judges whether an event belongs to the upgrade that runs now: that needs times (`event_marks.rs`).

use std::time::Duration;

use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::ids::{NodeName, NodePoolName};

/// What an upgrader event is about, in the order a node passes it; failures follow what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    PoolStarted,
    SurgeCreated,
    Cordoning,
    CordonFailed,
    Draining,
    EvictionBlocked,
    DrainFailed,
    Soaking,
    Deleting,
    DeleteFailed,
    Reimaging,
    ReimageFailed,
    Reimaged,
    Upgraded,
    SurgeLeaving,
}

impl Stage {
    /// True where AKS says that it could not do it.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::CordonFailed | Self::DrainFailed | Self::DeleteFailed | Self::ReimageFailed
        )
    }
}

/// One event of the upgrader, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgraderEvent {
    pub stage: Stage,
    /// `None` for events about a pool.
    pub node: Option<NodeName>,
    pub pool: Option<NodePoolName>,
    /// The pod whose eviction is refused.
    pub pod: Option<String>,
    /// How long AKS will wait after the drain.
    pub soak: Option<Duration>,
}

/// Reads one event; `None` where it is not the upgrader's, or says nothing known.
///
/// Brackets, colons and case changed over the years, so only a few words are looked for
/// (AKS docs "Upgrade an AKS cluster", events, 2021 to 2026).
pub fn read(event: &ClusterEvent) -> Option<UpgraderEvent> {
    if !event.source.is_empty() && !event.source.eq_ignore_ascii_case("upgrader") {
        return None;
    }
    let is_warning = event.kind == EventKind::Warning;
    // ASCII lower case keeps the byte positions of the original text.
    let lower = event.message.to_ascii_lowercase();
    let (stage, before_name) = match event.reason.to_ascii_lowercase().as_str() {
        "surge" => stage_in(&lower, SURGE)?,
        "cordon" if is_warning && lower.contains("fail") => (Stage::CordonFailed, "node"),
        "cordon" => stage_in(&lower, CORDON)?,
        "drain" => stage_in(&lower, DRAIN)?,
        "upgrade" => stage_in(&lower, UPGRADE)?,
        _ => return None,
    };
    let word = |phrase: &str| word_after(&event.message, &lower, phrase);
    let on_node = || (event.object_kind == "Node").then_some(event.object_name.as_str());
    let node = match stage {
        Stage::PoolStarted => None,
        Stage::EvictionBlocked => on_node(),
        stage if stage.is_failure() => on_node().or_else(|| word(before_name)),
        _ => word(before_name).or_else(on_node),
    };
    Some(UpgraderEvent {
        stage,
        node: node.map(NodeName::new),
        pool: match stage {
            Stage::PoolStarted => word(before_name).map(NodePoolName::new),
            Stage::SurgeCreated => word("for agentpool").map(NodePoolName::new),
            _ => None,
        },
        pod: (stage == Stage::EvictionBlocked)
            .then(|| {
                let is_recent = lower.contains(USUALLY);
                word(if is_recent { USUALLY } else { "too many requests" })
            })
            .flatten()
            .map(str::to_owned),
        soak: (stage == Stage::Soaking)
            .then(|| word("soak duration").and_then(go_duration))
            .flatten(),
    })
}

/// What follows the status in an eviction event since 2022.
const USUALLY: &str = "(usually a pdb)";

/// A stable part of a message, what it means, and the words before the node's or pool's name.
type Phrase = (&'static str, Stage, &'static str);

const SURGE: &[Phrase] = &[
    ("created a surge node", Stage::SurgeCreated, "created a surge node"),
    ("removing surge node", Stage::SurgeLeaving, "removing surge node"),
];
const CORDON: &[Phrase] = &[("cordoning node", Stage::Cordoning, "cordoning node")];
const DRAIN: &[Phrase] = &[
    ("eviction blocked by too many requests", Stage::EvictionBlocked, ""),
    ("error draining node", Stage::DrainFailed, "error draining node"),
    ("draining node", Stage::Draining, "draining node"),
];
const UPGRADE: &[Phrase] = &[
    (
        "upgrade started for agent pool",
        Stage::PoolStarted,
        "upgrade started for agent pool",
    ),
    ("soak duration", Stage::Soaking, "after draining node"),
    ("unable to delete node", Stage::DeleteFailed, "unable to delete node"),
    ("failed to reimage node", Stage::ReimageFailed, "failed to reimage node"),
    (
        "successfully reimaged node",
        Stage::Reimaged,
        "successfully reimaged node",
    ),
    (
        "successfully upgraded node",
        Stage::Upgraded,
        "successfully upgraded node",
    ),
    ("deleting node", Stage::Deleting, "deleting node"),
    ("reimaging node", Stage::Reimaging, "reimaging node"),
];

fn stage_in(lower: &str, phrases: &[Phrase]) -> Option<(Stage, &'static str)> {
    phrases
        .iter()
        .find(|(part, ..)| lower.contains(part))
        .map(|(_, stage, before)| (*stage, *before))
}

/// The word that follows `phrase`, without the brackets and colons around it.
fn word_after<'a>(message: &'a str, lower: &str, phrase: &str) -> Option<&'a str> {
    let end = lower.find(phrase)? + phrase.len();
    let rest = message
        .get(end..)?
        .trim_start_matches(|sign: char| sign.is_whitespace() || ":[\"'".contains(sign));
    let word = rest
        .split(|sign: char| sign.is_whitespace() || ",;]\"'".contains(sign))
        .next()?
        .trim_end_matches(['.', ':']);
    (!word.is_empty()).then_some(word)
}

/// Reads a duration as Go writes it, for instance `5m0s` or `1h2m3.5s`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|sign: char| sign.is_ascii_alphabetic())?;
        let (number, tail) = rest.split_at(unit_at);
        let unit_len = tail
            .find(|sign: char| !sign.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_len);
        let seconds_each = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds_each).ok()?;
        total = total.checked_add(part)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(reason: &str, kind: EventKind, message: &str) -> ClusterEvent {
        ClusterEvent {
            uid: "u".into(),
            kind,
            reason: reason.into(),
            message: message.into(),
            source: "upgrader".into(),
            object_kind: "Node".into(),
            object_name: "aks-web-1-vmss000000".into(),
            first_seen: None,
            last_seen: None,
            count: 1,
        }
    }

    #[test]
    fn stages_are_read_whatever_the_brackets() {
        use EventKind::{Normal, Warning};
        let node = Some("vmss7");
        let object = Some("aks-web-1-vmss000000");
        let cases = [
            (
                "Upgrade",
                Normal,
                "Upgrade started for agent pool web",
                Stage::PoolStarted,
                None,
            ),
            (
                "Surge",
                Normal,
                "Created a surge node vmss7 for agentpool web",
                Stage::SurgeCreated,
                node,
            ),
            (
                "Surge",
                Normal,
                "Created a surge node [vmss7 web] for agentpool web",
                Stage::SurgeCreated,
                node,
            ),
            ("Surge", Normal, "Removing surge node: vmss7", Stage::SurgeLeaving, node),
            ("Cordon", Normal, "Cordoning node vmss7", Stage::Cordoning, node),
            (
                "Cordon",
                Warning,
                "Cordoning failed: timeout",
                Stage::CordonFailed,
                object,
            ),
            ("Drain", Normal, "Draining node: [vmss7]", Stage::Draining, node),
            ("drain", Normal, "DRAINING NODE vmss7", Stage::Draining, node),
            (
                "Drain",
                Warning,
                "Error draining node: [vmss7]: timed out",
                Stage::DrainFailed,
                object,
            ),
            (
                "Upgrade",
                Normal,
                "Deleting node vmss7 from API server",
                Stage::Deleting,
                node,
            ),
            (
                "Upgrade",
                Warning,
                "Unable to delete node vmss7",
                Stage::DeleteFailed,
                object,
            ),
            ("Upgrade", Normal, "Reimaging node vmss7", Stage::Reimaging, node),
            (
                "Upgrade",
                Warning,
                "Failed to reimage node vmss7",
                Stage::ReimageFailed,
                object,
            ),
            (
                "Upgrade",
                Normal,
                "Successfully reimaged node: vmss7",
                Stage::Reimaged,
                node,
            ),
            (
                "Upgrade",
                Normal,
                "Successfully upgraded node: vmss7.",
                Stage::Upgraded,
                node,
            ),
        ];
        for (reason, kind, message, stage, node) in cases {
            let read = read(&event(reason, kind, message)).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(read.stage, stage, "{message}");
            assert_eq!(read.node.as_ref().map(NodeName::as_str), node, "{message}");
        }
    }

    #[test]
    fn pods_pools_and_soak_times_are_found() {
        for (message, pod) in [
            (
                "Eviction blocked by Too Many Requests (usually a pdb): cart-0",
                Some("cart-0"),
            ),
            (
                "Eviction blocked by Too many Requests (usually a pdb): [cart-0]",
                Some("cart-0"),
            ),
            (
                "Eviction blocked by Too many Requests: shop/cart-0",
                Some("shop/cart-0"),
            ),
            ("Eviction blocked by Too many Requests (usually a pdb)", None),
        ] {
            let read = read(&event("Drain", EventKind::Warning, message)).unwrap();
            assert_eq!(
                (read.stage, read.pod.as_deref()),
                (Stage::EvictionBlocked, pod),
                "{message}"
            );
            assert_eq!(read.node, Some("aks-web-1-vmss000000".into()));
        }
        let read_normal = |reason: &str, message: &str| read(&event(reason, EventKind::Normal, message)).unwrap();
        assert_eq!(
            read_normal("Upgrade", "Upgrade started for agent pool web").pool,
            Some("web".into())
        );
        assert_eq!(
            read_normal("Surge", "Created a surge node n1 for agentpool web").pool,
            Some("web".into())
        );
        let soak = read_normal("Upgrade", "Soak duration 5m0s after draining node: n1");
        assert_eq!(
            (soak.soak, soak.node),
            (Some(Duration::from_mins(5)), Some("n1".into()))
        );
    }

    #[test]
    fn other_texts_and_writers_are_left_alone() {
        assert_eq!(
            read(&event("NodeReady", EventKind::Normal, "Node status is now: NodeReady")),
            None
        );
        assert_eq!(read(&event("Upgrade", EventKind::Normal, "Something new")), None);
        assert_eq!(read(&event("Drain", EventKind::Normal, "")), None);
        let mut foreign = event("Drain", EventKind::Normal, "Draining node: n1");
        foreign.source = "kubelet".into();
        assert_eq!(read(&foreign), None);
        foreign.source = String::new();
        assert!(read(&foreign).is_some());
    }

    #[test]
    fn go_durations() {
        assert_eq!(go_duration("1h2m3.5s"), Some(Duration::from_millis(3_723_500)));
        for text in ["", "5", "m", "5 minutes", "-1s", "1e400h", "5y"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }
}
