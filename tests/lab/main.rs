//! Tests against real engines: Asterisk 22 and 16, each test with a daemon of its own.
//!
//! `tests/lab/prepare` makes the engines once. Without them a test says `skipped: no lab` and
//! passes; with SIPCTL_REQUIRE_LAB=1 it fails.

mod after;
mod console;
mod effective;
mod engine;
mod host;
mod observed;
mod phone;
mod proof;
mod reload;
