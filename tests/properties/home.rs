//! A house on disk, changed through the library as a command would.

use std::collections::BTreeMap;
use std::path::Path;

use sipctl::cx::{Cx, Silent};
use sipctl::engine::asterisk::Asterisk;
use sipctl::engine::{Engine, Estate, Plan, PlanOptions};
use sipctl::error::Result;
use sipctl::extension::{Edit, Ext, Fields, NewExtension};
use sipctl::host::local::Local;
use sipctl::output::diff::FileDiff;
use sipctl::secret::Secret;
use tempfile::TempDir;

/// Files by their path in the folder.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// A configuration folder.
pub struct Home {
    engine: &'static dyn Engine,
    folder: TempDir,
}

impl Home {
    /// One of Asterisk.
    pub fn new(tree: &Tree) -> Self {
        Self::of(&Asterisk, tree)
    }

    /// One of an engine.
    pub fn of(engine: &'static dyn Engine, tree: &Tree) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("phones")).unwrap();
        for (name, bytes) in tree {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        Self { engine, folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn load(&self) -> Result<Box<dyn Estate>> {
        self.engine.load(&Cx::new(&Silent), &Local, self.path(), false)
    }

    /// Every file as it is now.
    pub fn tree(&self) -> Tree {
        let files = crate::files::tree(self.path()).into_iter();
        files.map(|(path, bytes)| (path.to_str().unwrap().to_owned(), bytes)).collect()
    }

    /// Plans and carries out; what a person would be shown of it holds none of the secrets.
    pub fn change(&self, edits: &[Edit], secrets: &[String]) -> Result<Plan> {
        let plan = self.load()?.plan(None, edits, &PlanOptions::default())?;
        for change in &plan.files {
            let before = change.before.as_ref().map(|(bytes, _)| bytes.to_vec());
            assert_eq!(before, std::fs::read(&change.path).ok(), "what was read of {}", change.path.display());
            let shown = FileDiff::new(change).text;
            for secret in secrets {
                assert!(!shown.contains(secret.as_str()), "{secret} is shown:\n{shown}");
            }
            match &change.after {
                Some(bytes) => std::fs::write(&change.path, bytes).unwrap(),
                None => std::fs::remove_file(&change.path).unwrap(),
            }
        }
        Ok(plan)
    }
}

pub fn ext(number: &str) -> Ext {
    Ext { number: number.to_owned(), domain: None }
}

/// The password new ones get.
pub fn new_password(number: &str) -> String {
    format!("Neu;--;{number}>")
}

pub fn create(number: &str, fields: Fields) -> Edit {
    let password = Some(Secret::new(new_password(number)));
    Edit::Create(ext(number), Box::new(NewExtension { fields, password, ..NewExtension::default() }))
}

pub fn set(number: &str, fields: Fields) -> Edit {
    Edit::Set { ext: ext(number), fields: Box::new(fields), settings: Vec::new() }
}

pub fn passwd(number: &str, secret: &[u8]) -> Edit {
    Edit::Password { ext: ext(number), secret: Some(Secret::new(secret)), digest: false, shared: false }
}

pub fn renumber(old: &str, new: &str) -> Edit {
    Edit::Renumber { old: ext(old), new: ext(new) }
}
