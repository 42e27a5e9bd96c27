//! The `sipctl` program.

use std::process::ExitCode;
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use sipctl::cli::Cli;
use sipctl::cx::{self, Cancel};

fn main() -> ExitCode {
    // A core file would hold passwords.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let cli = Cli::read();
    // Signals only set a flag, each time: a change is put back or finished, never torn.
    let cancel = Cancel::default();
    for signal in cx::ends().chain([SIGINT]) {
        let _ = signal_hook::flag::register(signal, cancel.flag());
    }
    // Who presses Ctrl-C again wants out although a host hangs. (A terminal that closes may send SIGHUP twice.)
    if let Ok(mut interrupts) = Signals::new([SIGINT]) {
        let cancel = cancel.clone();
        thread::spawn(move || interrupts.forever().for_each(|_| cancel.interrupted()));
    }
    ExitCode::from(sipctl::commands::run(cli, cancel))
}
