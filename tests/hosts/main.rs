//! Hosts other than this machine, each started by the test that needs it.

mod proxy;
mod ssh;
mod ssh_cut;
mod ssh_faults;
mod ssh_known;
mod ssh_login;
mod ssh_ways;
mod sshd;
