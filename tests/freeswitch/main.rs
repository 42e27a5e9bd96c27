//! The console of FreeSWITCH: against the stand-in on every machine, and unchanged against a real
//! one where SIPCTL_LAB_FREESWITCH names an installation prefix.

mod after;
mod console;
#[path = "../properties/directory.rs"]
#[allow(dead_code, reason = "directories are read here, not changed")]
mod directory;
mod effective;
mod engine;
mod faults;
#[path = "../trees/files.rs"]
mod files;
mod program;
mod proof;
mod recorded;
#[path = "../offline/program.rs"]
#[allow(dead_code, reason = "these tests need a part of what the offline tests need")]
mod runner;
#[path = "../offline/schema.rs"]
mod schema;
