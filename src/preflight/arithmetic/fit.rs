//! Does what several pools need fit into what is free? Pools of one upgrade go one after another.

/// How needs and room compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// All at once would fit.
    All,
    /// Each alone fits, all together would not: the documented planning rule asks for the sum.
    OneAfterAnother { sum: u64 },
    /// The largest alone does not fit.
    TooSmall { largest: u64 },
}

/// Compares needs, each of one pool, with what is free.
pub(crate) fn fit(needs: impl IntoIterator<Item = u64>, free: u64) -> Fit {
    let (largest, sum) = needs.into_iter().fold((0, 0_u64), |(largest, sum), need| {
        (need.max(largest), sum.saturating_add(need))
    });
    if largest > free {
        Fit::TooSmall { largest }
    } else if sum > free {
        Fit::OneAfterAnother { sum }
    } else {
        Fit::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_blocks_and_the_sum_warns() {
        for (needs, free, expected) in [
            (&[][..], 0, Fit::All),
            (&[0, 0], 0, Fit::All),
            (&[5, 5], 10, Fit::All),
            (&[5, 6], 10, Fit::OneAfterAnother { sum: 11 }),
            (&[5, 11], 10, Fit::TooSmall { largest: 11 }),
            (&[1], 0, Fit::TooSmall { largest: 1 }),
            (&[u64::MAX, u64::MAX], u64::MAX, Fit::All),
        ] {
            assert_eq!(fit(needs.iter().copied(), free), expected, "{needs:?} in {free}");
        }
    }
}
