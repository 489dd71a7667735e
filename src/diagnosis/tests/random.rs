//! Whatever text comes: no panic, and no confirmed cause from a text alone.

use proptest::prelude::*;

use super::world::{World, at, error};
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::Confidence;
use crate::diagnosis::symptoms::ErrorSymptom;
use crate::domain::subject::Subject;

/// Arbitrary text, or pieces of known messages in any order.
fn text() -> impl Strategy<Value = String> {
    let samples: Vec<String> = Catalogue::shipped()
        .entries()
        .iter()
        .filter_map(|entry| entry.sample_message.clone())
        .collect();
    let piece = (prop::sample::select(samples), 0..200_usize, 0..400_usize)
        .prop_map(|(sample, from, len)| sample.chars().skip(from).take(len).collect::<String>());
    prop_oneof![
        ".{0,300}",
        prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
    ]
}

fn symptom() -> impl Strategy<Value = ErrorSymptom> {
    (
        "[A-Za-z]{0,20}",
        text(),
        prop::collection::vec(text(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(code, message, details, is_refusal)| {
            let mut outer = error(&code, &message);
            outer.details = details.iter().map(|detail| error("Inner", detail)).collect();
            ErrorSymptom {
                subject: Subject::Cluster,
                error: outer,
                at: Some(at(-1)),
                is_refusal,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn texts_alone_never_confirm(errors in prop::collection::vec(symptom(), 0..4)) {
        let mut world = World::blind();
        world.errors = errors;
        let diagnosis = world.diagnose();
        for (place, cause) in (1..).zip(&diagnosis.causes) {
            prop_assert!(cause.confidence < Confidence::Confirmed);
            prop_assert!(!cause.evidence.is_empty());
            prop_assert_eq!(cause.rank, place);
        }
    }

    #[test]
    fn texts_never_break_a_surveyed_cluster(errors in prop::collection::vec(symptom(), 0..3), words in text()) {
        let mut world = World::upgrading();
        world.errors = errors;
        world.say(crate::domain::event::EventKind::Warning, "Drain", ("Node", super::world::WEB1), &words);
        let diagnosis = world.diagnose();
        prop_assert!(diagnosis.causes.iter().all(|cause| !cause.headline.is_empty()));
    }
}
