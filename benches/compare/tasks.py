"""What is run: one task for each way in which an engine, or the program itself, answers a question."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from measure import Ended, Took
from questions import COUNT, HOUR, MESSAGES, MINUTE, Answer, Window, account, window_question

HERE = Path(__file__).resolve().parent
PROGRAM = "Sendeschluss"
# In the order of the table.
ENGINES = ["duckdb", "polars", "clickhouse", "pandas"]


@dataclass(frozen=True)
class Task(ABC):
    """One question, asked of one engine in one way."""

    question: str
    engine: str
    way: str

    @property
    def name(self) -> str:
        return f"{self.engine}, {self.way}"

    @abstractmethod
    def command(self, path: Path, folder: Path, threads: int) -> list[str]:
        """The command that answers the question over the file; the folder is empty and its own."""

    @abstractmethod
    def result(self, ended: Ended, folder: Path) -> tuple[Answer, Took]:
        """The answer of a run that went well, and what it took."""


@dataclass(frozen=True)
class EngineTask(Task):
    """A question for one of the engines, answered by `worker.py`."""

    module: str

    def command(self, path: Path, folder: Path, threads: int) -> list[str]:
        return [sys.executable, str(HERE / "worker.py"), self.module, self.question, self.way, str(path), str(threads)]

    def result(self, ended: Ended, folder: Path) -> tuple[Answer, Took]:
        told = json.loads(ended.output)
        # Seconds without the start of Python; memory cannot be told apart and is that of the process.
        return told["answer"], Took(told["seconds"], told["processor"], ended.took.peak_bytes)


@dataclass(frozen=True)
class ReportTask(Task):
    """A report of the program: the default one, or with one detector more that asks for the highest count in a window."""

    binary: Path
    options: tuple[str, ...]
    window: Window | None

    def command(self, path: Path, folder: Path, threads: int) -> list[str]:
        command = [str(self.binary), "report", str(path), "-o", "report", "--key", "key", "-q", "--threads", str(threads)]
        if self.window is None:
            return [*command, "--write", "csv,json", *self.options]
        (folder / "detectors.toml").write_text(
            f'[[detector]]\nname = "{DETECTOR}"\nwindow = "{self.window.milliseconds}ms"\nthreshold = {self.window.floor}\n'
            'counts = "recipients"\nover = "all"\nscope = "account"\nmark = "own"\nsource = "comparison"\n'
        )
        return [*command, "--write", "csv", "--evidence", "0", "--detectors", "detectors.toml", *self.options]

    def result(self, ended: Ended, folder: Path) -> tuple[Answer, Took]:
        report = folder / "report"
        if self.window is None:
            counts = json.loads((report / "findings.json").read_text())["completeness"]
            return {"rows": counts["records"]}, ended.took
        peaks: Answer = {}
        with (report / "csv" / "bursts.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["detector"] == DETECTOR:
                    name = account(row["account"])
                    peaks[name] = max(peaks.get(name, 0), int(row["peak"]))
        return peaks, ended.took


DETECTOR = "comparison"


@dataclass(frozen=True)
class InspectTask(Task):
    """`inspect`: from the bytes to the messages, and no further."""

    binary: Path

    def command(self, path: Path, folder: Path, threads: int) -> list[str]:
        return [str(self.binary), "inspect", "--json", "--threads", str(threads), str(path)]

    def result(self, ended: Ended, folder: Path) -> tuple[Answer, Took]:
        files = json.loads(ended.output)
        return {"items": sum(file["records"] for file in files), "messages": sum(file["messages"] for file in files)}, ended.took


def of_program(binary: Path, options: tuple[str, ...]) -> list[Task]:
    """The ways of the program itself. The first is the whole report, which all are compared with."""
    return [
        ReportTask(COUNT, PROGRAM, "the whole report", binary, options, None),
        *(
            ReportTask(window_question(window), PROGRAM, "report with one detector more", binary, options, window)
            for window in [HOUR, MINUTE]
        ),
        InspectTask(MESSAGES, PROGRAM, "inspect", binary),
    ]


def of_engine(module: str, environment: dict[str, str]) -> tuple[str, list[Task]]:
    """The version of an engine, and its ways."""
    command = [sys.executable, str(HERE / "worker.py"), module]
    told = json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    engine = told["version"].partition(" ")[0]
    return told["version"], [EngineTask(question, engine, way, module) for question, way in told["ways"]]


def version_of(binary: Path) -> str:
    """The version of the program, as it tells it."""
    told = subprocess.run([str(binary), "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return f"{PROGRAM} {told[-1]}"


def environment(threads: int, folder: Path) -> dict[str, str]:
    """The environment of all runs: threads for engines that ask it, and none of the user's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SENDESCHLUSS_")}
    own = {name: str(folder) for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"]}
    counts = {name: str(threads) for name in ["POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]}
    return {**kept, **own, **counts}
