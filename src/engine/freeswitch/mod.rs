//! FreeSWITCH: the static XML directory, and the engine that reads it.

pub mod console;
