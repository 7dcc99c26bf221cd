//! Tells the linker to write the program's many addresses in the packed form, where the system can read it.
//! A position-independent program of this size has some 350,000 of them: 8 MB plainly, 0.1 MB packed.
//! Nothing else is made here.

use std::process::Command;

/// The first glibc that reads packed addresses; an older one refuses to start the program.
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of_cargo = |name: &str| std::env::var(name).unwrap_or_default();
    let native = of_cargo("HOST") == of_cargo("TARGET");
    let gnu = of_cargo("CARGO_CFG_TARGET_OS") == "linux" && of_cargo("CARGO_CFG_TARGET_ENV") == "gnu";
    if native && gnu && glibc().is_some_and(|version| version >= GLIBC) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Version of the glibc of this system.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
