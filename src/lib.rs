//! Sendeschluss reads the send logs that messenger platforms export, finds the mass sends in them, and states what
//! each exposes its sender to. Data goes one way: ingest gives messages, detect gives activity, assess gives
//! findings, report gives files. A stage knows the types of the stage before it and nothing of the one after.

pub mod assess;
pub mod case;
pub mod cli;
pub mod detect;
pub mod hash;
pub mod ingest;
pub mod kernel;
pub mod ledger;
pub mod lock;
pub mod message;
mod parts;
pub mod report;
