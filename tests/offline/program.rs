//! Runs the built binary with an environment and a home of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What it answered.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// Standard output as JSON, checked against the schema.
    pub fn json(&self) -> serde_json::Value {
        let value = serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout));
        crate::schema::check(&value);
        value
    }

    /// Asserts the exit code, and that standard error holds a text.
    #[track_caller]
    pub fn fails(self, code: i32, part: &str) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.contains(part), "{part:?} is not in: {}", self.stderr);
        self
    }
}

/// The program while it runs.
pub struct Running(pub Child);

impl Running {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Gives it its input and waits for its end.
    pub fn end(mut self, stdin: &[u8]) -> Answer {
        let _ = self.0.stdin.take().unwrap().write_all(stdin);
        let output = self.0.wait_with_output().unwrap();
        Answer {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program in a home folder.
pub struct Program {
    home: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Program {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// With an inventory in its usual place.
    pub fn with_inventory(text: &str) -> Self {
        let program = Self::new();
        let folder = program.home().join(".config/sipctl");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("sipctl.ini"), text).unwrap();
        program
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn run(&self, args: &[&str]) -> Answer {
        self.run_with(args, b"")
    }

    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Answer {
        Running::start(self.command(args)).end(stdin)
    }

    /// The program, ready to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sipctl"));
        command.args(args).env_clear().env("HOME", self.home()).env("NO_COLOR", "1");
        command.envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(self.home());
        command
    }
}
