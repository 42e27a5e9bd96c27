//! A TCP proxy between an ssh client and its server that counts packets and turns, delays them,
//! and cuts the link where it is told to.
//!
//! With `Ciphers aes128-gcm@openssh.com` the length of every packet is in the clear, so that the
//! boundaries are known; without it only bytes and turns are.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What makes the boundaries of packets known, for the server's configuration.
pub const READABLE: &str = "Ciphers aes128-gcm@openssh.com";

/// Where the link is cut, counted over both directions and all connections since the last
/// [`Proxy::cut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Never,
    /// After so many packets.
    Packets(usize),
    /// After so many bytes.
    Bytes(usize),
}

/// What passed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub packets: usize,
    pub bytes: usize,
    /// How often the client spoke after the server did (or first): the round trips.
    pub turns: usize,
}

struct State {
    counts: Counts,
    cut: Cut,
    /// A link that is cut falls silent, as a pulled plug does; else it is closed.
    silent: bool,
    dead: bool,
    /// Whether the client spoke last.
    client: bool,
    open: Vec<TcpStream>,
}

/// The proxy; it works as long as the test runs.
pub struct Proxy {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// In front of a port, with a delay of each direction.
    pub fn to(server: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            counts: Counts::default(),
            cut: Cut::Never,
            silent: false,
            dead: false,
            client: false,
            open: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut state = shared.lock().unwrap();
                if state.dead {
                    if state.silent {
                        state.open.push(client);
                    }
                    continue;
                }
                drop(state);
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                    shared.lock().unwrap().open.push(stream.try_clone().unwrap());
                }
                let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                pass(client, server, true, delay, &shared);
                pass(back, forth, false, delay, &shared);
            }
        });
        Self { port, state }
    }

    /// Begins to count anew, and cuts there.
    pub fn cut(&self, cut: Cut, silent: bool) {
        let mut state = self.state.lock().unwrap();
        (state.cut, state.silent, state.dead) = (cut, silent, cut == Cut::Packets(0) || cut == Cut::Bytes(0));
        (state.counts, state.client) = (Counts::default(), false);
    }

    /// Whether it has cut since.
    pub fn has_cut(&self) -> bool {
        self.state.lock().unwrap().dead
    }

    /// What passed since.
    pub fn counts(&self) -> Counts {
        self.state.lock().unwrap().counts
    }
}

impl State {
    /// Counts what comes; how much of it is let through.
    fn count(&mut self, from_client: bool, bytes: &[u8], frames: &mut Frames) -> usize {
        if self.dead {
            return 0;
        }
        if from_client && !self.client {
            self.counts.turns += 1;
        }
        self.client = from_client;
        for (at, byte) in bytes.iter().enumerate() {
            self.counts.bytes += 1;
            self.counts.packets += usize::from(frames.ends_with(*byte));
            self.dead = match self.cut {
                Cut::Never => false,
                Cut::Packets(most) => self.counts.packets >= most,
                Cut::Bytes(most) => self.counts.bytes >= most,
            };
            if self.dead {
                return at + 1;
            }
        }
        bytes.len()
    }
}

/// Carries one direction of a connection.
fn pass(mut from: TcpStream, mut to: TcpStream, from_client: bool, delay: Duration, state: &Arc<Mutex<State>>) {
    let (sender, due) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        for (when, bytes) in due {
            std::thread::sleep(when.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let mut frames = Frames::default();
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let mut state = state.lock().unwrap();
            let through = state.count(from_client, &buffer[..length], &mut frames);
            if through > 0 && sender.send((Instant::now() + delay, buffer[..through].to_vec())).is_err() {
                return;
            }
            if state.dead && state.silent {
                // Both ends stay open, and nothing passes any more.
                std::mem::forget(sender);
                return;
            }
            if state.dead {
                let open = std::mem::take(&mut state.open);
                drop(state);
                // What was let through arrives before the end.
                std::thread::sleep(delay + Duration::from_millis(20));
                open.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
                return;
            }
        }
    });
}

/// Where packets end (RFC 4253 6; RFC 5647 for those that are encrypted).
#[derive(Default)]
struct Frames {
    /// Whether the version line is over, and whether packets are encrypted.
    begun: bool,
    encrypted: bool,
    head: Vec<u8>,
    /// What is left of the packet after its length.
    left: usize,
    /// The type of the packet, once it came.
    kind: Option<u8>,
}

impl Frames {
    /// Takes a byte; whether it is the last of a packet, the version line being one.
    fn ends_with(&mut self, byte: u8) -> bool {
        if !self.begun {
            self.begun = byte == b'\n';
            return self.begun;
        }
        if self.head.len() < 4 {
            self.head.push(byte);
            if let Ok(length) = <[u8; 4]>::try_from(&self.head[..]) {
                self.left = u32::from_be_bytes(length) as usize + if self.encrypted { 16 } else { 0 };
                self.kind = None;
            }
            return false;
        }
        if self.head.len() == 5 && self.kind.is_none() {
            self.kind = Some(byte);
        }
        if self.head.len() == 4 {
            // The length of the padding; the type is the next byte.
            self.head.push(byte);
        }
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return false;
        }
        // SSH_MSG_NEWKEYS is the last in the clear.
        self.encrypted |= self.kind == Some(21);
        self.head.clear();
        true
    }
}
