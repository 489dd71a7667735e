//! The Azure client over real HTTP against a scripted server: what it sends, repeats, follows and refuses.

mod activity_log;
mod changes;
mod fake_azure;
mod lists;
mod operations;
mod requests;
