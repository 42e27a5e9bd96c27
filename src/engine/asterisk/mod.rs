//! Asterisk: pjsip.conf and pjsip_wizard.conf, the control socket and `asterisk -rx`.

pub mod config;
mod draft;
mod dress;
pub mod estate;
mod fields;
mod layout;
mod mask;
mod mentions;
pub mod objects;
pub mod options;
mod parts;
mod plan;
mod proofs;
mod snapshot;
mod stores;
mod suggest;
