//! `--memory`: what does not fit goes to a file and the report is the same; where no file can take it, the run ends with a
//! message, and the last report stands.
//! The bound is taken from what the same report needs on this machine, so the test holds wherever it runs.

use std::fmt::Write;

use crate::harness::Matter;

/// So many messages need a few times of what the program needs by itself.
const MESSAGES: u32 = 120_000;

fn log() -> String {
    let mut text = "message id,sent at,from,to,direction,body\n".to_owned();
    for index in 0..MESSAGES {
        let (minute, second) = (index / 60 % 60, index % 60);
        let (day, hour) = (1 + index / 86_400, index / 3600 % 24);
        let recipient = index * 7919 % 90_000;
        let words = [index * 31 % 9973, index * 17 % 7919, index * 13 % 6133].map(|number| format!("wort{number}"));
        let words = words.join(" ");
        writeln!(
            text,
            "M{index},2025-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z,+4930555000,+49151{recipient:08},outbound,Guten Tag {words}"
        )
        .expect("a line");
    }
    text
}

/// The peak that `--stats` tells, in MiB.
fn peak(told: &str) -> f64 {
    let line = told.lines().find(|line| line.starts_with("all ")).expect("a line with the peak");
    let figures: Vec<&str> = line.split_whitespace().collect();
    figures[figures.len() - 2].parse().expect("a number")
}

#[test]
fn a_report_that_needs_more_than_its_bound_is_the_same_or_ends() {
    let matter = Matter::new();
    matter.write("log.csv", log());
    let command = |more: &[&str]| {
        let arguments = ["report", "log.csv", "-o", "out", "--write", "csv,json", "--evidence", "10"];
        matter.command(&[&arguments, more].concat())
    };
    let report = |more: &[&str]| Matter::run_command(&mut command(more));
    let peak = peak(&report(&["--stats"]).with_code(0).stderr);
    let first = matter.report("out").files();
    let share = |share: f64| format!("{}", (peak * share * 1_048_576.0) as u64);
    let spilled = "large pieces of memory go to a file";

    let ended = report(&["-v", "--memory", &share(0.6)]).with_code(0);
    assert!(ended.stderr.contains(spilled), "{ended}");
    crate::determinism::assert_same(&first, &matter.report("out").files(), "through a file");
    for threads in ["1", "4"] {
        report(&["--memory", &share(0.5), "--threads", threads]).with_code(0);
        crate::determinism::assert_same(
            &first,
            &matter.report("out").files(),
            "through a file, on more or fewer threads",
        );
    }
    let ended = report(&["-v", "--memory", &share(8.0)]).with_code(0);
    assert!(!ended.stderr.contains(spilled), "{ended}");
    crate::determinism::assert_same(&first, &matter.report("out").files(), "within a bound");

    // Without a folder that can take the file nothing is left but to end.
    let nowhere = matter.path("nowhere");
    let ended = Matter::run_command(command(&["--memory", &share(0.7)]).env("TMPDIR", &nowhere)).with_code(4);
    assert!(ended.stderr.contains("no folder for temporary files can take what does not fit"), "{ended}");
    assert!(ended.stderr.contains("of memory is needed (--memory); nothing is left half done"), "{ended}");
    crate::determinism::assert_same(&first, &matter.report("out").files(), "after a report that needed too much");

    let ended = report(&["--memory", "1MiB"]).with_code(2);
    assert!(ended.stderr.contains("--memory 1MiB: the program alone needs more"), "{ended}");
}
