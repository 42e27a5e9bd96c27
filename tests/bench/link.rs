//! Runs a program over a link that counts and delays: `bench-link SERVER-PORT DELAY-MS PROGRAM [ARG ...]`
//!
//! `@PORT@` in an argument is the port of the link. Prints `turns bytes wall-ms`; what the program
//! prints is passed over, what it complains about is not.

#[path = "../hosts/proxy.rs"]
#[allow(dead_code, reason = "made for more than is asked here")]
mod proxy;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

#[allow(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [server, delay, program, args @ ..] = &args[..] else { return ExitCode::FAILURE };
    let (Ok(server), Ok(delay)) = (server.parse(), delay.parse()) else { return ExitCode::FAILURE };
    let link = proxy::Proxy::to(server, Duration::from_millis(delay));
    let args = args.iter().map(|arg| arg.replace("@PORT@", &link.port.to_string()));
    let start = Instant::now();
    let ended = Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let counts = link.counts();
    println!("{} {} {}", counts.turns, counts.bytes, start.elapsed().as_millis());
    if ended.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
