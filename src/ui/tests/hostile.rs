//! Text from outside that wants to steer the terminal: drawn on every screen, and looked for in the bytes that are written.

use std::sync::Arc;

use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::AzureErrorDetail;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot, SourceState};
use crate::ui::fixtures::{self, Stage};
use crate::ui::front::Front;
use crate::ui::keymap::keys_of;
use crate::ui::message::Message;

/// What an attacker would put into a name; `HOSTILE` marks it in what is shown.
const ATTACKS: [&str; 12] = [
    "HOSTILE\x1b[3J\x1b[6n\x1b[8;1;1t",
    "HOSTILE\x1b]0;title\x07",
    "HOSTILE\x1b]52;c;cm0gLXJmIC8=\x1b\\",
    "HOSTILE\u{9b}2J\u{9d}0;x\u{9c}",
    "HOSTILE\u{202e}dorp\u{202c}",
    "HOSTILE\u{2066}a\u{2069}\u{200f}\u{61c}",
    "HOSTILE\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}",
    "HOSTILE\u{e0041}\u{e0042}\u{fe0f}\u{3164}",
    "HOSTILE\r\n\t\x08\x7f\0",
    "HOSTILE 日本語クラスタ 한국어 ｆｕｌｌ",
    "HOSTILEe\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} 👩🏽‍💻 🇩🇪",
    "HOSTILE العربية עברית",
];

fn attack(number: usize) -> String {
    if number.is_multiple_of(ATTACKS.len() + 1) {
        return format!("HOSTILE{}", "\x1b[5mlong".repeat(1_250));
    }
    ATTACKS[number % ATTACKS.len()].to_owned()
}

/// As if nothing had been made safe where it came in: the last line of defence has to do.
fn hostile(mut snapshot: ClusterSnapshot, number: usize) -> ClusterSnapshot {
    let text = attack(number);
    if let Some(cluster) = &mut snapshot.cluster.value {
        let cluster = Arc::make_mut(cluster);
        cluster.location.clone_from(&text);
        cluster.tags.insert(text.clone(), text.clone());
        cluster.error = Some(AzureErrorDetail {
            code: text.clone(),
            message: text.clone(),
            ..AzureErrorDetail::default()
        });
        for pool in &mut cluster.pools {
            pool.name = NodePoolName::new(text.clone());
            pool.vm_size.clone_from(&text);
        }
    }
    snapshot.region.state = SourceState::Failed { why: text.clone() };
    if let Some(live) = &mut snapshot.live {
        let live = Arc::make_mut(live);
        for node in live.nodes.values_mut() {
            node.name = NodeName::new(text.clone());
        }
    }
    snapshot
}

fn fleet() -> FleetSnapshot {
    let mut fleet = fixtures::story();
    fleet.list_findings = (0..3).map(attack).collect();
    fleet.clusters = fleet
        .clusters
        .iter()
        .enumerate()
        .map(|(number, cluster)| Arc::new(hostile((**cluster).clone(), number)))
        .collect();
    fleet
}

fn executions() -> Vec<Arc<ExecutionView>> {
    let all = fixtures::story_executions();
    all.into_iter()
        .enumerate()
        .map(|(number, mut execution)| {
            let view = Arc::make_mut(&mut execution);
            view.message = Some(attack(number));
            view.plan = Arc::new(crate::plan::step::Plan {
                cluster_name: attack(number + 1),
                ..(*view.plan).clone()
            });
            execution
        })
        .collect()
}

/// Everything in `bytes` that is neither text a person can see nor one of the sequences the cockpit itself writes.
fn foreign(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("only whole characters are written");
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\x1b' {
            match own_sequence(rest) {
                Some(length) => {
                    rest = &rest[length..];
                    continue;
                }
                None => found.push(rest.chars().take(12).collect()),
            }
        } else if !crate::domain::text::is_printable(first.encode_utf8(&mut [0; 4])) {
            found.push(rest.chars().take(12).collect());
        }
        rest = &rest[first.len_utf8()..];
    }
    found
}

/// The length of a control sequence that drawing needs: colours and looks (`m`), places (`H`), clearing all (`2J`), the
/// cursor (`?25h`, `?25l`) and whole frames (`?2026h`, `?2026l`).
fn own_sequence(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\x1b[")?;
    let end = body.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (parameters, letter) = (&body[..end], body.as_bytes()[end]);
    let is_numbers = parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
    let is_ours = match letter {
        b'm' | b'H' => is_numbers,
        b'J' => parameters == "2",
        b'h' | b'l' => ["?25", "?2026"].contains(&parameters),
        _ => false,
    };
    is_ours.then_some(2 + end + 1)
}

const JOURNEYS: [&str; 9] = [
    "jjjjjjjjjjd<esc>GdG<esc>?<esc>",
    "<enter>vjjjjd<esc>v<tab>jj<tab>jj<tab><esc>hlhl",
    "<enter><esc><tab>j<tab>jj<tab>jjd<esc><tab>j",
    "<enter>t jjd<esc><esc>xjd<esc><esc>cjj<esc>",
    "<enter>P<enter>j<esc><esc>A<esc>RHK<esc>",
    "jU<enter><esc>jU<esc>jjUe<esc>",
    "/HOSTILE<enter>jjj<enter><tab><tab>jj<esc><esc>",
    "12345789",
    "e<esc>y<esc>s s s o q<esc>",
];

#[test]
fn no_byte_that_steers_the_terminal_is_written() {
    for (columns, rows) in [(80, 24), (200, 60), (40, 12)] {
        for journey in JOURNEYS {
            let stage = Stage::with(columns, rows, fleet(), executions());
            let mut front = Front::new(stage.app, Vec::new());
            front.draw().unwrap();
            for key in keys_of(journey) {
                front.tell(Message::Key(key.event()));
                front.draw().unwrap();
                assert_eq!(front.fault(), None, "{journey} at {columns}x{rows}");
            }
            let bytes = front.written();
            assert_eq!(foreign(bytes), Vec::<String>::new(), "{journey} at {columns}x{rows}");
            assert!(!bytes.is_empty());
        }
    }
}

#[test]
fn the_texts_themselves_are_seen() {
    let text = Stage::with(200, 60, fleet(), executions()).keys("<enter>").text();
    assert!(text.contains("HOSTILE"), "{text}");
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for attack in &ATTACKS[..9] {
        assert!(!foreign(attack.as_bytes()).is_empty(), "{attack:?}");
    }
    assert!(foreign("\x1b[?2026h\x1b[1;1H\x1b[38;2;1;2;3mpay ‖ 日本\x1b[0m\x1b[?25l".as_bytes()).is_empty());
}
