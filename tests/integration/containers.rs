//! Containers in containers, in any order: every member an input of its own, every record found again, no bomb unpacked.
//! Archives come from writers of their own, honest and lying.

use std::time::{Duration, Instant};

use crate::archives::{Member, bzip2, deflate, gzip, gzip_of, tar, zeros, zip};
use crate::harness::{Matter, Report, number, sha256};

/// A send log of so many records, from a number of its own.
fn log(source: u32, sends: u32) -> String {
    let mut text = String::from("id;sent_at;from;to;text\n");
    for index in 0..sends {
        let row = format!(
            "L{source}-{index};2020-02-03T10:00:{:02}Z;+4930123450{source:02};+49151234{source:02}{index:03};Kauft jetzt!\n",
            index % 60
        );
        text.push_str(&row);
    }
    text
}

fn chat(name: &str) -> String {
    format!(
        "18.11.19, 09:02 - {name}: Guten Morgen\n18.11.19, 09:14 - Kundendienst: Guten Morgen\n18.11.19, 09:20 - {name}: Danke\n"
    )
}

fn reported(matter: &Matter, arguments: &[&str], code: i32) -> Report {
    let mut all = vec!["report"];
    all.extend(arguments);
    all.extend(["-o", "out", "--reveal", "--with-messages", "--evidence", "all"]);
    matter.run(&all).with_code(code);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    report
}

#[test]
fn members_are_inputs_of_their_own_however_they_are_nested() {
    let matter = Matter::new();
    let (one, two, three) = (log(1, 60), log(2, 60), log(3, 60));
    let inner = zip(&[
        Member::new("_chat.txt", chat("Ada Berg").as_bytes()),
        Member::new("deep/one.csv", one.as_bytes()),
        Member::new("photo.jpg", b"\xFF\xD8\xFF"),
        Member::new("__MACOSX/._one.csv", b"\0\x05\x16\x07"),
    ]);
    let two_packed = bzip2(two.as_bytes());
    let innermost = zstd::encode_all(tar(&[(b"./three.log", three.as_bytes())]).as_slice(), 1).unwrap();
    let outer = gzip(&tar(&[
        (b"z/WhatsApp Chat - Ada Berg.zip", &inner),
        (b"a/two.data", &two_packed),
        (b"a/three.bin", &innermost),
    ]));
    matter.write("in/all.bin", &outer);
    let report = reported(&matter, &["in"], 0);
    let names: Vec<String> = report.csv("inputs").into_iter().map(|mut row| row.remove("file").unwrap()).collect();
    assert_eq!(
        names,
        [
            "in/all.bin",
            "in/all.bin!/a/three.bin",
            "in/all.bin!/a/three.bin!/three.log",
            "in/all.bin!/a/two.data",
            "in/all.bin!/z/WhatsApp Chat - Ada Berg.zip",
            "in/all.bin!/z/WhatsApp Chat - Ada Berg.zip!/__MACOSX/._one.csv",
            "in/all.bin!/z/WhatsApp Chat - Ada Berg.zip!/_chat.txt",
            "in/all.bin!/z/WhatsApp Chat - Ada Berg.zip!/deep/one.csv",
            "in/all.bin!/z/WhatsApp Chat - Ada Berg.zip!/photo.jpg",
        ]
    );
    let told = |name: &str| {
        let row = report.input(&format!("in/all.bin{name}"));
        (row["sha256"].clone(), row["format"].clone(), number(&row["records"]), number(&row["read"]))
    };
    assert_eq!(told(""), (sha256(&outer), "container".to_owned(), 0, 0));
    assert_eq!(told("!/a/three.bin"), (sha256(&innermost), "container".to_owned(), 0, 0));
    assert_eq!(told("!/a/three.bin!/three.log"), (sha256(three.as_bytes()), "delimited".to_owned(), 60, 60));
    assert_eq!(told("!/a/two.data"), (sha256(&two_packed), "delimited".to_owned(), 60, 60));
    let zipped = "!/z/WhatsApp Chat - Ada Berg.zip";
    assert_eq!(told(zipped), (sha256(&inner), "container".to_owned(), 0, 0));
    assert_eq!(told(&format!("{zipped}!/_chat.txt")).2, 3);
    assert_eq!(told(&format!("{zipped}!/photo.jpg")).1, "no-export");

    // Every record of evidence is the very bytes of its member.
    let evidence = report.csv("evidence");
    for (name, text) in
        [("!/a/three.bin!/three.log", &three), ("!/a/two.data", &two), (&*format!("{zipped}!/deep/one.csv"), &one)]
    {
        let rows: Vec<_> = evidence.iter().filter(|row| row["file"] == format!("in/all.bin{name}")).collect();
        assert!(rows.len() >= 60, "{name}: {}", rows.len());
        for row in rows {
            let start = number(&row["offset"]) as usize;
            let record = &text[start..start + number(&row["length"]) as usize];
            assert!(record.starts_with(&row["message_id"]), "{record}");
            assert_eq!(row["record_sha256"], sha256(record.as_bytes()));
        }
    }
    let partners: Vec<String> =
        report.messages().into_iter().filter(|m| m.file.ends_with("_chat.txt")).map(|m| m.account).collect();
    assert!(partners.contains(&"Ada Berg".to_owned()), "{partners:?}");
}

