//! The program face: `fs_cli -x`, with its configuration file and its exit codes (fs_cli.c; observed
//! on 1.11).

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

pub fn run(args: &[&str]) -> ExitCode {
    let mut settings = ["127.0.0.1", "8021", "ClueCon", ""].map(str::to_owned);
    let home = std::env::var_os("HOME").unwrap_or_default();
    let file = std::fs::read_to_string(std::path::Path::new(&home).join(".fs_cli_conf")).unwrap_or_default();
    for line in file.lines() {
        // What follows a `;` or a leading `#` is a comment.
        let line = line.split(';').next().unwrap_or_default();
        if let Some((key, value)) = line.split_once("=>").filter(|(key, _)| !key.starts_with('#'))
            && let Some(n) = ["host", "port", "password", "user"].iter().position(|one| *one == key.trim())
        {
            settings[n] = value.trim().to_owned();
        }
    }
    let (mut command, mut wait) = (String::new(), None);
    let mut rest = args.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().map(|v| (*v).to_owned()).unwrap_or_default();
        match *option {
            "-H" => settings[0] = value,
            "-P" => settings[1] = value,
            "-p" => settings[2] = value,
            "-u" => settings[3] = value,
            "-t" => wait = value.parse().ok(),
            "-x" => command = value.chars().take(1023).collect(),
            _ => return ExitCode::from(1),
        }
    }
    match ask(&settings, &command, wait) {
        Ok(Some(said)) => {
            let mut out = std::io::stdout();
            let _ = out.write_all(&said).and_then(|()| out.write_all(b"\n"));
            ExitCode::SUCCESS
        }
        Ok(None) => {
            let _ = writeln!(std::io::stdout(), "Request timed out.");
            ExitCode::from(254)
        }
        Err(_) => {
            let _ = writeln!(std::io::stderr(), "[ERROR] fs_cli.c:1699 main() Error Connecting []");
            ExitCode::from(255)
        }
    }
}

/// The answer; none where it took longer than it may.
fn ask([host, port, password, user]: &[String; 4], command: &str, wait: Option<u64>) -> Result<Option<Vec<u8>>> {
    let stream = TcpStream::connect((host.as_str(), port.parse().unwrap_or(8021)))?;
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream.try_clone()?);
    match user.as_str() {
        "" => write!(out, "auth {password}\n\n")?,
        user => write!(out, "userauth {user}:{password}\n\n")?,
    }
    let refused = || std::io::Error::other("refused");
    for wanted in ["auth/request", "+OK"] {
        if !headers(&mut input)?.iter().any(|line| line.contains(wanted)) {
            return Err(refused());
        }
    }
    stream.set_read_timeout(wait.map(Duration::from_millis))?;
    write!(out, "api {command}\n\n")?;
    let Ok(head) = headers(&mut input) else { return Ok(None) };
    let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let Some(length) = length else { return Ok(Some(b"Error:  permission denied!".to_vec())) };
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

fn headers(input: &mut impl BufRead) -> Result<Vec<String>> {
    let mut out = Vec::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Err(std::io::Error::other("closed"));
        }
        match line.trim_end() {
            "" => return Ok(out),
            text => out.push(text.to_owned()),
        }
    }
}
