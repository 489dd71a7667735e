//! Random happenings and orders of events: the picture must hold together whatever comes.

use proptest::prelude::*;

use super::picture::NodePhase;
use super::samples::{budget, cluster};
use super::story::Story;
use crate::domain::ids::NodeName;
use crate::domain::node::{Node, Readiness};

/// Something that may happen between two looks.
#[derive(Clone, Debug)]
enum Happening {
    Say(&'static str, &'static str, i64),
    Register(&'static str, &'static str),
    Remove(&'static str),
    Cordon(&'static str, bool),
    Ready(&'static str),
    Quarantine(&'static str),
    Pods(&'static str, usize),
    Azure(Option<&'static str>),
    Kubernetes(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let name = || prop::sample::select(vec!["n1", "n2", "n3"]);
    let message = prop::sample::select(vec![
        ("Upgrade", "Upgrade started for agent pool web"),
        ("Surge", "Created a surge node n3 for agentpool web"),
        ("Surge", "Removing surge node: n3"),
        ("Cordon", "Cordoning node n1"),
        ("Drain", "Draining node: n1"),
        ("Drain", "Eviction blocked by Too Many Requests (usually a pdb): p0"),
        ("Drain", "Error draining node n2"),
        ("Upgrade", "Soak duration 5m0s after draining node: n1"),
        ("Upgrade", "Deleting node n2 from API server"),
        ("Upgrade", "Reimaging node n1"),
        ("Upgrade", "Failed to reimage node n1"),
        ("Upgrade", "Successfully upgraded node: n1"),
    ]);
    let states = prop::sample::select(vec![
        None,
        Some("Upgrading"),
        Some("Succeeded"),
        Some("Failed"),
        Some("Canceling"),
    ]);
    prop_oneof![
        (message, -4000i64..4000).prop_map(|((reason, text), seconds)| Happening::Say(reason, text, seconds)),
        (name(), prop::sample::select(vec!["1.33.5", "1.34.2"]))
            .prop_map(|(name, version)| Happening::Register(name, version)),
        name().prop_map(Happening::Remove),
        (name(), any::<bool>()).prop_map(|(name, is_cordoned)| Happening::Cordon(name, is_cordoned)),
        name().prop_map(Happening::Ready),
        name().prop_map(Happening::Quarantine),
        (name(), 0usize..4).prop_map(|(name, count)| Happening::Pods(name, count)),
        states.prop_map(Happening::Azure),
        any::<bool>().prop_map(Happening::Kubernetes),
    ]
}

impl Story {
    fn happen(&mut self, what: &Happening, seconds: i64) {
        match what {
            Happening::Say(reason, message, offset) => self.say(reason, message, seconds + offset),
            Happening::Register(name, version) => self.register(name, version, seconds),
            Happening::Remove(name) => self.remove(name),
            Happening::Cordon(name, is_cordoned) => self.change(name, |node| node.is_cordoned = *is_cordoned),
            Happening::Ready(name) => self.change(name, |node| node.readiness = Readiness::Ready),
            Happening::Quarantine(name) => self.change(name, |node| node.is_quarantined = !node.is_quarantined),
            Happening::Pods(name, count) => {
                self.pods(
                    name,
                    ["cart-0", "p0", "web-0", "web-1"].get(..*count).unwrap_or_default(),
                );
            }
            Happening::Azure(state) => self.azure = state.map(|state| cluster(state, "1.34.2", 2)),
            Happening::Kubernetes(is_there) => self.has_kubernetes = *is_there,
        }
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(&NodeName::new(name)) {
            change(node);
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_picture_holds_together(
        happenings in prop::collection::vec((happening(), 0i64..600), 0..60),
    ) {
        let mut story = Story::unseen();
        story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
        let mut seconds = 0;
        for (what, pause) in happenings {
            seconds += pause;
            story.happen(&what, seconds);
            let has_kubernetes = story.has_kubernetes;
            let objects: Vec<NodeName> = story.nodes.keys().cloned().collect();
            let picture = story.look(seconds);
            for (name, node) in &picture.nodes {
                prop_assert_eq!(name, &node.name);
                prop_assert!(node.since <= picture.as_of);
                prop_assert!(!matches!(node.phase, NodePhase::Draining) || node.drain.is_some());
            }
            if has_kubernetes {
                prop_assert!(objects.iter().all(|name| picture.nodes.contains_key(name)));
            }
            prop_assert!(picture.pools.iter().all(|pool| pool.done <= pool.total));
            prop_assert_eq!(picture.is_running, picture.running_since.is_some());
            prop_assert!(picture.eta.is_none_or(|eta| eta.low <= eta.high));
            // Without news the picture comes to rest: an end seen at one look is settled at the next.
            story.look(seconds);
            let rested = story.picture.clone();
            let again = story.look(seconds);
            prop_assert_eq!(&rested.nodes, &again.nodes);
        }
    }

    #[test]
    fn the_order_of_events_does_not_matter(order in Just((0usize..9).collect::<Vec<_>>()).prop_shuffle()) {
        let mut story = Story::unseen();
        story.azure("Upgrading", "1.34.2");
        story.say("Upgrade", "Upgrade started for agent pool web", 0);
        story.say("Surge", "Created a surge node n3 for agentpool web", 5);
        story.say("Cordon", "Cordoning node n1", 10);
        story.say("Drain", "Draining node: n1", 10);
        story.say("Upgrade", "Deleting node n1 from API server", 20);
        story.say("Upgrade", "Successfully upgraded node: n1", 60);
        story.say("Drain", "Draining node: n1", 60);
        story.say("Drain", "Draining node: n2", 61);
        story.say("Drain", "Error draining node n2", 90);
        story.register("n1", "1.34.2", 50);
        story.ready("n1");
        let all = story.events.clone();
        story.events.clear();
        for index in order {
            story.events.push(all[index].clone());
            story.look(100);
        }
        prop_assert_eq!(story.phases(101), "n1 upgraded, n2 failed, n3 surge");
    }
}
