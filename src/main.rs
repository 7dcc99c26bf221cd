//! The program: arguments in, exit code out.

use std::process::ExitCode;

/// Large pieces may lie in a file, where `--memory` asks for it.
#[cfg(target_os = "linux")]
#[global_allocator]
static MEMORY: sendeschluss::cli::Memory = sendeschluss::cli::Memory;

fn main() -> ExitCode {
    ExitCode::from(sendeschluss::cli::run(std::env::args_os()))
}
