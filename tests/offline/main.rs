//! The built binary without any engine: usage, exit codes, the inventory, documents, generated files.

mod carry;
mod generated;
mod inventory;
mod listing;
mod lists;
mod program;
mod schema;
mod usage;