#[test]
fn the_order_inside_an_archive_and_the_number_of_threads_change_nothing() {
    let members = [("b.csv", log(2, 40)), ("a.csv", log(1, 40)), ("c.csv", log(1, 40))];
    let of = |order: &[usize]| -> Vec<Member> {
        order.iter().map(|at| Member::new(members[*at].0, members[*at].1.as_bytes())).collect()
    };
    let mut seen = Vec::new();
    for (order, threads) in [([0, 1, 2], "1"), ([2, 0, 1], "4")] {
        let matter = Matter::new();
        matter.write("logs.zip", zip(&of(&order)));
        let report = reported(&matter, &["logs.zip", "--threads", threads], 0);
        let rows: Vec<_> = report.csv("inputs").into_iter().skip(1).collect();
        assert_eq!(rows.iter().map(|row| number(&row["folded"])).collect::<Vec<_>>(), [0, 0, 40], "the same log twice");
        seen.push((rows, report.messages(), report.bytes("csv/evidence.csv")));
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn odd_names_and_unreadable_members_cost_no_neighbour() {
    let matter = Matter::new();
    let whole = log(1, 5);
    let mut encrypted = Member::new("secret.csv", whole.as_bytes());
    encrypted.flags = 1;
    let mut strange = Member::new("strange.csv", whole.as_bytes());
    strange.method = 99;
    let mut damaged = Member::new("damaged.csv", log(4, 200).as_bytes());
    let middle = damaged.data.len() / 2;
    damaged.data[middle..].fill(0xA5);
    let mut lying = Member::new("lying.csv", log(5, 50).as_bytes());
    lying.stated = 400;
    let archive = zip(&[
        encrypted,
        Member::new("../../outside.csv", log(2, 5).as_bytes()),
        Member::new("/etc/absolute.csv", log(3, 5).as_bytes()),
        Member::new("twice.csv", log(6, 5).as_bytes()),
        Member::new("twice.csv", log(7, 5).as_bytes()),
        Member::new(b"M\x84nner\\list.csv", log(8, 5).as_bytes()),
        Member::new("line\nbreak.csv", log(9, 5).as_bytes()),
        strange,
        damaged,
        lying,
        Member::new("last.csv", log(10, 5).as_bytes()),
    ]);
    matter.write("odd.zip", archive);
    let odd = tar(&[(b"\xFFx.csv", log(11, 5).as_bytes()), (b"../up.csv", log(12, 5).as_bytes())]);
    matter.write("odd.tar", odd);
    let report = reported(&matter, &["odd.zip", "odd.tar"], 3);
    let read = |name: &str| number(&report.input(name)["read"]);
    for name in [
        "odd.zip!/../../outside.csv",
        "odd.zip!//etc/absolute.csv",
        "odd.zip!/twice.csv",
        "odd.zip!/twice.csv#2",
        "odd.zip!/Männer/list.csv",
        "odd.zip!/line\\u{a}break.csv",
        "odd.zip!/last.csv",
        "odd.tar!/\\xffx.csv",
        "odd.tar!/../up.csv",
    ] {
        assert_eq!(read(name), 5, "{name}");
    }
    for (name, reason) in [
        ("odd.zip!/secret.csv", "encrypted"),
        ("odd.zip!/strange.csv", "method that is not read"),
        ("odd.zip!/damaged.csv", "damaged or cut off"),
        ("odd.zip!/lying.csv", "damaged or cut off"),
    ] {
        let rejects = report.rejects(name);
        assert!(rejects.iter().any(|reject| reject["reason"].contains(reason)), "{name}: {rejects:#?}");
    }
    assert!(read("odd.zip!/lying.csv") < 8);
    let files: Vec<_> = std::fs::read_dir(matter.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        files.iter().all(|name| ["home", "odd.zip", "odd.tar", "out", "out-reidentification"]
            .iter()
            .any(|known| name == known)),
        "{files:?}"
    );
}

#[test]
fn a_cut_archive_gives_what_stood_before_the_cut() {
    let matter = Matter::new();
    let noise: String = (0..4000_u32).map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761))).collect();
    let second = log(2, 50) + "L;2020-02-03T10:00:00Z;+493012345002;+4915123402999;" + &noise + "\n";
    let whole = gzip(&tar(&[(b"one.csv", log(1, 5).as_bytes()), (b"two.csv", second.as_bytes())]));
    matter.write("cut.tgz", &whole[..whole.len() - 9000]);
    let report = reported(&matter, &["cut.tgz"], 3);
    assert_eq!(number(&report.input("cut.tgz!/one.csv")["read"]), 5);
    assert_eq!(number(&report.input("cut.tgz!/two.csv")["read"]), 50);
    assert_eq!(report.rejects("cut.tgz!/two.csv").len(), 1);
    assert!(report.rejects("cut.tgz")[0]["reason"].contains("damaged or cut off"));
    let archive = zip(&[Member::new("one.csv", log(1, 5).as_bytes())]);
    matter.write("cut.zip", &archive[..archive.len() - 30]);
    matter.write("whole.csv", log(3, 5));
    let report = reported(&matter, &["cut.zip", "whole.csv"], 3);
    assert!(report.rejects("cut.zip")[0]["reason"].contains("damaged or cut off"));
    assert_eq!(number(&report.input("whole.csv")["read"]), 5);
}

