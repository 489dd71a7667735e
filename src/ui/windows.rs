//! Maintenance windows in words: when the next one opens, and whether AKS would act by itself then. Pure.

use jiff::Timestamp;

use super::wording;
use crate::domain::auto_upgrade::{self, NODE_IMAGES_WINDOW, NextAct, VERSIONS_WINDOW};
use crate::domain::maintenance::Span;
use crate::domain::survey::WindowFact;
use crate::inventory::snapshot::ClusterSnapshot;

/// A window that opens next, or is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextWindow<'a> {
    pub(crate) window: &'a WindowFact,
    pub(crate) span: Span,
    pub(crate) act: NextAct,
}

/// What AKS would do in a window of that name.
pub(crate) fn act_in(name: &str, snapshot: &ClusterSnapshot) -> NextAct {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return NextAct::Unknown;
    };
    let channels = &cluster.auto_upgrade;
    match name {
        VERSIONS_WINDOW => auto_upgrade::of_versions(
            channels.kubernetes_channel.as_deref(),
            cluster.version,
            snapshot.region.value.as_deref(),
        ),
        NODE_IMAGES_WINDOW => auto_upgrade::of_node_images(channels.node_os_channel.as_deref()),
        // The default window bounds AKS's own weekly releases, which are none of the channels' business.
        _ => NextAct::Unknown,
    }
}

/// The window that opens next among those in which AKS would act, else among all; one that is open now comes first.
pub(crate) fn next(snapshot: &ClusterSnapshot, now: Timestamp) -> Option<NextWindow<'_>> {
    let windows = snapshot.windows.value.as_deref()?;
    let all = windows.iter().filter_map(|window| {
        let span = window.openings.iter().copied().find(|(_, end)| *end > now)?;
        let act = act_in(&window.name, snapshot);
        Some(NextWindow { window, span, act })
    });
    let rank = |act: NextAct| match act {
        NextAct::Version(_) | NextAct::NodeImages => 0,
        NextAct::Unknown => 1,
        NextAct::Off | NextAct::Nothing => 2,
    };
    all.min_by_key(|next| (rank(next.act), next.span))
}

/// When a span opens, or how long it stays open: `in 14 h`, `open for 2 h`.
pub(crate) fn when(span: Span, now: Timestamp) -> String {
    if span.0 <= now {
        format!("open for {}", wording::since(now, span.1))
    } else {
        format!("in {}", wording::since(now, span.0))
    }
}

/// What AKS would do by itself, in a few words.
pub(crate) fn act_words(act: NextAct) -> String {
    match act {
        NextAct::Off => "auto-upgrade is off".to_owned(),
        NextAct::Nothing => "nothing to do".to_owned(),
        NextAct::Version(version) => format!("auto-upgrade to {version}"),
        NextAct::NodeImages => "new node images".to_owned(),
        NextAct::Unknown => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::ui::fixtures;

    fn window(name: &str, in_hours: i64) -> WindowFact {
        let begin = fixtures::now() + SignedDuration::from_hours(in_hours);
        WindowFact {
            name: name.to_owned(),
            schedule: "every day".to_owned(),
            openings: vec![(begin, begin + SignedDuration::from_hours(4))],
            not_allowed: Vec::new(),
            duration_hours: Some(4),
        }
    }

    #[test]
    fn the_next_window_is_the_one_in_which_something_happens() {
        let mut snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        let now = fixtures::now();
        assert_eq!(next(&snapshot, now), None, "nobody read them");
        snapshot.windows.value = Some(Arc::new(vec![
            window(VERSIONS_WINDOW, 2),
            window(NODE_IMAGES_WINDOW, 30),
            window(NODE_IMAGES_WINDOW, -9),
        ]));
        let found = next(&snapshot, now).unwrap();
        assert_eq!(
            found.act,
            NextAct::NodeImages,
            "1.33.5 is the newest patch of its minor"
        );
        assert_eq!(when(found.span, now), "in 1 d 6 h");
        assert_eq!(when((now, now + SignedDuration::from_hours(2)), now), "open for 2 h");
    }
}
