//! Hosts that are reached only through a shell do what the local one does.

mod acts;
mod bare;
mod confirm;
mod containers;
mod cut;
mod dress;
#[path = "../lab/engine.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod engine;
#[path = "../trees/files.rs"]
mod files;
mod fleet;
#[path = "../freeswitch/engine.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod freeswitch;
mod full;
#[path = "../lab/host.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod host;
mod lies;
mod locks;
#[path = "../lab/office.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod office;
#[path = "../lab/phone.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod phone;
#[path = "../offline/program.rs"]
mod program;
mod same;
#[path = "../offline/schema.rs"]
mod schema;
mod shells;
mod skew;
#[path = "../change/standin.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod standin;
mod sudoers;
mod turns;
mod wire;

mod proxy;
mod ssh;
mod ssh_cut;
mod ssh_far;
mod ssh_faults;
mod ssh_known;
mod ssh_login;
mod ssh_ways;
mod sshd;
