//! Takes the chosen PBXes through their changes.

use std::sync::OnceLock;

use super::change::ChangeArgs;
use super::{App, Open, confirm};
use crate::change::fleet::{self, Job, Task};
use crate::change::{Options, Outcome, Target};
use crate::cx::Cx;
use crate::inventory::Pbx;
use crate::output::prompt;

/// Does each task on its PBX; one outcome each. A PBX is opened when its turn comes.
pub fn drive(app: &App, args: &ChangeArgs, options: &Options, chosen: &[Pbx], tasks: Vec<Task>) -> Vec<Outcome> {
    let calls: Vec<Cx> = chosen.iter().map(|pbx| app.cx(pbx, args.limits())).collect();
    let opens: Vec<OnceLock<Open>> = chosen.iter().map(|_| OnceLock::new()).collect();
    let targets: Vec<OnceLock<Target>> = chosen.iter().map(|_| OnceLock::new()).collect();
    let places = chosen.iter().zip(&calls).zip(opens.iter().zip(&targets));
    let jobs = places.zip(tasks).map(|(((pbx, cx), (open, target)), task)| Job {
        name: pbx.name.clone(),
        order: pbx.address.to_string(),
        cx,
        options,
        open: Box::new(move || {
            let opened = Open::to_change(cx, pbx)?;
            let open = open.get_or_init(|| opened);
            let aimed = open.target(pbx, options.offline)?;
            Ok(target.get_or_init(|| aimed))
        }),
        task,
    });
    let mut outcomes = fleet::run(jobs.collect(), &args.rules(app), &app.cancel);
    if let Some(after) = args.confirm.filter(|_| prompt::possible()) {
        let all = outcomes.iter_mut().zip(calls.iter().zip(&targets));
        let waiting = all.filter(|(outcome, _)| outcome.waiting.is_some());
        let mut waiting: Vec<_> =
            waiting.filter_map(|(outcome, (cx, target))| Some((outcome, cx, target.get()?))).collect();
        if !waiting.is_empty() {
            confirm::on_terminal(app, after, &mut waiting);
        }
    }
    outcomes
}
