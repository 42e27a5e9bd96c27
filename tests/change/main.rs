//! A change, its outcomes and its crashes, with a stand-in for the engine on the real file system.

mod confirm;
mod crash;
mod outcomes;
mod powercut;
mod standin;
mod trouble;
