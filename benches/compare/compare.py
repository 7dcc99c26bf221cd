"""Asks the program, DuckDB, Polars, ClickHouse and pandas the same questions over the same file, and compares.

Answers are compared before any time is printed; where two differ, both are told and the end is 1.
The log has the columns of `generate log --shape csv`, the webhooks those of `--shape meta` (benches/generate).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path

import machine
from figures import Line, as_data, table
from measure import run, warm
from questions import COLUMNS, QUESTIONS, Answer, difference
from tasks import ENGINES, PROGRAM, Task, environment, of_engine, of_program, version_of

# Of a difference, this many values are told.
TOLD_DIFFERENCES = 10
# What shells end with after Ctrl-C.
INTERRUPTED = 130


def arguments() -> argparse.Namespace:
    own = "sendeschluss"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, help="the program, as released")
    parser.add_argument("log", type=Path, help="CSV of the generator")
    parser.add_argument(
        "--webhooks", type=Path, metavar="FILE", help="JSON Lines of the generator; without it, no questions about them"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each way; the median is told (3)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads and cores for everybody (2)")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="longest time of one run (600)")
    parser.add_argument(
        "--engines", nargs="+", choices=[own, *ENGINES], default=[own, *ENGINES], metavar="ENGINE", help="only these"
    )
    names = [question.name for question in QUESTIONS]
    parser.add_argument(
        "--questions", nargs="+", choices=names, default=names, metavar="QUESTION", help=f"only these, of {', '.join(names)}"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option more for the reports, as --option=--memory=4GiB",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    chosen = parser.parse_args()
    if chosen.rounds < 1 or chosen.threads < 1 or chosen.limit <= 0:
        parser.error("rounds, threads and the limit are 1 or more")
    with chosen.log.open(encoding="utf-8", newline="") as file:
        if next(csv.reader(file), []) != COLUMNS:
            parser.error(f"the log does not have the columns {', '.join(COLUMNS)}")
    return chosen


def ask(line: Line, path: Path, chosen: argparse.Namespace) -> Answer | None:
    """Runs one way once, keeps what it took in its line, and gives its answer; `None` where it gave none."""
    with tempfile.TemporaryDirectory(prefix="sendeschluss-compare-") as name:
        folder = Path(name)
        command = line.task.command(path, folder, chosen.threads)
        ended = run(command, environment(chosen.threads, folder), folder, chosen.limit)
        if ended.failure:
            line.failure = ended.failure
            return None
        answer, took = line.task.result(ended, folder)
        line.runs.append(took)
        return answer


def differences(task: Task, answer: Answer, known: dict[str, list[tuple[Task, Answer]]]) -> list[str]:
    """What differs from the answers that are known already; the answer is one of them from then on."""
    question = next(each for each in QUESTIONS if each.name == task.question)
    if not answer:
        return [f"{task.question}: {task.name} found nothing, and nothing agrees with everything; the log is too small"]
    for other, earlier in known.setdefault(task.question, []):
        told = difference(question, earlier, answer)
        if told:
            more = [f"  and {len(told) - TOLD_DIFFERENCES} more"] if len(told) > TOLD_DIFFERENCES else []
            return [
                f"{task.question}: {other.name} and {task.name} differ",
                *(f"  {each}" for each in told[:TOLD_DIFFERENCES]),
                *more,
            ]
    known[task.question].append((task, answer))
    return []


def rounds(lines: list[Line], chosen: argparse.Namespace, paths: dict[str, Path]) -> bool:
    """All rounds, each through all ways, so that a slow moment of the machine meets more than one; false where answers differ."""
    for path in set(paths.values()):
        warm(path)
    for number in range(1, chosen.rounds + 1):
        known: dict[str, list[tuple[Task, Answer]]] = {}
        for line in lines:
            if line.failure:
                continue
            print(f"round {number}: {line.task.question}: {line.task.name}", file=sys.stderr, flush=True)
            answer = ask(line, paths[line.task.question], chosen)
            told = differences(line.task, answer, known) if answer is not None else []
            if told:
                print(*told, sep="\n")
                return False
    return True


def compared(lines: list[Line]) -> list[str]:
    """For each question, how many ways gave the answer that was compared."""
    told = []
    for question in QUESTIONS:
        count = sum(1 for line in lines if line.task.question == question.name and line.runs)
        if count:
            agree = f"{count} ways agree" if count > 1 else "one way only"
            shared = " in what each of them tells" if question.partial and count > 1 else ""
            told.append(f"{question.name} ({question.words}): {agree}{shared}")
    return told


def main() -> int:
    chosen = arguments()
    binary = chosen.binary.resolve()
    pinned = machine.pin(chosen.threads)
    paths = {
        question.name: (chosen.webhooks if question.webhooks else chosen.log).resolve()
        for question in QUESTIONS
        if question.name in chosen.questions and (chosen.webhooks or not question.webhooks)
    }
    versions, tasks = [], []
    for engine in chosen.engines:
        if engine == PROGRAM.lower():
            version, ways = version_of(binary), of_program(binary, tuple(chosen.option))
        else:
            with tempfile.TemporaryDirectory() as folder:
                version, ways = of_engine(engine, environment(chosen.threads, Path(folder)))
        versions.append(version)
        tasks += [task for task in ways if task.question in paths]
    order = [question.name for question in QUESTIONS]
    lines = [Line(task) for task in sorted(tasks, key=lambda task: order.index(task.question))]
    interrupted = False
    try:
        if not rounds(lines, chosen, paths):
            return 1
    except KeyboardInterrupt:
        # Long comparisons may be cut short; what was compared until then is told.
        interrupted = True
        print("interrupted: figures of the runs until then", file=sys.stderr)

    on = machine.describe()
    sizes = {question: path.stat().st_size for question, path in paths.items()}
    memory = f"{int(on['memory_bytes']) / 2**30:.1f} GiB"
    print(f"{on['processor']}, {on['cores']} cores, {memory}, {on['system']}, Python {on['python']}")
    print(", ".join(versions))
    messages = rows_of(chosen.log)
    files = f"{messages:,} messages in {chosen.log.stat().st_size:,} bytes"
    if chosen.webhooks:
        files += f", webhooks of {chosen.webhooks.stat().st_size:,} bytes"
    held = "held to as many cores" if pinned else "not held to cores"
    done = max((len(line.runs) for line in lines), default=0)
    print(f"{files}; {chosen.threads} threads, {held}; median of {done}; cache warm")
    print(*compared(lines), sep="\n")
    print()
    print(table(lines, sizes))
    for line in lines:
        # The table has a failure only where there are no figures, and its first line only.
        if line.failure and (line.runs or line.failure != "timed out"):
            print(f"\n{line.task.question}: {line.task.name}: {line.failure}")
    if chosen.json:
        figures = {
            "machine": on,
            "versions": versions,
            "threads": chosen.threads,
            "rounds": done,
            "limit_seconds": chosen.limit,
            "options": chosen.option,
            "messages": messages,
            "log_bytes": chosen.log.stat().st_size,
            "webhooks_bytes": chosen.webhooks.stat().st_size if chosen.webhooks else None,
            "lines": [as_data(line) for line in lines],
        }
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")
    if interrupted:
        return INTERRUPTED
    # A way that failed, other than by time, leaves the comparison incomplete.
    return 1 if any(line.failure not in (None, "timed out") for line in lines) else 0


def rows_of(log: Path) -> int:
    """Records of the log, one for each message: line ends outside quotes, without that of the header."""
    ends, quoted = 0, False
    with log.open("rb", buffering=0) as file:
        while block := file.read(1 << 23):
            # A quote inside a field is written twice and so changes nothing.
            parts = block.split(b'"')
            ends += sum(part.count(b"\n") for part in parts[quoted::2])
            quoted ^= len(parts) % 2 == 0
    return ends - 1


if __name__ == "__main__":
    sys.exit(main())
