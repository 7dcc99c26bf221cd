#!/usr/bin/env python3
"""A year of nights: daily exports, each imported into one ledger, and a report over the last weeks after each.

Prints a table of seconds and peak memory of `import` and of `report --ledger --since` against the night, so that one sees
whether a night costs what its day costs, or what the year before it costs. Only the standard library is used.

    benches/ledger/nightly.py --program target/release/sendeschluss --nights 365 --messages 20000
"""

import argparse
import datetime
import os
import pathlib
import random
import shutil
import tempfile
import time

TEXTS = ["Die neue Ausgabe ist da: Seite {n}", "Heute im Blatt: das Wetter", "Rabatt nur heute, {n} Prozent!", "Ihr Code lautet {n}"]


def day(path, night, count, start, die):
    """The export of a day: its messages, and the statuses that came for those of the day before."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("message id,sent at,from,to,status,body\n")
        begin = start + datetime.timedelta(days=night)
        step = 86_000.0 / count
        earlier = range(0, count, 10) if night else range(0)
        for message in earlier:
            at = begin + datetime.timedelta(seconds=message * step / 10)
            out.write(f"{ident(night - 1, message)},{at:%Y-%m-%d %H:%M:%S} +00:00,+491522889500,{person(night - 1, message)},read,\n")
        for message in range(count):
            at = begin + datetime.timedelta(seconds=message * step)
            # A tenth of the texts is for one person alone, as a help desk writes.
            if die.random() < 0.1:
                text = f"Guten Tag, zu Ihrer Frage {chr(97 + night % 26)}{word(message)} {word(message * 7 + night)}"
            else:
                text = die.choice(TEXTS).replace("{n}", str(die.randrange(90)))
            out.write(f"{ident(night, message)},{at:%Y-%m-%d %H:%M:%S} +00:00,+491522889500,{person(night, message)},sent,\"{text}\"\n")


def ident(night, message):
    return f"SM{night:06d}{message:012d}"


def person(night, message):
    return f"+4915228{(night * 7919 + message * 31) % 100_000:06d}"


def word(number):
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


def run(program, arguments, home):
    """Seconds and peak memory in MiB of a run; its output is thrown away."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.chdir(home)
        os.execve(program, [program, *arguments], {"HOME": str(home), "PATH": "/usr/bin:/bin"})
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{arguments} ended in {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - begun, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, type=os.path.abspath)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=35, help="how far back each report goes")
    parser.add_argument("--every", type=int, default=30, help="nights between two lines of the table")
    parser.add_argument("--reports", type=int, default=1, help="nights between two reports; the last night has one")
    parser.add_argument("--keep", help="folder to work in, which is then kept")
    chosen = parser.parse_args()
    home = pathlib.Path(chosen.keep or tempfile.mkdtemp(prefix="nightly-"))
    home.mkdir(parents=True, exist_ok=True)
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    die = random.Random(7)
    print(f"{chosen.nights} nights of {chosen.messages} messages, reports over {chosen.days} days\n")
    print("| night | import s | MiB | report s | MiB | ledger MB |")
    print("|---:|---:|---:|---:|---:|---:|")
    slowest = [0.0, 0.0, 0.0, 0.0]
    try:
        for night in range(chosen.nights):
            (home / "in").mkdir(exist_ok=True)
            name = f"in/{start + datetime.timedelta(days=night):%Y-%m-%d}.csv"
            day(home / name, night, chosen.messages, start, die)
            took = run(chosen.program, ["import", "--ledger", "books", name, "-q"], home)
            since = start + datetime.timedelta(days=max(0, night + 1 - chosen.days))
            arguments = ["report", "--ledger", "books", "-o", "out", "--since", f"{since:%Y-%m-%d}", "-q", "--write", "csv,json"]
            reported = night % chosen.reports == 0 or night == chosen.nights - 1
            told = run(chosen.program, arguments, home) if reported else (0.0, 0.0)
            slowest = [max(one, other) for one, other in zip(slowest, [*took, *told])]
            if reported and (night % chosen.every == 0 or night == chosen.nights - 1):
                size = sum(file.stat().st_size for file in (home / "books").rglob("*") if file.is_file()) / 1e6
                print(f"| {night + 1} | {took[0]:.2f} | {took[1]:.0f} | {told[0]:.2f} | {told[1]:.0f} | {size:.1f} |", flush=True)
        print(f"| most of all nights | {slowest[0]:.2f} | {slowest[1]:.0f} | {slowest[2]:.2f} | {slowest[3]:.0f} | |")
    finally:
        if not chosen.keep:
            shutil.rmtree(home)


if __name__ == "__main__":
    main()
