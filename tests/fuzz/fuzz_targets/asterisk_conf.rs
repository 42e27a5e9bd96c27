//! `cargo fuzz run --features libfuzzer asterisk_conf seeds/asterisk_conf`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sipctl_fuzz::asterisk_conf(data));
