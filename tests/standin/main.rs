//! A stand-in for FreeSWITCH, which is in no package registry: it reads a real configuration folder
//! and answers the Event Socket and `fs_cli` with the behaviour recorded from 1.11. It is no PBX: no
//! call, no phone, no programs run from the configuration. Where a question is not one of those
//! recorded it says what FreeSWITCH says to a command it does not know.
//!
//!     freeswitch-standin serve CONF LOGS      listens as CONF's event_socket.conf.xml says
//!     freeswitch-standin fs_cli ARGS...       the program, for a two-line `fs_cli` on PATH
//!
//! Two commands are its own, because nobody can phone it: `standin register PROFILE USER@HOST URI`
//! and `standin call USER@HOST UUID`.

mod api;
mod directory;
mod fs_cli;
mod merge;
mod registrar;
mod socket;
mod tree;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", conf, logs] => socket::serve(Path::new(conf), Path::new(logs)),
        ["fs_cli", rest @ ..] => fs_cli::run(rest),
        _ => ExitCode::from(2),
    }
}

/// Bytes as text, one character a byte: what is no UTF-8 goes through unchanged.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes again.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}
