//! The local machine.
