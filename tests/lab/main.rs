//! Tests against real engines: Asterisk 22 and 16, each test with a daemon of its own.
//!
//! `tests/lab/prepare` makes the engines once. Without them a test says `skipped: no lab` and
//! passes; with SIPCTL_REQUIRE_LAB=1 it fails.

mod after;
mod cli;
mod cli_add;
mod cli_faults;
mod cli_fleet;
mod cli_history;
mod cli_input;
mod cli_interrupted;
mod cli_lists;
mod cli_phones;
mod cli_secrets;
mod console;
mod effective;
mod engine;
#[path = "../trees/files.rs"]
mod files;
#[path = "../freeswitch/engine.rs"]
#[allow(dead_code, reason = "its own tests need more of it")]
mod freeswitch;
mod host;
mod observed;
mod office;
mod phone;
#[path = "../offline/program.rs"]
mod program;
mod proof;
mod reload;
#[path = "../offline/schema.rs"]
mod schema;
