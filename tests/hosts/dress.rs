//! What a new version of a file keeps of the old one there, or is refused for.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use sipctl::cx::{Cx, Silent};
use sipctl::error::Code;
use sipctl::host::{Host, Step, Stopped};

use crate::shells::{all, busybox, far, missing, with};

fn made(host: &dyn Host, model: &Path, path: &Path) -> Result<(), Stopped> {
    let bytes = b"secret".as_slice().into();
    host.act(&Cx::new(&Silent), &[Step::Create { path: path.into(), bytes, like: Some(model.into()), mode: 0o666 }])
}

pub fn acl(path: &Path) -> String {
    let output = Command::new("getfacl").args(["-cnp"]).arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

pub fn set_acl(arguments: &[&str], path: &Path) -> bool {
    Command::new("setfacl").args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

#[test]
fn an_access_control_list_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::write(&model, "old").unwrap();
    fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).unwrap();
    if !set_acl(&["-m", "u:12345:r,g:54321:rw"], &model) {
        return missing("no setfacl, or a file system without lists");
    }
    for (name, shell) in all() {
        let path = folder.path().join(format!("new {name}"));
        made(&far(&shell), &model, &path).unwrap_or_else(|e| panic!("{name}: {:?}", e.error));
        assert_eq!(acl(&path), acl(&model), "{name}");
    }
}

#[test]
fn a_list_of_the_folder_is_not_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::write(&model, "old").unwrap();
    fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).unwrap();
    if !set_acl(&["-d", "-m", "u:12345:rw"], folder.path()) {
        return missing("no setfacl, or a file system without lists");
    }
    for (name, shell) in all() {
        let path = folder.path().join(format!("new {name}"));
        made(&far(&shell), &model, &path).unwrap_or_else(|e| panic!("{name}: {:?}", e.error));
        assert_eq!(acl(&path), acl(&model), "{name}");
    }
}

#[test]
fn where_it_cannot_be_kept_the_file_is_refused_and_not_flattened() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::write(&model, "old").unwrap();
    if !set_acl(&["-m", "u:12345:r"], &model) {
        return missing("no setfacl, or a file system without lists");
    }
    // A cp that keeps nothing, as busybox has it, and nothing that knows lists.
    let poor = with("cp", "exit 1");
    let poor = poor.and("setfacl", "exit 1");
    let path = folder.path().join("new");
    let error = made(&far(&poor), &model, &path).unwrap_err().error;
    assert_eq!(error.code, Code::Failed);
    assert!(error.line().contains("cannot keep the access control list"), "{error:?}");
    assert!(error.hints[0].contains("| setfacl --set-file=-"), "{error:?}");
    assert!(!path.exists());
}

#[test]
fn an_owner_that_cannot_be_kept_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return missing("owners need root");
    }
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let model = folder.path().join("model");
    fs::write(&model, "old").unwrap();
    fs::set_permissions(&model, fs::Permissions::from_mode(0o644)).unwrap();
    for shell in [crate::shells::shell(&["/bin/sh"]), busybox()] {
        let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned);
        let nobody = crate::shells::Shell([&words[..], &shell.0].concat());
        let path = folder.path().join("new");
        let error = made(&far(&nobody), &model, &path).unwrap_err().error;
        assert!(error.line().contains("cannot keep the owner 0:0"), "{error:?}");
        assert!(error.hints[0].ends_with(&format!("chown 0:0 {}", path.display())), "{error:?}");
        assert!(!path.exists());
    }
    let meta = model.metadata().unwrap();
    assert_eq!((meta.uid(), meta.mode() & 0o777), (0, 0o644));
}
