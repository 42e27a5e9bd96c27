//! A phone that registers once: the quickstart's proof that a new extension works.
//!
//! `register 127.0.0.1:5060 1002` reads the password from standard input and exits 0 on 200 OK.

use std::process::ExitCode;

#[allow(dead_code, reason = "the phone of the lab tests can do more than register")]
#[path = "../tests/lab/phone.rs"]
mod phone;

#[allow(clippy::print_stdout, reason = "an example speaks for itself")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, number] = arguments.as_slice() else {
        println!("usage: register 127.0.0.1:PORT NUMBER <password");
        return ExitCode::from(2);
    };
    let port = server.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(5060);
    let mut password = String::new();
    let _ = std::io::stdin().read_line(&mut password);
    let code = phone::Phone::new(port, number, password.trim_end_matches('\n')).register();
    println!("REGISTER {number} at {server}: {code}");
    if code == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
