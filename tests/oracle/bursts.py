#!/usr/bin/env python3
"""An independent oracle for bursts: plain SQL in DuckDB over the messages that a report lists.

usage: bursts.py BINARY [LOGS]

Makes LOGS random logs (24 without it) with ties, duplicates, quiet stretches and gaps of exactly one window; runs
BINARY over each with detectors of 15 s, 1 h, 24 h and 30 d, over messages and recipients, initiated and all; computes
every burst again with the sweep below, which shares no line with the program; and compares. Prints one line for each
log; ends with 1 at the first difference.

The sweep: a message counts from its instant until W later; a recipient from a message until W later or until the next
message to it, whichever comes first. The running sum of these beginnings and ends is the count over (t - W, t].
"""

import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb

WINDOWS = {"15s": 15_000, "1h": 3_600_000, "24h": 86_400_000, "30d": 2_592_000_000}
START = datetime(2021, 3, 1, tzinfo=timezone.utc)
OPTIONS = ["--write", "csv", "--with-messages", "--reveal", "--evidence", "0", "--timezone", "UTC", "-q"]

SWEEP = """
WITH counted AS (
    SELECT account, recipient, epoch_ms(sent_at) AS t FROM messages WHERE direction = 'outbound' AND ({over} = 'all' OR initiated)
), beginning AS (
    SELECT account, recipient, t, LEAD(t) OVER (PARTITION BY account, recipient ORDER BY t) AS later FROM counted
), event AS (
    SELECT account, t, 1 AS d FROM beginning
    UNION ALL
    SELECT account, CASE WHEN {counts} = 'recipients' AND later < t + {window} THEN later ELSE t + {window} END, -1
    FROM beginning
), total AS (
    SELECT account, t, SUM(d) AS d FROM event GROUP BY account, t
), running AS (
    SELECT account, t, SUM(d) OVER (PARTITION BY account ORDER BY t ROWS UNBOUNDED PRECEDING) AS c FROM total
), hot AS (
    SELECT account, t, c, LAG(t) OVER (PARTITION BY account ORDER BY t) AS before
    FROM running WHERE c >= {threshold} AND (account, t) IN (SELECT account, t FROM counted)
), numbered AS (
    SELECT account, t, c, SUM(CASE WHEN before IS NULL OR t - {window} > before THEN 1 ELSE 0 END)
        OVER (PARTITION BY account ORDER BY t ROWS UNBOUNDED PRECEDING) AS burst FROM hot
), merged AS (
    SELECT account, burst, MIN(t) - {window} AS opens, MAX(t) AS closes, MAX(c) AS peak FROM numbered GROUP BY account, burst
), peaked AS (
    SELECT m.account, m.burst, m.opens, m.closes, m.peak, MIN(n.t) AS peak_at
    FROM merged m JOIN numbered n ON n.account = m.account AND n.burst = m.burst AND n.c = m.peak
    GROUP BY m.account, m.burst, m.opens, m.closes, m.peak
)
SELECT p.account, MIN(s.t), MAX(s.t), COUNT(*), COUNT(DISTINCT s.recipient), p.peak, p.peak_at
FROM peaked p JOIN counted s ON s.account = p.account AND s.t > p.opens AND s.t <= p.closes
GROUP BY p.account, p.burst, p.peak, p.peak_at
ORDER BY ALL
"""


