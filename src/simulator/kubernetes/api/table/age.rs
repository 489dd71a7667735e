//! Ages in the short form `kubectl` prints.

use jiff::Timestamp;
use serde_json::Value;

use crate::simulator::kubernetes::objects::fields;

/// The age of a time in an object: `45s`, `3m20s`, `2d4h`; `<unknown>` where there is none.
pub(super) fn since(time: &Value, now: Timestamp) -> String {
    match fields::time(time) {
        Some(at) => short(now.duration_since(at).as_secs()),
        None => "<unknown>".to_owned(),
    }
}

/// Two units while they say something, one when the first is large enough.
fn short(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let years = days / 365;
    let pair = |large: i64, unit: char, small: i64, small_unit: char| {
        if small == 0 {
            format!("{large}{unit}")
        } else {
            format!("{large}{unit}{small}{small_unit}")
        }
    };
    match seconds {
        ..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, 'd', hours % 24, 'h'),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => pair(years, 'y', days % 365, 'd'),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, expected) in [
            (-5, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (3_599, "59m"),
            (7_200, "120m"),
            (11_000, "3h3m"),
            (90_000, "25h"),
            (180_000, "2d2h"),
            (8_640_000, "100d"),
            (86_400 * 800, "2y70d"),
            (86_400 * 365 * 9, "9y"),
        ] {
            assert_eq!(short(seconds), expected, "{seconds}");
        }
        assert_eq!(since(&Value::Null, Timestamp::UNIX_EPOCH), "<unknown>");
    }
}
