//! Into a running container, by the `exec` of what runs it, on any host.

use std::io;

use super::far::through::enter;
use super::link::{Link, Transport};
use super::{Socket, Stream};
use crate::address::Runtime;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// A way into a container.
pub struct Container {
    way: Box<dyn Transport>,
    runtime: Runtime,
    container: String,
}

impl Container {
    /// The container of that name at the end of `way`.
    pub fn new(way: Box<dyn Transport>, runtime: Runtime, container: &str) -> Self {
        Self { way, runtime, container: container.to_owned() }
    }

    fn program(&self) -> &'static str {
        self.runtime.name()
    }

    fn refused(&self, said: &str) -> Error {
        let (program, container, name) = (self.program(), &self.container, self.way.name());
        let says = |words: &[&str]| {
            let said = said.to_lowercase();
            words.iter().any(|word| said.contains(word))
        };
        let (message, hint) = if says(&["no such container", "no container with name or id"]) {
            (format!("{name} has no container {container}"), format!("see which there are: {program} ps -a"))
        } else if says(&["is not running", "can only create exec sessions on running", "container state improper"]) {
            (format!("the container {container} is not running"), format!("start it: {program} start {container}"))
        } else if says(&["permission denied"]) && says(&["docker.sock", "daemon socket", "connect:"]) {
            let hint = format!("use ?sudo at the end of the address, or as root: usermod -aG {program} LOGIN");
            (format!("{name} does not let us talk to {program}"), hint)
        } else if says(&["cannot connect to the docker daemon", "is the docker daemon running"]) {
            (format!("docker is not running on {name}"), "start it there: systemctl start docker".to_owned())
        } else if says(&[&format!("{program}: not found"), &format!("{program}: command not found")]) {
            let hint = format!("install {program} there, or use +docker or +podman as the machine has it");
            (format!("{name} has no {program}"), hint)
        } else if says(&["/bin/sh"]) {
            let hint = "sipctl needs /bin/sh and coreutils or busybox in it; or name the folder on the host: --pbx ENGINE:PATH";
            (format!("the container {container} has no shell"), hint.to_owned())
        } else {
            (
                format!("cannot enter the container {container} on {name}"),
                format!("try it: {program} exec {container} true"),
            )
        };
        let error = Error::new(Code::Unreachable, message);
        let error = if said.is_empty() { error } else { error.because(anyhow::anyhow!(said.to_owned())) };
        error.hint(hint)
    }
}

impl Transport for Container {
    fn name(&self) -> String {
        format!("the container {} on {}", self.container, self.way.name())
    }

    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>> {
        // A name that looks like an option would be one.
        if self.container.starts_with('-') {
            return Err(Error::usage(format!("`{}` is no name of a container", self.container)));
        }
        let link = self.way.shell(cx)?;
        enter(cx, link, &[self.program(), "exec", "-i", &self.container])?.map_err(|said| self.refused(&said))
    }

    fn connect(&self, _: &Cx, _: &Socket) -> io::Result<Box<dyn Stream>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
