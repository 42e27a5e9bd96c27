//! A change that is to be confirmed and whose maker is killed, on a live engine.

use crate::office::{Gate, Office, wait_for};

#[test]
fn a_killed_run_with_confirm_goes_back_by_itself() {
    Office::each_with(Gate::build, |office| {
        let before = office.tree();
        let gate = Gate::close(office);
        let mut run = office.begin(&["ext", "add", "1002", "--confirm", "60s"]);
        gate.wait();
        assert!(office.text("pjsip.conf").contains("1002"));
        run.0.kill().unwrap();
        run.0.wait().unwrap();
        gate.open();
        wait_for("the old state", || !office.folder().join(".sipctl").exists());
        assert_eq!(office.tree(), before);
        assert!(!office.has("endpoint", "1002") && office.has("endpoint", "1001"));
        // And one that waits when its maker is long gone, confirmed by somebody else.
        office.proved(&["ext", "add", "1002", "--confirm", "60s"]);
        let kept = office.done(&["confirm"]);
        assert!(kept["id"].is_string(), "{kept:#}");
        assert!(office.has("endpoint", "1002") && !office.folder().join(".sipctl").exists());
    });
}

#[test]
fn enter_on_the_terminal_that_waits_keeps_it_and_silence_does_not() {
    Office::each(|office| {
        let before = office.tree();
        // script gives it a terminal; what is typed there comes from its own standard input.
        let shown = office.home().join("shown");
        let typed = |words: &str| {
            let _ = std::fs::remove_file(&shown);
            let mut command = std::process::Command::new("script");
            let inner = office.command(&[]);
            let line = format!("{} ext {words}", env!("CARGO_BIN_EXE_sipctl"));
            command.args(["-qefc", &line]).arg(&shown).current_dir(office.home());
            command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
            crate::program::Running::start(command)
        };
        let says = |text: &str| std::fs::read_to_string(&shown).is_ok_and(|said| said.contains(text));
        let mut run = typed("add 1002 --confirm 60s");
        wait_for("the wait", || says("Press Enter"));
        std::io::Write::write_all(run.0.stdin.as_mut().unwrap(), b"\n").unwrap();
        let answer = run.end(b"");
        assert_eq!((answer.code, answer.stdout.contains("Press Enter")), (0, true), "{}", answer.stdout);
        assert!(office.has("endpoint", "1002") && !office.folder().join(".sipctl").exists());
        office.proved(&["undo", "--yes"]);
        assert_eq!(office.tree(), before);

        let mut run = typed("add 1002 --confirm 1s");
        let input = run.0.stdin.take();
        let output = run.0.wait().unwrap();
        drop(input);
        assert_eq!(output.code(), Some(1));
        assert_eq!(office.tree(), before);
        assert!(!office.has("endpoint", "1002"));

        // Who types Enter after his yes, and again because it takes so long, has not seen yet what is to be kept.
        let mut run = typed("disable 1001 --confirm 1s");
        wait_for("the question", || says("[y/N]"));
        std::io::Write::write_all(run.0.stdin.as_mut().unwrap(), b"y\n\n").unwrap();
        let input = run.0.stdin.take();
        let output = run.0.wait().unwrap();
        drop(input);
        assert_eq!(output.code(), Some(1));
        assert_eq!(office.tree(), before);
    });
}
