//! A phone of the tests' own: registers, calls, answers OPTIONS, and hears NOTIFY and BYE.

use std::collections::VecDeque;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use sipctl::secret::{Algorithm, Secret};

/// One phone on a UDP port of this machine.
pub struct Phone {
    socket: UdpSocket,
    server: String,
    number: String,
    password: String,
    dialog: String,
    sequence: u32,
    inbox: VecDeque<Message>,
}

/// A SIP message.
#[derive(Clone, Debug)]
pub struct Message(String);

impl Message {
    fn first(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        let word = self.first().split(' ').next()?;
        (!word.starts_with("SIP/")).then_some(word)
    }

    /// The code of a response.
    pub fn code(&self) -> Option<u16> {
        self.first().strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// A header's value.
    pub fn header<'m>(&'m self, name: &'m str) -> Option<&'m str> {
        self.headers(name).next()
    }

    fn headers<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        let lines = self.0.lines().take_while(|line| !line.is_empty());
        lines.filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Phone {
    /// A phone for a number of the engine at this port.
    pub fn new(port: u16, number: &str, password: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self {
            socket,
            server: format!("127.0.0.1:{port}"),
            number: number.to_owned(),
            password: password.to_owned(),
            dialog: sipctl::secret::salt().unwrap(),
            sequence: 0,
            inbox: VecDeque::new(),
        }
    }

    fn own(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    /// The URI it registers as.
    pub fn contact(&self) -> String {
        format!("sip:{}@{};ob", self.number, self.own())
    }

    /// Registers; the final code.
    pub fn register(&mut self) -> u16 {
        let extra = format!("Contact: <{}>\r\nExpires: 300\r\nUser-Agent: labphone\r\n", self.contact());
        self.request("REGISTER", &format!("sip:{}", self.server), &self.number.clone(), &extra, "").1
    }

    /// Drops its own registration; the final code.
    pub fn unregister(&mut self) -> u16 {
        let extra = format!("Contact: <{}>\r\nExpires: 0\r\n", self.contact());
        self.request("REGISTER", &format!("sip:{}", self.server), &self.number.clone(), &extra, "").1
    }

    /// Asks the engine for its options; the final code.
    pub fn options(&mut self) -> u16 {
        self.request("OPTIONS", &format!("sip:{}", self.server), "ping", "", "").1
    }

    /// Calls a number; the final code. A call that is answered stands.
    pub fn invite(&mut self, number: &str) -> u16 {
        let media = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
        let extra = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", self.contact());
        let uri = format!("sip:{number}@{}", self.server);
        self.request("INVITE", &uri, number, &extra, media).1
    }

    /// A request, once more with credentials when it is challenged: its last response and code.
    fn request(&mut self, method: &str, uri: &str, to: &str, extra: &str, body: &str) -> (Option<Message>, u16) {
        let mut credentials = String::new();
        for _ in 0..2 {
            self.sequence += 1;
            self.send(method, uri, to, &format!("{credentials}{extra}"), body, "");
            let Some(response) = self.final_response(method) else { return (None, 0) };
            let code = response.code().unwrap_or(0);
            if method == "INVITE" {
                let tag = response.header("To").unwrap_or_default().to_owned();
                self.send("ACK", uri, to, "", "", &tag);
            }
            if !matches!(code, 401 | 407) || !credentials.is_empty() {
                return (Some(response), code);
            }
            credentials = self.credentials(&response, method, uri);
        }
        (None, 0)
    }

    fn send(&self, method: &str, uri: &str, to: &str, extra: &str, body: &str, to_header: &str) {
        let (own, number, dialog, n) = (self.own(), &self.number, &self.dialog, self.sequence);
        let to = match to_header {
            "" => format!("<sip:{to}@{}>", self.server),
            given => given.to_owned(),
        };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{dialog}{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{number}@{}>;tag={dialog}\r\nTo: {to}\r\nCall-ID: {dialog}\r\nCSeq: {n} {method}\r\n\
             {extra}Content-Length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        );
        self.socket.send(text.as_bytes()).unwrap();
    }

    /// Digest credentials of RFC 2617 for a challenge; of RFC 8760 where nobody asks for MD5.
    fn credentials(&self, challenge: &Message, method: &str, uri: &str) -> String {
        let all = || challenge.headers("WWW-Authenticate").chain(challenge.headers("Proxy-Authenticate"));
        let md5 = all().find(|c| !c.contains("SHA"));
        let algorithm = if md5.is_some() { Algorithm::Md5 } else { Algorithm::Sha256 };
        let asked = md5.or_else(|| all().find(|c| c.contains("SHA-256"))).unwrap_or_default().to_owned();
        let part = |name: &str| {
            let (_, rest) = asked.split_once(&format!("{name}=\"")).unwrap_or_default();
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let (realm, nonce, opaque) = (part("realm"), part("nonce"), part("opaque"));
        let ha1 = Secret::new(self.password.as_str()).ha1(algorithm, &self.number, &realm).unwrap();
        let ha2 = algorithm.hex(&[method.as_bytes(), b":", uri.as_bytes()]);
        let text = format!("{ha1}:{nonce}:00000001:cafe:auth:{ha2}");
        let response = algorithm.hex(&[text.as_bytes()]);
        format!(
            "Authorization: Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={}, cnonce=\"cafe\", nc=00000001, qop=auth, opaque=\"{opaque}\"\r\n",
            self.number,
            algorithm.name()
        )
    }

    fn final_response(&mut self, method: &str) -> Option<Message> {
        let cseq = format!("{} {method}", self.sequence);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            let Some(message) = self.receive() else { continue };
            let ours = message.header("CSeq") == Some(&cseq);
            if ours && message.code().is_some_and(|code| code >= 200) {
                return Some(message);
            }
        }
        None
    }

    /// Hears a request of this method within some seconds.
    pub fn hears(&mut self, method: &str) -> Option<Message> {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if let Some(at) = self.inbox.iter().position(|m| m.method() == Some(method)) {
                return self.inbox.remove(at);
            }
            self.receive();
        }
        None
    }

    /// Takes one message; a request is answered 200 and kept.
    fn receive(&mut self) -> Option<Message> {
        let mut buffer = [0; 8192];
        let n = self.socket.recv(&mut buffer).ok()?;
        let message = Message(String::from_utf8_lossy(&buffer[..n]).into_owned());
        if message.method().is_some_and(|m| m != "ACK") {
            let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
            let lines = copied.iter().flat_map(|name| message.headers(name).map(move |v| format!("{name}: {v}\r\n")));
            let answer = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", lines.collect::<String>());
            self.socket.send(answer.as_bytes()).unwrap();
            self.inbox.push_back(message.clone());
        }
        Some(message)
    }
}
