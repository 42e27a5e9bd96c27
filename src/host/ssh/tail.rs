//! The end of what came on a standard error: all of it is read, little of it is kept.

/// How much is kept, in bytes and in lines.
const BYTES: usize = 4096;
const LINES: usize = 5;

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// Adds what came.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(BYTES);
        self.0.drain(..over);
    }

    /// The last lines, without control characters.
    pub fn lines(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let lines: Vec<String> = text
            .split(['\n', '\r'])
            .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
            .filter(|line| !line.trim().is_empty())
            .collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_without_control_characters() {
        let mut tail = Tail::default();
        tail.add(&[b'x'; 10_000]);
        tail.add(b"\n1\n\n2\r\n3\n\x1b[31m4\n5\n6\n");
        assert_eq!(tail.lines(), "2\n3\n[31m4\n5\n6");
    }
}
