//! The Event Socket (mod_event_socket.c): greeting, login, commands one after the other.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::Engine;

const GOODBYE: &str = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";

struct Settings {
    password: String,
    turns_away: bool,
}

/// Runs until it is killed. A configuration that cannot be read ends it at once, as it does the
/// daemon.
pub fn serve(conf: &Path, logs: &Path) -> ExitCode {
    let engine = match Engine::start(conf, logs) {
        Ok(engine) => engine,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "Cannot Initialize [{why}]");
            return ExitCode::from(255);
        }
    };
    let param = |name: &str| {
        let settings = engine.configuration("event_socket.conf")?.first("settings")?;
        let all = settings.all("param").filter(|one| one.get("name") == Some(name));
        all.last()?.get("value").map(str::to_owned)
    };
    let port = param("listen-port").and_then(|port| port.parse().ok()).unwrap_or(8021);
    // The only list it knows of is one that holds nobody.
    let turns_away = param("apply-inbound-acl").as_deref() == Some("nobody");
    let settings = Settings { password: param("password").unwrap_or_else(|| "ClueCon".to_owned()), turns_away };
    // It is no PBX: where the daemon would listen on every address, it stays on loopback.
    let ip = param("listen-ip").filter(|ip| !["::", "0.0.0.0", ""].contains(&ip.as_str()));
    let ip = ip.unwrap_or_else(|| "127.0.0.1".to_owned());
    let Ok(listener) = TcpListener::bind((ip.as_str(), port)) else { return ExitCode::from(1) };
    let shared = Arc::new((Mutex::new(engine), settings));
    for stream in listener.incoming().filter_map(Result::ok) {
        let shared = Arc::clone(&shared);
        // A client that goes away ends its thread.
        std::thread::spawn(move || talk(&shared.0, &shared.1, stream));
    }
    ExitCode::SUCCESS
}

fn talk(engine: &Mutex<Engine>, settings: &Settings, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    if settings.turns_away {
        frame(&mut out, "Content-Type: text/rude-rejection", "Access Denied, go away.\n")?;
        return frame(&mut out, "Content-Type: text/disconnect-notice", GOODBYE);
    }
    write!(out, "Content-Type: auth/request\n\n")?;
    let mut lines = BufReader::new(stream).split(b'\n');
    let mut allowed: Option<Option<Vec<String>>> = None;
    let (mut may_listen, mut listens) = (true, false);
    loop {
        // A command ends with an empty line; further lines of it are its headers.
        let mut block = Vec::new();
        loop {
            let Some(line) = lines.next().transpose()? else { return Ok(()) };
            let line = crate::text(&line).trim_end_matches('\r').to_owned();
            match (line.is_empty(), block.is_empty()) {
                (true, true) => continue,
                (true, false) => break,
                _ => block.push(line),
            }
        }
        let (name, rest) = block[0].split_once(' ').unwrap_or((&block[0], ""));
        let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        match (name, &allowed) {
            ("auth", None) if rest == settings.password => {
                allowed = Some(None);
                reply(&mut out, "+OK accepted")?;
            }
            ("userauth", None) => match rest.split_once(':').and_then(|(user, pass)| engine.login(user, pass)) {
                Some(rights) => {
                    let all = "all".to_owned();
                    let events = rights.events.as_ref().unwrap_or(&all);
                    let line = format!("Allowed-API: {}\n", rights.api.as_ref().unwrap_or(&all));
                    // 511 bytes of it, whatever is lost then (`api_reply`).
                    let api: String = line.chars().take(511).collect();
                    let log = rights.log;
                    reply(&mut out, &format!("+OK accepted\nAllowed-Events: {events}\n{api}Allowed-LOG: {log}"))?;
                    may_listen = log;
                    let split = |list: String| {
                        let delimiter = if list.contains(' ') { ' ' } else { ',' };
                        list.split(delimiter).map(str::to_owned).collect()
                    };
                    allowed = Some(rights.api.map(split));
                }
                None => return refuse(&mut out),
            },
            ("auth", None) => return refuse(&mut out),
            ("exit", _) => {
                reply(&mut out, "+OK bye")?;
                return frame(&mut out, "Content-Type: text/disconnect-notice", GOODBYE);
            }
            ("log", Some(_)) if may_listen => {
                listens = true;
                reply(&mut out, &format!("+OK log level {rest} [{rest}]"))?;
            }
            ("log", Some(Some(_))) => reply(&mut out, "-ERR not allowed")?,
            ("nolog", Some(_)) => {
                listens = false;
                reply(&mut out, "+OK no longer logging")?;
            }
            ("api", Some(may)) => {
                let command = rest.split_whitespace().next().unwrap_or_default();
                if may.as_ref().is_some_and(|list| !list.iter().any(|one| one == command)) {
                    reply(&mut out, "-ERR permission denied")?;
                    continue;
                }
                let said = engine.api(rest);
                let log = std::mem::take(&mut engine.log);
                drop(engine);
                frame(&mut out, "Content-Type: api/response", if said.is_empty() { "-ERR no reply\n" } else { &said })?;
                // Another thread brings the log, so it comes behind the answer.
                for line in log.iter().filter(|_| listens) {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    let body = format!("2026-11-21 01:28:53.699452 100.00% {line}\n");
                    frame(&mut out, "Content-Type: log/data\nLog-Level: 3", &body)?;
                }
            }
            _ => reply(&mut out, "-ERR command not found")?,
        }
    }
}

fn refuse(out: &mut TcpStream) -> Result<()> {
    reply(out, "-ERR invalid")?;
    frame(out, "Content-Type: text/disconnect-notice", GOODBYE)
}

fn reply(out: &mut TcpStream, text: &str) -> Result<()> {
    write!(out, "Content-Type: command/reply\nReply-Text: {text}\n\n")
}

fn frame(out: &mut TcpStream, headers: &str, body: &str) -> Result<()> {
    let body = crate::bytes(body);
    let mut all = format!("{headers}\nContent-Length: {}\n\n", body.len()).into_bytes();
    all.extend_from_slice(&body);
    out.write_all(&all)
}
