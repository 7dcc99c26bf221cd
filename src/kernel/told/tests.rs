//! What is found comes back from a stream as it was, and what tells too little is refused.

use super::super::schema::ACTIVITY;
use super::super::stream::{Taken, read};
use super::rows::row_of;
use super::*;

fn through_a_stream(found: Vec<Found>, numbers: Numbers<'_>) -> Vec<Found> {
    let mut bytes = Vec::new();
    write(found.into_iter().map(|found| found.told(numbers)).collect(), &mut bytes).expect("a stream");
    let batches = read(&ACTIVITY, bytes.as_slice()).expect("a stream");
    let mut back = Vec::new();
    for batch in batches {
        let batch = batch.expect("a batch");
        let taken = Taken::new(&ACTIVITY, &batch);
        back.extend((0..taken.rows()).map(|row| Found::of(row_of(taken, row).expect("a row")).expect("a finding")));
    }
    back
}

fn run(id_of: &str, start: i64, rows: std::ops::Range<usize>, median_gap_ms: Option<f64>) -> Run {
    Run {
        id: id("R", &[id_of.as_bytes(), &start.to_le_bytes()]),
        campaign: 0,
        start,
        end: start + 5,
        accounts: vec![1, 4],
        recipients: 2,
        median_gap_ms,
        gap_cv: median_gap_ms.map(|gap| gap / 3.0),
        rows,
    }
}

#[test]
fn what_is_found_comes_back_as_it_was() {
    let steps = vec![
        Step { recipients: 1, shortest_ms: 0, from: -7, to: -7 },
        Step { recipients: 2, shortest_ms: 9, from: 1, to: 10 },
    ];
    let campaign = Campaign {
        id: "C-0123456789".to_owned(),
        content: 1,
        sample: "Grüße, *Anna*".to_owned(),
        template: "Grüße *".to_owned(),
        texts: 3,
        joined_by: JoinedBy::Template,
        agreement: Some(0.1 + 0.2),
        accounts: vec![1, 4],
        first_sent: 10,
        last_sent: 99,
        recipients: 4,
        replies: 1,
        runs: 0..2,
        coordinated: true,
        drip: true,
        rows: vec![0, 2],
        beside: vec![1],
    };
    let found = vec![
        Found::Account(
            3,
            AccountActivity {
                messages: 5,
                inbound: 2,
                first_sent: None,
                last_sent: Some(-1),
                ..AccountActivity::default()
            },
        ),
        Found::Burst(Judged {
            burst: Burst {
                id: "B-0123456789".to_owned(),
                detector: 2,
                account: 1,
                accounts: vec![1, 4],
                client: Some("Kunde".to_owned()),
                content: 0,
                start: -3,
                end: 4,
                recipients: 7,
                peak: 6,
                peak_at: 2,
                rows: vec![2, 1],
            },
            depends_on: vec![
                Setting::Threshold,
                Setting::Zone(None),
                Setting::DateOrder(Some(12)),
                Setting::ReplyWindow,
            ],
        }),
        Found::Limit(LimitCheck {
            scope: LimitScope::Portfolio,
            client: None,
            accounts: vec![0],
            reach: Reach { highest: 3, highest_at: 1, passed: vec![(2, Some(0)), (4, None)], from: 0, to: 8 },
        }),
        Found::Hot(Hot { detector: 1, account: 0, start: 1, end: 9, first_hot: 3, last_hot: 8, peak: 5, peak_at: 4 }),
        Found::Slice(3, 2),
        Found::Speed(6, steps.clone()),
        Found::Intense(Intense { account: 1, level: 4, from_level: 2, start: 1, end: 2, messages: 3, recipients: 3 }),
        Found::Campaign(Box::new(FoundCampaign {
            runs: vec![
                (run(&campaign.id, 10, 0..1, None), None),
                (run(&campaign.id, 94, 1..2, Some(1.0 / 3.0)), Some(0.7)),
            ],
            campaign,
            depends_on: vec![Setting::RunGap],
            speed: steps,
            first_row: 2,
        })),
        Found::SetAside(SetAside { content: 1, why: INNOCENT[1], messages: 30, recipients: 20 }, 1),
    ];
    let same = through_a_stream(found.clone(), Numbers { rows: &[0, 1, 2], contents: &[0, 1] });
    assert_eq!(same, found);
    // Numbers of the portion become those of all messages.
    let moved = through_a_stream(found, Numbers { rows: &[10, 20, 4_000_000_000], contents: &[0, 77] });
    let Found::Burst(judged) = &moved[1] else { panic!("a burst") };
    assert_eq!((judged.burst.rows.as_slice(), judged.burst.content), (&[4_000_000_000, 20][..], 0));
    let Found::Campaign(campaign) = &moved[7] else { panic!("a campaign") };
    assert_eq!((campaign.first_row, campaign.campaign.content, campaign.campaign.beside[0]), (4_000_000_000, 77, 20));
}

#[test]
fn a_row_that_tells_too_little_is_none() {
    let told = |what: &str| Told { what: what.to_owned(), ..Told::default() };
    for what in ["account", "burst", "limit", "campaign", "set_aside", "intensity", "hot", "slice", "nothing"] {
        assert_eq!(Found::of(told(what)), None, "{what}");
    }
}