def log(seed):
    """A log as CSV, and thresholds that make a fair part of its windows hot."""
    die = random.Random(seed)
    accounts, people = die.randint(1, 3), die.choice([5, 40, 400])
    # From bursts within seconds to drips over weeks, so that every window has something to find.
    moods = [0, 20, 400, 15_000, 90_000, 1_800_000, 14_400_000]
    at, rows, mood = START, [], 0
    for index in range(die.randint(600, 1200)):
        if index % die.randint(10, 60) == 0:
            mood = die.choice(moods)
        step = die.randint(0, mood) if mood else 0
        if die.random() < 0.02:
            # Exactly the lengths at which windows open, close and touch.
            step = die.choice(list(WINDOWS.values())[: 4 if die.random() < 0.1 else 3]) * die.choice([1, 2])
            step += die.choice([-1, 0, 1])
        at += timedelta(milliseconds=step)
        account, person = die.randrange(accounts), die.randrange(people)
        own, other = f"+4930555{account:04}", f"+49151777{person:05}"
        inbound = die.random() < 0.1
        sender, to, way = (other, own, "inbound") if inbound else (own, other, "outbound")
        row = f"N{seed}-{index},{at.isoformat(timespec='milliseconds')},{sender},{to},{way},Text {index % 7}\n"
        rows.append(row)
        if die.random() < 0.03:
            # The same record again: it must fold, not count twice.
            rows.append(row)
    if seed % 3 == 1:
        die.shuffle(rows)
    thresholds = {"15s": die.randint(3, 20), "1h": die.randint(5, 40), "24h": die.randint(10, 60), "30d": die.randint(20, 120)}
    return "message id,sent at,from,to,direction,body\n" + "".join(rows), thresholds


def detectors(thresholds, people):
    """The detectors of one log: name, window, threshold, counts, over; and the file that says so."""
    told, text = [], ""
    for name, window in WINDOWS.items():
        for counts in ["messages", "recipients"]:
            for over in ["initiated", "all"]:
                # More recipients than there are people can never be reached.
                threshold = min(thresholds[name], max(people - 1, 1)) if counts == "recipients" else thresholds[name]
                told.append((f"{name}-{counts}-{over}", window, threshold, counts, over))
                text += (
                    f'[[detector]]\nname = "{name}-{counts}-{over}"\nwindow = "{name}"\nthreshold = {threshold}\n'
                    f'counts = "{counts}"\nover = "{over}"\nscope = "account"\nmark = "own"\nsource = "oracle"\n'
                )
    return told, text


def expected(connection, detector):
    name, window, threshold, counts, over = detector
    sql = SWEEP.format(window=window, threshold=threshold, counts=f"'{counts}'", over=f"'{over}'")
    return {(name, *row) for row in connection.execute(sql).fetchall()}


def told(connection, report, names):
    sql = """
        SELECT detector, account, epoch_ms("start"::TIMESTAMPTZ), epoch_ms("end"::TIMESTAMPTZ), messages::BIGINT,
               recipients::BIGINT, peak::BIGINT, epoch_ms(peak_at::TIMESTAMPTZ)
        FROM read_csv(?, header = true, all_varchar = true)
    """
    rows = connection.execute(sql, [str(report / "csv" / "bursts.csv")]).fetchall()
    return {tuple(row) for row in rows if row[0] in names}


def main():
    binary, logs = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 24
    found = dict.fromkeys(WINDOWS, 0)
    for seed in range(logs):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            text, thresholds = log(seed)
            people = len({field for line in text.splitlines()[1:] for field in line.split(",")[2:4] if field[1:9] == "49151777"})
            wanted, toml = detectors(thresholds, people)
            (folder / "log.csv").write_text(text)
            (folder / "detectors.toml").write_text(toml)
            command = [binary, "report", "log.csv", "-o", "report", "--detectors", "detectors.toml", *OPTIONS]
            subprocess.run(command, cwd=folder, check=True)
            connection = duckdb.connect()
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                "CREATE TABLE messages AS SELECT account, recipient, sent_at, direction, initiated FROM read_parquet(?)",
                [str(folder / "report" / "messages.parquet")],
            )
            bursts = 0
            for detector in wanted:
                ours = expected(connection, detector)
                theirs = told(connection, folder / "report", {detector[0]})
                if ours != theirs:
                    print(f"log {seed}, {detector}: SQL and program differ")
                    print("  only SQL:", *sorted(ours - theirs)[:5], sep="\n    ")
                    print("  only program:", *sorted(theirs - ours)[:5], sep="\n    ")
                    return 1
                found[detector[0].split("-")[0]] += len(ours)
                bursts += len(ours)
            rows = connection.execute("SELECT COUNT(*) FROM messages").fetchone()[0]
            print(f"log {seed}: {rows} messages, {bursts} bursts of {len(wanted)} detectors agree")
    print("bursts by window:", found)
    # An oracle that is never asked agrees with everything.
    return 0 if all(count >= logs for count in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
