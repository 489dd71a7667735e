# Every line is a plain cargo call; just itself is optional.

# all that CI checks
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test

# a living fleet, no account
demo:
    cargo run --release -- demo

# one scenario, for instance: just play blocked-drain
play scenario:
    cargo run --release -- demo --scenario {{scenario}}

# write changed screens, to be reviewed like code
snapshots:
    INSTA_UPDATE=always cargo test --lib ui::

bench:
    cargo bench

# licences and advisories; needs cargo-deny
licences:
    cargo deny check
