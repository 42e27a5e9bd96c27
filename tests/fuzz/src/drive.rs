//! Fuzzing without nightly: takes the seeds of each target, mutates and crosses them for some
//! seconds, and keeps going until a target panics. A failing input is written to a file, named, and
//! ends the run.

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, process};

/// xorshift: enough to shuffle bytes, and the same run for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn piece<'a>(&mut self, from: &'a [u8]) -> &'a [u8] {
        let start = self.below(from.len() + 1);
        &from[start..start + self.below((from.len() - start).min(40) + 1)]
    }
}

/// What is fuzzed: its name, which is that of the folder of its seeds, and what its grammar knows.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    tokens: &'static [&'static [u8]],
}

const TARGETS: [Target; 2] = [
    Target { name: "asterisk_conf", run: sipctl_fuzz::asterisk_conf, tokens: ASTERISK },
    Target { name: "freeswitch", run: sipctl_fuzz::freeswitch, tokens: FREESWITCH },
];

const FREESWITCH: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\r",
    b"<",
    b">",
    b"/>",
    b"\"",
    b"'",
    b"=",
    b" ",
    b"\t",
    b"\0",
    b"\x1e",
    b"\xef\xbb\xbf",
    b"\xe9",
    b"&amp;",
    b"&#49;",
    b"&",
    b"$${p}",
    b"$${",
    b"}",
    b"<!--",
    b"-->",
    b"--",
    b"<!--#",
    b"<![CDATA[",
    b"]]>",
    b"<?",
    b"<include>",
    b"</include>",
    b"<user id=\"1002\">",
    b"<user id='1001'/>",
    b"</user>",
    b"<params>",
    b"</params>",
    b"<params/>",
    b"<variables></variables>",
    b"<param name=\"password\" value=\"x\"/>",
    b" type=\"pointer\"",
    b" number-alias=\"1009\"",
    b" sipctl-disabled=\"params\"",
    b"\n<X-PRE-PROCESS cmd=\"set\" data=\"p=x\"/>\n",
    b"\n<X-PRE-PROCESS cmd=\"include\" data=\"one.inc\"/>\n",
    b"</users></group><group name=\"g\"><users>",
];

const ASTERISK: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"[",
    b"]",
    b"(",
    b")",
    b"!",
    b"+",
    b"=",
    b"=>",
    b"+=",
    b";",
    b";--",
    b"--;",
    b"--",
    b"\\",
    b"\\;",
    b"#include ",
    b"\"",
    b">",
    b" ",
    b"\0",
    b"\xef\xbb\xbf",
    b"\n[a](!)\n",
    b"\nk=v\n",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
    let mut text = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(text.len() + 1);
        let end = at + random.below((text.len() - at).min(12) + 1);
        let with: Vec<u8> = match random.below(6) {
            0 => Vec::new(),
            1 => vec![random.below(256) as u8],
            2 => {
                let other = random.below(seeds.len());
                random.piece(&seeds[other]).to_vec()
            }
            3 if random.below(20) == 0 => vec![b'x'; 8180 + random.below(24)],
            _ => tokens[random.below(tokens.len())].to_vec(),
        };
        let end = if random.below(2) == 0 { at } else { end };
        text.splice(at..end, with);
    }
    text
}

fn main() {
    let mut args = env::args().skip(1);
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let start: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let only = args.next();
    let targets: Vec<Target> =
        TARGETS.into_iter().filter(|t| only.as_ref().is_none_or(|only| t.name == only)).collect();
    // Several targets share the time.
    let share = Duration::from_secs(seconds) / targets.len().max(1) as u32;
    for target in &targets {
        fuzz(target, share, start);
    }
}

fn fuzz(target: &Target, time: Duration, start: u64) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name);
    let mut paths: Vec<_> = fs::read_dir(folder).expect("seeds").map(|entry| entry.expect("seed").path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).expect("seed")).collect();
    let mut random = Random(start.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let end = Instant::now() + time;
    let mut count = 0u64;
    let mut run = |text: Vec<u8>| {
        count += 1;
        if catch_unwind(|| (target.run)(&text)).is_err() {
            let path = env::temp_dir().join(format!("sipctl-fuzz-{}-{start}-{count}", target.name));
            fs::write(&path, &text).expect("the failing input can be written");
            eprintln!("{} failed on {}", target.name, path.display());
            process::exit(1);
        }
    };
    seeds.iter().cloned().for_each(&mut run);
    while Instant::now() < end {
        run(mutate(&mut random, &seeds, target.tokens));
    }
    println!("{}: {count} inputs from {} seeds, none failed", target.name, seeds.len());
}
