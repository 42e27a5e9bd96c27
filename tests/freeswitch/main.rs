//! The console of FreeSWITCH: against the stand-in on every machine, and unchanged against a real
//! one where SIPCTL_LAB_FREESWITCH names an installation prefix.

mod after;
mod console;
mod engine;
mod program;
mod proof;
mod recorded;