/// Ten gigabytes in every disguise.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let stream = zeros(10);
    let member = |name: &str, data: &[u8], stated: u64| Member {
        name: name.as_bytes().to_vec(),
        method: 8,
        flags: 0,
        checksum: 0,
        stated,
        data: data.to_vec(),
        at: None,
    };
    let flat = zip(&[member("zeros.csv", &stream, 10 << 30)]);
    let mut overlapping = vec![member("0.csv", &stream[..stream.len() / 10], 1 << 30)];
    for index in 1..10 {
        overlapping
            .push(Member { at: Some(0), ..member(&format!("{index}.csv"), &stream[..stream.len() / 10], 1 << 30) });
    }
    let tar_head = &tar(&[(b"zeros.csv", b"")])[..512];
    let mut header = tar::Header::from_byte_slice(tar_head).clone();
    header.set_size(10 << 30);
    header.set_cksum();
    let mut tarred = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 0];
    tarred.extend([0x00, 0x02, 0xFF, 0xFD]);
    tarred.extend(header.as_bytes());
    tarred.extend(&stream);
    tarred.extend([0; 8]);
    vec![
        ("one member", flat.clone()),
        ("nested", zip(&[Member::new("a.zip", &zip(&[Member::new("b.zip", &flat)]))])),
        ("in a tar.gz", gzip(&tar(&[(b"bomb.zip", &flat)]))),
        ("overlapping", zip(&overlapping)),
        ("gzip alone", gzip_of(&stream)),
        ("a tar member", tarred),
        ("packed twice", gzip(&gzip_of(&stream))),
    ]
}

#[test]
fn bombs_of_ten_gigabytes_are_refused_at_once() {
    for (what, bomb) in bombs() {
        let matter = Matter::new();
        matter.write("bomb.bin", &bomb);
        let start = Instant::now();
        let report = reported(&matter, &["bomb.bin"], 3);
        let took = start.elapsed();
        let rejects = report.csv("rejects");
        assert!(rejects.iter().any(|reject| reject["reason"].contains("--max-unpacked")), "{what}: {rejects:#?}");
        // A second in the build that people use; this one is many times slower.
        assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 }), "{what}: {took:?}");
        eprintln!("{what}: {} bytes refused in {took:?}", bomb.len());
    }
}

#[test]
fn a_member_that_lies_about_its_size_is_cut_there() {
    let matter = Matter::new();
    let lie = Member {
        name: b"small.csv".to_vec(),
        method: 8,
        flags: 0,
        checksum: 0,
        stated: 1000,
        data: zeros(10),
        at: None,
    };
    matter.write("lie.zip", zip(&[lie, Member::new("whole.csv", log(1, 5).as_bytes())]));
    let start = Instant::now();
    let report = reported(&matter, &["lie.zip"], 3);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(number(&report.input("lie.zip!/whole.csv")["read"]), 5);
    assert_eq!(report.rejects("lie.zip!/small.csv").len(), 1);
}

