//! The built binary without any engine: usage, exit codes, the inventory, documents, generated files.

mod carry;
#[path = "../trees/files.rs"]
#[allow(dead_code, reason = "the trees need more of it")]
mod files;
mod generated;
mod history;
mod inventory;
mod kills;
mod listing;
mod lists;
mod program;
mod schema;
mod terminal;
mod usage;
