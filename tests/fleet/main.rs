//! Several PBXes in one run: with stand-ins for their engines, and the built program on files alone.

mod changes;
#[path = "../trees/files.rs"]
mod files;
mod inventory;
#[path = "../offline/program.rs"]
mod program;
mod program_runs;
#[path = "../offline/schema.rs"]
mod schema;
#[path = "../change/standin.rs"]
#[allow(dead_code, reason = "the tests of a single change need more of it")]
mod standin;
