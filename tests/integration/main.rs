//! The program as its users meet it: real files in a folder, the real binary, its exit code, its words, its report.
//! Each module holds one promise of the program; what a single function does is tested beside that function.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

mod archives;
mod bad_files;
mod bad_inputs;
mod bulk_senders;
mod command_line;
mod compare;
mod containers;
mod corpus;
mod cron;
mod determinism;
mod explain;
mod formats;
mod golden;
mod harness;
mod kernels;
mod ledger;
mod logs;
mod measures;
mod memory;
mod method;
mod nightly;
mod oracle;
mod page;
mod plan;
mod registers;
mod report_files;
mod rules;
mod rules_command;
mod samples;
mod settings;
mod tables;
mod terminal;
mod times;
mod trace;
mod verify;
