//! Every shipped theme can be read, and the colour-blind ones can be told apart by every kind of colour vision.

use super::super::THEME_NAMES;
use super::*;

/// What a colour becomes for eyes without one kind of cones: Machado, Oliveira and Fernandes, "A Physiologically-based
/// Model for Simulation of Color Vision Deficiency" (2009), full severity, on linear light.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// Ten times what a trained eye just notices side by side (CIE 1976, about 2).
const APART: f64 = 20.0;

/// CIE 1976 L*a*b* under daylight (D65), of a colour as these eyes see it.
fn lab(rgb: [u8; 3], eyes: &[[f64; 3]; 3]) -> [f64; 3] {
    let light = rgb.map(linear);
    let seen = eyes.map(|row| (0..3).map(|at| row[at] * light[at]).sum::<f64>().clamp(0.0, 1.0));
    let mixed = |weights: [f64; 3]| (0..3).map(|at| weights[at] * seen[at]).sum::<f64>();
    let curve = |share: f64| {
        if share > 216.0 / 24_389.0 {
            share.cbrt()
        } else {
            (24_389.0 / 27.0 * share + 16.0) / 116.0
        }
    };
    let [x, y, z] = [
        mixed([0.412_456_4, 0.357_576_1, 0.180_437_5]) / 0.950_47,
        mixed([0.212_672_9, 0.715_152_2, 0.072_175_0]),
        mixed([0.019_333_9, 0.119_192_0, 0.950_304_1]) / 1.088_83,
    ]
    .map(curve);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn apart(one: [f64; 3], other: [f64; 3]) -> f64 {
    (0..3).map(|at| (one[at] - other[at]).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn the_ratio_is_the_one_of_the_guidelines() {
    let check = |one, other, expected: f64| assert!((ratio(one, other) - expected).abs() < 0.01);
    check([0, 0, 0], [255, 255, 255], 21.0);
    check([255, 255, 255], [255, 255, 255], 1.0);
    check([0x76, 0x76, 0x76], [255, 255, 255], 4.54);
}

#[test]
fn every_role_of_every_theme_can_be_read() {
    for name in THEME_NAMES {
        let palette = Palette::named(name).unwrap();
        for colour in [Colour::Full, Colour::Indexed] {
            assert_eq!(palette.faint(colour), [], "{name} with {colour:?}");
        }
    }
    let judged = THEME_NAMES.into_iter().filter(|name| {
        Palette::named(name)
            .unwrap()
            .contrast(Role::Danger, Colour::Full)
            .is_some()
    });
    assert_eq!(
        judged.collect::<Vec<_>>(),
        ["dark", "light", "colour-blind", "colour-blind-light"]
    );
}

#[test]
fn states_are_apart_for_every_kind_of_colour_vision() {
    for name in ["colour-blind", "colour-blind-light"] {
        let palette = Palette::named(name).unwrap();
        for (eyes, seen) in &EYES {
            let states = [Role::Text, Role::Good, Role::Running, Role::Attention, Role::Danger];
            let shown = states.map(|role| (role, lab(rgb(palette.face(role).fg, Colour::Full).unwrap(), seen)));
            for (at, (role, one)) in shown.iter().enumerate() {
                for (other_role, other) in &shown[at + 1..] {
                    let distance = apart(*one, *other);
                    assert!(
                        distance >= APART,
                        "{name}, {eyes}: {role:?} and {other_role:?} are {distance:.1} apart"
                    );
                }
            }
        }
    }
}
