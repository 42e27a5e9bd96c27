//! Takes the chosen PBXes through their changes.

use std::sync::OnceLock;

use super::change::ChangeArgs;
use super::{App, Open};
use crate::change::fleet::{self, Job, Task};
use crate::change::{Options, Outcome, Target};
use crate::cx::Cx;
use crate::inventory::Pbx;

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
            let opened = Open::new(cx, pbx)?;
            let open = open.get_or_init(|| opened);
            let aimed = open.target(pbx, options.offline)?;
            Ok(target.get_or_init(|| aimed))
        }),
        task,
    });
    fleet::run(jobs.collect(), &args.rules(app), &app.cancel)
}
