//! Asterisk: pjsip.conf and pjsip_wizard.conf, the control socket and `asterisk -rx`.

pub mod options;
