//! The `sipctl` program.

fn main() {}
