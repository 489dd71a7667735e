//! The Azure client over real HTTP against a scripted server: what it sends, repeats, follows and refuses.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod activity_log;
mod changes;
mod fake_azure;
mod lists;
mod operations;
mod requests;
