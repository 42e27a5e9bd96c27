//! From one shell into another: sudo, a container's `exec`.

use std::time::{Duration, Instant};

use super::super::link::Link;
use super::quote;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::secret::salt;

const LOOK: Duration = Duration::from_millis(50);
/// As much may be printed on the way.
const GREETING: usize = 1 << 20;

/// Has the shell behind `link` become `program`, which ends in a shell of its own: the link to that.
/// An inner error is what was said instead.
pub fn enter(cx: &Cx, mut link: Box<dyn Link>, program: &[&str]) -> Result<Result<Box<dyn Link>, String>> {
    let nonce = salt()?;
    let mut out = b"exec".to_vec();
    for argument in program {
        out.push(b' ');
        out.extend(quote::word(argument.as_bytes()));
    }
    // The shell there must not read further than this before the one inside reads.
    let inside = format!("echo; echo {nonce}; exec /bin/sh");
    for argument in ["/bin/sh", "-c", &inside] {
        out.push(b' ');
        out.extend(quote::word(argument.as_bytes()));
    }
    out.push(b'\n');
    let (mut into, mark) = (Vec::new(), format!("\n{nonce}\n"));
    let until = Instant::now() + cx.timeouts.connect;
    loop {
        cx.check()?;
        let open = link.pump(&mut out, &mut into, LOOK).unwrap_or(false);
        if into.windows(mark.len()).any(|part| part == mark.as_bytes()) {
            return Ok(Ok(link));
        }
        if !open {
            return Ok(Err(link.complaint()));
        }
        if into.len() > GREETING {
            let name = program.first().copied().unwrap_or_default();
            return Err(Error::new(crate::error::Code::Unreachable, format!("{name} prints without end")));
        }
        if Instant::now() >= until {
            let limit = humantime::format_duration(cx.timeouts.connect);
            let name = program.first().copied().unwrap_or_default();
            return Err(Error::new(crate::error::Code::Unreachable, format!("{name} gave no answer within {limit}"))
                .hint("allow more time with: --timeout"));
        }
    }
}
