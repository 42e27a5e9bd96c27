//! Fuzzing without nightly: takes the seeds, mutates and crosses them for some seconds, and keeps
//! going until a target panics. A failing input is written to a file, named, and ends the run.

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

/// Bytes that mean something to the grammar.
const TOKENS: &[&[u8]] = &[
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

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
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
            _ => TOKENS[random.below(TOKENS.len())].to_vec(),
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
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        fs::read_dir(here.join("seeds")).expect("seeds").map(|entry| entry.expect("seed").path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).expect("seed")).collect();
    let mut random = Random(start.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut count = 0u64;
    let mut run = |text: Vec<u8>| {
        count += 1;
        if catch_unwind(|| sipctl_fuzz::asterisk_conf(&text)).is_err() {
            let path = env::temp_dir().join(format!("sipctl-fuzz-{start}-{count}"));
            fs::write(&path, &text).expect("the failing input can be written");
            eprintln!("failed on {}", path.display());
            process::exit(1);
        }
    };
    seeds.iter().cloned().for_each(&mut run);
    while Instant::now() < end {
        run(mutate(&mut random, &seeds));
    }
    println!("{count} inputs from {} seeds, none failed", seeds.len());
}
