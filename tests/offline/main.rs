//! The built binary without any engine: usage, exit codes, the inventory, documents, generated files.

mod generated;
mod inventory;
mod listing;
mod program;
mod schema;
mod usage;
