"""The figures of one comparison, as data for JSON and as the Markdown table."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field

from measure import Took
from questions import COUNT, QUESTIONS
from tasks import PROGRAM, Task

MIB = 1024 * 1024


@dataclass
class Line:
    """One way and its runs; `failure` says why there are none, or no more."""

    task: Task
    runs: list[Took] = field(default_factory=list)
    failure: str | None = None

    def seconds(self) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs)

    def processor(self) -> float:
        """The median of the processor seconds."""
        return statistics.median(run.processor for run in self.runs)

    def peak(self) -> int:
        """The greatest of all runs, in bytes."""
        return max(run.peak_bytes for run in self.runs)


def base_of(question: str, lines: list[Line]) -> Line | None:
    """The program's own answer to a question, which the others are compared with."""
    return next((line for line in lines if line.task.engine == PROGRAM and line.task.question == question and line.runs), None)


def table(lines: list[Line], sizes: dict[str, int]) -> str:
    """The Markdown table: for each question each way, with its ratio to the program. `sizes`: bytes of each question's file."""
    rows = [
        "| question | engine | way | seconds | least to most | processor s | MB/s | peak MiB | times ours | times the report |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for question in QUESTIONS:
        base = base_of(question.name, lines)
        report = None if question.webhooks else base_of(COUNT, lines)
        for line in (each for each in lines if each.task.question == question.name):
            head = f"| {question.name} | {line.task.engine} | {line.task.way} |"
            if not line.runs:
                rows.append(f"{head} {(line.failure or 'not run').splitlines()[0]} | | | | | | |")
                continue
            seconds = [run.seconds for run in line.runs]
            ratio, to_report = (f"{line.seconds() / own.seconds():.2f}" if own else "" for own in (base, report))
            rate = sizes[question.name] / 1e6 / line.seconds()
            rows.append(
                f"{head} {line.seconds():.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {line.processor():.2f} "
                f"| {rate:.0f} | {line.peak() / MIB:,.0f} | {ratio} | {to_report} |"
            )
    return "\n".join(rows)


def as_data(line: Line) -> dict[str, object]:
    """One line for JSON."""
    told: dict[str, object] = {"question": line.task.question, "engine": line.task.engine, "way": line.task.way}
    if line.runs:
        told |= {"median_seconds": line.seconds(), "median_processor": line.processor(), "peak_bytes": line.peak()}
    return told | {"runs": [asdict(run) for run in line.runs], "failure": line.failure}
