//! Two engines, one model: the same commands on Asterisk and on FreeSWITCH give the same codes, the
//! same changes and the same extensions, but for what belongs to one engine alone.
//!
//! Offline on every machine; with running engines where there is an Asterisk of the lab, and
//! FreeSWITCH's stand-in or a real one (SIPCTL_LAB_FREESWITCH).

#[path = "../lab/engine.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the lab needs")]
mod engine;
mod fields;
#[path = "../trees/files.rs"]
mod files;
#[path = "../freeswitch/engine.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the console's tests need")]
mod freeswitch;
#[path = "../lab/host.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the lab needs")]
mod host;
mod house;
mod lists;
mod live;
#[path = "../lab/office.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the lab needs")]
mod office;
#[path = "../lab/phone.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the lab needs")]
mod phone;
#[path = "../offline/program.rs"]
#[allow(dead_code, reason = "this suite needs a part of what the offline tests need")]
mod program;
#[path = "../offline/schema.rs"]
mod schema;
mod verbs;
