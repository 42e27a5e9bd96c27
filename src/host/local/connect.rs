//! Connects to sockets, within a time.

use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::super::{Socket, Stream};
use crate::cx::Cx;

impl Stream for UnixStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl Stream for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// Opens a connection within `cx.timeouts.connect`; its reads and writes may block for
/// `cx.timeouts.question` unless told otherwise.
pub(in super::super) fn open(cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>> {
    let mut stream: Box<dyn Stream> = match socket {
        Socket::Unix(path) => Box::new(unix(cx, path)?),
        Socket::Tcp(host, port) => {
            let deadline = cx.deadline(cx.timeouts.connect);
            Box::new(tcp((host.as_str(), *port).to_socket_addrs()?, deadline)?)
        }
    };
    stream.set_timeout(cx.timeouts.question)?;
    Ok(stream)
}

/// The library's own connect would block for ever on a server that accepts nobody.
fn unix(cx: &Cx, path: &Path) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let deadline = cx.deadline(cx.timeouts.connect);
    loop {
        match connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN) if Instant::now() >= deadline => return Err(ErrorKind::TimedOut.into()),
            Err(Errno::AGAIN | Errno::INTR) => {
                cx.check().map_err(|e| Error::new(ErrorKind::Interrupted, e))?;
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Connects to the first of these addresses that takes it.
pub(in super::super) fn tcp(addresses: impl Iterator<Item = SocketAddr>, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_server_that_accepts_nobody_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let mut cx = Cx::new(&Silent);
        cx.timeouts.connect = Duration::from_millis(100);
        let mut open: Vec<_> = Vec::new();
        let error = loop {
            match super::open(&cx, &Socket::Unix(path.clone())) {
                Ok(stream) => open.push(stream),
                Err(error) => break error,
            }
            assert!(open.len() < 10);
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
