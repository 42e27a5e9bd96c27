//! Lossless documents: the original bytes plus spans, changed by splices. Knows no telephony.

pub mod asterisk_conf;
pub mod splice;
pub mod xml;
