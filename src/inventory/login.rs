//! Who to be on the Event Socket of a FreeSWITCH, where that is not what its own configuration says.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::{Error, Place, Result};
use crate::secret::Secret;
use crate::wire::event_socket::Login;

/// More than this is no password.
const LARGEST: u64 = 4096;

/// The keys `event-socket-user` and `event-socket-password-file`.
#[derive(Clone, Debug)]
pub struct LoginKeys {
    /// `sipctl@pbx.example.org`; without it the password is that of the socket itself.
    user: Option<String>,
    /// Where its password stands, on this machine.
    password_file: PathBuf,
    /// The line that names the file.
    place: Place,
}

impl LoginKeys {
    /// Checks the two values.
    pub(super) fn new(user: Option<&(String, Place)>, file: Option<&(String, Place)>) -> Result<Option<Self>> {
        let (file, place) = match (user, file) {
            (None, None) => return Ok(None),
            (Some((_, place)), None) => {
                return Err(Error::usage("event-socket-user has no event-socket-password-file")
                    .at(place.clone())
                    .hint("write the user's esl-password into a file that others cannot read, and name it"));
            }
            (_, Some(file)) => file,
        };
        if !file.starts_with('/') {
            return Err(
                Error::usage(format!("event-socket-password-file = {file}: write an absolute path")).at(place.clone())
            );
        }
        if let Some((user, place)) = user {
            let odd = |c: char| c.is_whitespace() || c.is_control() || ":;#".contains(c);
            let parts = user.split_once('@').filter(|(id, domain)| !id.is_empty() && !domain.is_empty());
            if parts.is_none_or(|(_, domain)| domain.contains('@')) || user.contains(odd) {
                return Err(Error::usage(format!("event-socket-user = {user}: write USER@DOMAIN")).at(place.clone()));
            }
        }
        let user = user.map(|(user, _)| user.clone());
        Ok(Some(Self { user, password_file: PathBuf::from(file), place: place.clone() }))
    }

    /// Reads the password.
    pub fn read(&self) -> Result<Login> {
        let password = password(&self.password_file).map_err(|error| error.at(self.place.clone()))?;
        Ok(Login { user: self.user.clone(), password })
    }
}

/// The one line of a file nobody else can read.
fn password(path: &Path) -> Result<Secret> {
    let name = path.display();
    let bad = |why: &str| Error::usage(format!("{name} {why}"));
    // A pipe without a writer would hold us up for ever.
    let opened = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path);
    let mut file = opened.map_err(|error| Error::usage(format!("cannot read {name}")).because(error))?;
    let meta = file.metadata().map_err(|error| Error::io("read", path, error))?;
    if !meta.is_file() {
        return Err(bad("is no file"));
    }
    if meta.mode() & 0o027 != 0 {
        return Err(bad("can be read by others, or written by its group")
            .hint(format!("chmod 600 {}", crate::error::shell_word(&path.to_string_lossy()))));
    }
    let mut text = zeroize::Zeroizing::new(Vec::new());
    file.by_ref().take(LARGEST + 1).read_to_end(&mut text).map_err(|error| Error::io("read", path, error))?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [] => Err(bad("is empty")),
        _ if text.len() as u64 > LARGEST || line.iter().any(u8::is_ascii_control) => {
            Err(bad("holds something else than a password on one line"))
        }
        _ => Ok(Secret::new(line)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::error::Code;

    fn said(text: &str) -> (String, Place) {
        (text.to_owned(), Place::new("/i.ini", 3))
    }

    #[test]
    fn a_user_has_a_domain_and_a_password_file() {
        let keys = |user: &str, file: &str| LoginKeys::new(Some(&said(user)), Some(&said(file)));
        assert!(keys("sipctl@pbx.example.org", "/etc/sipctl/seoul.esl").unwrap().is_some());
        for user in ["sipctl", "@d", "a@", "a@b@c", "a:b@c", "a b@c", "a@c:8021", "a#@c"] {
            assert_eq!(keys(user, "/f").unwrap_err().code, Code::Usage, "{user}");
        }
        assert!(keys("a@b", "seoul.esl").unwrap_err().message.contains("absolute"));
        assert_eq!(LoginKeys::new(Some(&said("a@b")), None).unwrap_err().place, Some(Place::new("/i.ini", 3)));
        assert!(LoginKeys::new(None, Some(&said("/f"))).unwrap().is_some());
    }

    #[test]
    fn only_a_private_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("esl");
        let keys = LoginKeys::new(Some(&said("a@b")), Some(&said(path.to_str().unwrap()))).unwrap().unwrap();
        assert!(keys.read().unwrap_err().message.contains("cannot read"));
        write(&path, "Op;s e\u{e9}cret \n").unwrap();
        for mode in [0o644, 0o604, 0o660, 0o602] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = keys.read().unwrap_err();
            assert_eq!((error.code, error.place.as_ref().unwrap().line), (Code::Usage, 3), "{mode:o}");
            assert!(error.hints[0].contains("chmod 600"), "{error}");
        }
        for mode in [0o600, 0o400, 0o640] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(keys.read().unwrap().password.reveal(), "Op;s e\u{e9}cret ".as_bytes());
        }
        for bad in ["", "\n", "alpha\nbeta\n", "a\0b"] {
            write(&path, bad).unwrap();
            let error = keys.read().unwrap_err();
            assert!(!error.line().contains("alpha"), "{error}");
        }
        assert!(password(folder.path()).unwrap_err().message.contains("no file"));
    }
}
