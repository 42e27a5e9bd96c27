//! The console of FreeSWITCH: against the stand-in on every machine, and unchanged against a real
//! one where SIPCTL_LAB_FREESWITCH names an installation prefix.

mod after;
mod console;
#[path = "../properties/directory.rs"]
#[allow(dead_code, reason = "directories are read here, not changed")]
mod directory;
mod effective;
mod engine;
#[path = "../trees/files.rs"]
#[allow(dead_code, reason = "folders are read here, not copied")]
mod files;
mod program;
mod proof;
mod recorded;
