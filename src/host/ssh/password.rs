//! The file of --ssh-password-file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// The longest password.
const LONGEST: u64 = 4096;

/// Reads the one line of the file; a file that others can read is refused.
pub(super) fn read(path: &Path) -> Result<Secret> {
    let cannot = |error| Error::io("read the password file", path, error);
    let mut file = File::open(path).map_err(cannot)?;
    let meta = file.metadata().map_err(cannot)?;
    if meta.is_file() && meta.mode() & 0o077 != 0 {
        return Err(Error::usage(format!("{} holds a password and others can read or change it", path.display()))
            .hint(format!("chmod 600 {}", crate::error::shell_word(&path.to_string_lossy()))));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.by_ref().take(LONGEST).read_to_end(&mut bytes).map_err(cannot)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.contains(&b'\n') || line.contains(&0) || bytes.len() as u64 == LONGEST {
        return Err(Error::usage(format!("{} must hold one line, the password", path.display())));
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_line_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        let with = |text: &str, mode: u32| {
            write(&path, text).unwrap();
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read(&path).map(|secret| String::from_utf8(secret.reveal().to_vec()).unwrap()).map_err(|e| e.message)
        };
        assert_eq!(with("pass word\n", 0o600).unwrap(), "pass word");
        assert_eq!(with("x", 0o400).unwrap(), "x");
        assert!(
            with("hunter2\n", 0o640).is_err_and(|message| message.contains("others") && !message.contains("hunter2"))
        );
        assert!(with("hunter2\n", 0o604).is_err());
        assert!(with("", 0o600).is_err() && with("a\nb\n", 0o600).is_err());
    }
}
