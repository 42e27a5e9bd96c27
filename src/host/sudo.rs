//! Through `sudo -n`, as another user, on any host.

use std::io;

use super::far::through::enter;
use super::link::{Link, Transport};
use super::{Socket, Stream};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// A way to a host that becomes another user there.
pub struct Sudo {
    way: Box<dyn Transport>,
    user: String,
}

impl Sudo {
    /// Becomes `user` at the end of `way`.
    pub fn new(way: Box<dyn Transport>, user: &str) -> Self {
        Self { way, user: user.to_owned() }
    }

    fn refused(&self, said: &str) -> Error {
        let (user, name) = (&self.user, self.way.name());
        if said.contains("unknown user") {
            return Error::new(Code::Unreachable, format!("there is no user {user} on {name}"))
                .because(anyhow::anyhow!(said.to_owned()))
                .hint("sudo = yes is root; sudo = USER is another user");
        }
        if said.contains("not found") && !said.contains("password") {
            return Error::new(Code::Unreachable, format!("{name} has no sudo"))
                .because(anyhow::anyhow!(said.to_owned()))
                .hint("log in as the user who may, without sudo");
        }
        let error =
            Error::new(Code::Unreachable, format!("sudo does not let us be {user} on {name} without a password"));
        let error = if said.is_empty() { error } else { error.because(anyhow::anyhow!(said.to_owned())) };
        let gives = match user.as_str() {
            "root" => "everything on that machine".to_owned(),
            user => format!("everything {user} may do there"),
        };
        error
            .hint(format!("with `visudo -f /etc/sudoers.d/sipctl` there: LOGIN ALL=({user}) NOPASSWD: /bin/sh"))
            .hint(format!("LOGIN is who logs in; the line gives them a shell of {user}, which is {gives}"))
    }
}

impl Transport for Sudo {
    fn name(&self) -> String {
        format!("{} as {}", self.way.name(), self.user)
    }

    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>> {
        let link = self.way.shell(cx)?;
        enter(cx, link, &["sudo", "-n", "-H", "-u", &self.user, "--"])?.map_err(|said| self.refused(&said))
    }

    /// As who logged in: a socket that only the other user may open is asked through a program.
    fn connect(&self, cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>> {
        self.way.connect(cx, socket)
    }
}
