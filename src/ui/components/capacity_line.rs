//! One line about the cluster's capacity while an upgrade was watched: ready nodes over time, and the least of it.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::super::capacity::Capacity;
use super::super::theme::{DOT, Role, SPARKS, Theme};
use super::super::wording::{self, count};

/// Marks that are drawn at most.
const MOST: usize = 40;

/// `ready  ▇▇▇▅▅▇  14 of 16 nodes · least 13, 9 min ago · watched for 20 min`; `None` before a second look.
pub(crate) fn line(capacity: &Capacity, width: u16, theme: Theme, now: Timestamp) -> Option<Line<'static>> {
    let (began, newest, least) = (capacity.first()?, capacity.last()?, capacity.least()?);
    if began == newest {
        return None;
    }
    let lows = capacity.lows(MOST.min(usize::from(width / 4)));
    let most = lows.iter().copied().max().unwrap_or(0).max(newest.of);
    let mut spans = vec![theme.span(Role::Muted, "ready  ")];
    spans.extend(lows.iter().map(|ready| {
        let role = if *ready == least.ready && least.ready < newest.of {
            Role::Attention
        } else {
            Role::Good
        };
        theme.span(role, spark(*ready, least.ready, most))
    }));
    spans.push(Span::raw(format!(
        "  {} of {}",
        wording::grouped(newest.ready),
        count(newest.of, "node")
    )));
    spans.push(theme.span(
        Role::Muted,
        format!(
            "{DOT}least {}, {}{DOT}watched for {}",
            wording::grouped(least.ready),
            wording::ago(least.at, now),
            wording::since(began.at, now)
        ),
    ));
    Some(Line::from(spans))
}

/// The level among seven: half of the line is left for what is below the least, so that a small dip looks small.
fn spark(ready: usize, least: usize, most: usize) -> &'static str {
    let top = SPARKS.len() - 1;
    let floor = least.saturating_sub((most - least.min(most)).max(1));
    let span = most.saturating_sub(floor).max(1);
    let level = ready.saturating_sub(floor) * top / span;
    SPARKS.get(level).copied().unwrap_or(SPARKS[top])
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::super::theme::Look;
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn the_least_is_told_and_seen() {
        let mut capacity = Capacity::default();
        let theme = Theme::new(Look::default());
        for (minute, not_ready) in [(0, 0), (4, 2), (8, 0)] {
            let mut live = fixtures::picture(fixtures::now() + SignedDuration::from_mins(minute), 12);
            live.nodes.values_mut().for_each(|node| node.is_ready = Some(true));
            live.nodes
                .values_mut()
                .take(not_ready)
                .for_each(|node| node.is_ready = Some(false));
            if minute == 0 {
                capacity.see(&live);
                assert_eq!(line(&capacity, 80, theme, fixtures::now()), None);
            }
            capacity.see(&live);
        }
        let now = fixtures::now() + SignedDuration::from_mins(10);
        assert_eq!(
            line(&capacity, 80, theme, now).unwrap().to_string(),
            "ready  ▇▄▇  16 of 16 nodes · least 14, 6 min ago · watched for 10 min"
        );
    }
}
