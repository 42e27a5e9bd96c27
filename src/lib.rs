//! sipctl administers the extensions of Asterisk and FreeSWITCH.
//!
//! A command line becomes *edits*; the engine turns edits into a *plan*; a *change* carries the
//! plan out and asks the running engine for *proof*; a *report* is printed. Rooms from the roof to
//! the ground: [`cli`], [`commands`], [`output`], [`change`], [`spec`], [`inventory`], [`engine`],
//! [`wire`], [`host`], [`text`], and the words everyone uses. A room uses only rooms below it.

pub mod address;
pub mod change;
pub mod cli;
pub mod commands;
pub mod cx;
pub mod engine;
pub mod error;
pub mod extension;
pub mod host;
pub mod inventory;
pub mod output;
pub mod pool;
pub mod secret;
pub mod selection;
pub mod spec;
pub mod text;
pub mod wire;
