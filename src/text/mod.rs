//! Lossless documents: the original bytes plus spans, changed by splices. Knows no telephony.

pub mod splice;
