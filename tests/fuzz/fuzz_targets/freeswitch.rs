//! `cargo fuzz run --features libfuzzer freeswitch seeds/freeswitch`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sipctl_fuzz::freeswitch(data));
