//! `ext show`.

use std::time::Duration;

use clap::Args;

use crate::commands::change::duration;
use crate::commands::{App, Limits, Open, engine_silent};
use crate::cx::Cx;
use crate::engine::Live;
use crate::engine::refuse::no_such_extension;
use crate::error::{Error, Result};
use crate::extension::{Ext, ShownSetting};
use crate::inventory::Pbx;
use crate::output::document::{Body, Listed, Shown};
use crate::selection::{self, Selection};

/// Show one extension: every effective setting with file and line, and who is registered
///
/// Shows sections of every kind, trunks too. If the engine does not answer, the rest is shown with a
/// warning.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Its id
    ext: Selection,
    /// Show passwords in clear
    #[arg(long)]
    reveal: bool,
    /// Do not ask the running engine
    #[arg(long)]
    offline: bool,
    /// Limit for each exchange with the engine [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Runs it.
pub fn run(app: &App, args: &ShowArgs) -> Result<u8> {
    let Selection::One(ext) = &args.ext else {
        return Err(Error::usage("show takes one extension").hint(format!("for a range: sipctl ext list {}", args.ext)));
    };
    app.each(false, |pbx| {
        let cx = app.cx(pbx, Limits { timeout: args.timeout, wait: None });
        match on(&cx, pbx, ext, args) {
            Ok(listed) => (Body::Extensions(listed), None),
            Err(error) => (Body::Extensions(Listed::default()), Some(error)),
        }
    })
}

fn on(cx: &Cx, pbx: &Pbx, ext: &Ext, args: &ShowArgs) -> Result<Listed> {
    let open = Open::to_read(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    let mut warnings = open.warnings(cx, estate.as_ref());
    let elsewhere = || {
        let all = open.extensions(cx, estate.as_ref(), !args.offline, &mut Vec::new());
        all.into_iter().find(|extension| extension.managed.is_some() && extension.number == ext.number)
    };
    let extension =
        selection::single(ext, estate.as_ref())?.or_else(elsewhere).ok_or_else(|| no_such_extension(ext, None))?;
    let ids = |live: &Live| match estate.registers_as(ext, Some(live)) {
        ids if ids.is_empty() => vec![ext.number.clone()],
        ids => ids,
    };
    let contacts = match args.offline {
        true => None,
        false => open
            .console(cx)
            .and_then(|(mut console, live)| console.contacts(cx, &ids(&live)))
            .map_err(|error| warnings.push(engine_silent(&error)))
            .ok(),
    };
    let password = estate.password(ext).filter(|_| args.reveal);
    let shown = Shown {
        extension,
        password: password.map(|secret| String::from_utf8_lossy(secret.reveal()).into_owned()),
        settings: Some(estate.settings(ext, args.reveal).into_iter().map(ShownSetting::into_owned).collect()),
        contacts,
    };
    Ok(Listed { extensions: vec![shown], warnings })
}
