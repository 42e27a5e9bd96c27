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