#[test]
fn the_bound_counts_all_nesting_and_can_be_moved() {
    let matter = Matter::new();
    let member = |name: &str| Member::new(name, log(1, 100).as_bytes());
    matter.write("logs.zip", zip(&[member("a.csv"), member("b.csv"), member("c.csv")]));
    let size = log(1, 100).len();
    let bound = (size * 2).to_string();
    let report = reported(&matter, &["logs.zip", "--max-unpacked", &bound], 3);
    assert_eq!(report.csv("inputs").len(), 1);
    assert!(report.rejects("logs.zip")[0]["reason"].contains("raise --max-unpacked"));
    let bound = (size * 4).to_string();
    assert_eq!(reported(&matter, &["logs.zip", "--max-unpacked", &bound], 0).csv("inputs").len(), 4);
    // A packed file over the bound still tells what it is packed in.
    matter.write("log.gz", gzip(log(1, 100).as_bytes()));
    let ended = matter.run(&["inspect", "log.gz", "--max-unpacked", "100", "--json"]).with_code(3);
    let files: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(files[0]["packing"], "gzip");
}

#[test]
fn nesting_has_an_end() {
    let matter = Matter::new();
    let mut archive = log(1, 5).into_bytes();
    for depth in 0..12 {
        archive = zip(&[Member::new(format!("{depth}.zip"), &archive)]);
    }
    matter.write("deep.zip", &archive);
    let report = reported(&matter, &["deep.zip"], 3);
    assert!(report.csv("rejects").iter().any(|reject| reject["reason"].contains("more than 8 containers")));
    let mut packed = log(1, 5).into_bytes();
    for _ in 0..3 {
        packed = gzip(&bzip2(&packed));
    }
    matter.write("often.gz", &packed);
    assert_eq!(number(&reported(&matter, &["often.gz"], 0).input("often.gz")["read"]), 5);
}

#[test]
fn a_thousand_chats_in_a_zip_in_a_tar_gz_are_read_in_one_call() {
    let matter = Matter::new();
    let members: Vec<Member> = (0..1000)
        .map(|index| Member::new(format!("chats/chat {index:04}.txt"), chat(&format!("Kundin {index}")).as_bytes()))
        .collect();
    matter.write("chats.tar.gz", gzip(&tar(&[(b"export/chats.zip", &zip(&members))])));
    let start = Instant::now();
    let report = reported(&matter, &["chats.tar.gz"], 0);
    let inputs = report.csv("inputs");
    eprintln!("1000 chats in {:?}", start.elapsed());
    assert_eq!(inputs.len(), 1002);
    assert_eq!(inputs.iter().map(|row| number(&row["read"]) + number(&row["folded"])).sum::<u64>(), 3000);
}

#[test]
fn standard_input_may_be_a_container_and_stands_there_once() {
    let matter = Matter::new();
    let archive = gzip(&tar(&[(b"log.csv", log(1, 5).as_bytes())]));
    let ended = matter.run_with_input(&["inspect", "-", "--json"], &archive).with_code(0);
    let files: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&files[0]["file"], &files[1]["file"], &files[1]["read"]),
        (&"-".into(), &"-!/log.csv".into(), &5.into())
    );
    assert!(matter.run_with_input(&["inspect", "-", "-"], b"").with_code(2).stderr.contains("only once"));
    let ended = matter.run_with_input(&["inspect", "-", "--max-unpacked", "10"], log(1, 5).as_bytes()).with_code(2);
    assert!(ended.stderr.contains("--max-unpacked"));
}

#[test]
fn the_place_of_a_damaged_gzip_is_where_its_text_ended() {
    let matter = Matter::new();
    let text = log(1, 3);
    let cut = "L1-3;2020-02-03T10:0";
    let mut stream = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255];
    let packed = deflate((text.clone() + cut).as_bytes());
    stream.extend(&packed);
    stream.extend([9; 8]);
    matter.write("log.csv.gz", &stream);
    let report = reported(&matter, &["log.csv.gz"], 3);
    let reject = &report.rejects("log.csv.gz")[0];
    assert_eq!((number(&reject["offset"]), number(&reject["line"])), ((text.len() + cut.len()) as u64, 5));
}
