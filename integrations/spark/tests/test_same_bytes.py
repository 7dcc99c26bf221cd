"""The real program on a cluster of two executors: the report folder is that of the program alone, byte for byte."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import conftest
import logs
import pytest
from pyspark.sql import SparkSession

from sendeschluss_spark import Outcome, report

# The first run makes the key; without it every run would have pseudonyms of its own.
OPTIONS = ["--write", "csv,json,html", "--key", "key"]

SLICE_ROWS = 400

FORMAT = """
name = "own-relay"
title = "Our own relay"
source = "made up"
confidence = "A"
kind = "delimited"

[recognise]
header = ["zeta", "eta", "theta"]

[constants]
platform = "sms"
direction = "outbound"

[columns]
sent_at = ["zeta"]
sender = "eta"
recipient = "theta"
"""

# Stands before the real program. The first call of a kernel, on whichever executor, kills the executor's JVM above it.
KILLER = """#!{python}
import os, sys
if sys.argv[1:3] == ["kernel", {kernel!r}]:
    try:
        os.close(os.open({marker!r}, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        pass
    else:
        pid = os.getppid()
        while b"CoarseGrainedExecutorBackend" not in open(f"/proc/{{pid}}/cmdline", "rb").read():
            pid = int(open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[1])
            assert pid > 1, "no executor above"
        os.kill(pid, 9)
        sys.exit(1)
os.execv({program!r}, [{program!r}, *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def cluster(program: Path) -> Iterator[SparkSession]:
    spark = conftest.session("local-cluster[2,1,1024]")
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def places(program: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each log, with the report of the program alone in it."""
    folders = {}
    for name, write in logs.LOGS.items():
        folders[name] = tmp_path_factory.mktemp(name)
        write(folders[name])
        alone(program, folders[name], OPTIONS)
    return folders


def alone(program: Path, folder: Path, options: list[str], name: str = "alone") -> None:
    subprocess.run([program, "report", *options, "-o", name, "exports"], cwd=folder, check=True, capture_output=True)


def same(folder: Path, name: str, alone: str = "alone") -> None:
    left, right = files(folder / alone), files(folder / name)
    assert left.keys() == right.keys()
    assert [path for path in left if left[path] != right[path]] == []


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("partitions", [1, 4, 7])
@pytest.mark.parametrize("log", sorted(logs.LOGS))
def test_same_bytes(
    cluster: SparkSession,
    program: Path,
    places: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    log: str,
    partitions: int,
) -> None:
    monkeypatch.chdir(places[log])
    name = f"spark-{partitions}"
    # Every other time the program goes with the job instead of lying on each machine.
    ship = partitions == 4
    told = report(
        cluster,
        ["exports"],
        name,
        "work",
        program=program,
        ship_binary=ship,
        partitions=partitions,
        # The giant account is cut into a dozen slices of time, each of which may lie in another partition.
        slice_rows=SLICE_ROWS if partitions == 7 else None,
        arguments=OPTIONS,
    )
    assert told.exit_code == 0
    same(places[log], name)
    assert not Path("work").exists()


def test_broken_records_are_rows_of_rejects(places: dict[str, Path]) -> None:
    with (places["mixed"] / "spark-7" / "csv" / "rejects.csv").open(newline="") as file:
        rows = [row["file"] for row in csv.DictReader(file)]
    assert rows == ["exports/panel-2019.csv", "exports/sms-backup.xml", "exports/webhooks.jsonl"]


def test_settings_of_every_origin(
    cluster: SparkSession, program: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A settings file, a variable, a format of the user's own and options, none of which executors have."""
    folder = places["mixed"]
    shutil.copytree(folder / "exports", folder / "plus" / "exports")
    shutil.copy(folder / "key", folder / "plus" / "key")
    monkeypatch.chdir(folder / "plus")
    formats = folder / "plus" / "home" / "sendeschluss" / "formats"
    formats.mkdir(parents=True)
    (formats / "own.toml").write_text(FORMAT)
    Path("exports/own.csv").write_text("zeta|eta|theta\n02.01.2020 10:00:00|447700900900|447700900003\n")
    Path("sendeschluss.toml").write_text('case = "else/other.toml"\nlang = "de"\n')
    Path("else").mkdir()
    shutil.move("exports/case.toml", "else/other.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "plus" / "home"))
    monkeypatch.setenv("SENDESCHLUSS_DATE_ORDER", "dmy")
    options = [*OPTIONS, "--since", "2019-11-25", "--with-messages", "--fail-on", "critical", "--evidence=100"]
    result = subprocess.run([program, "report", *options, "-o", "alone", "exports"], capture_output=True, check=False)
    told = report(cluster, ["exports"], "spark", "work", program=program, partitions=3, arguments=options)
    assert (told.exit_code, result.returncode) == (1, 1)
    # Only the last line, which names the folder, differs.
    assert told.summary.splitlines()[:-1] == result.stdout.decode().splitlines()[:-1]
    assert ",own-relay," in Path("alone/csv/inputs.csv").read_text()
    same(Path.cwd(), "spark")


@pytest.mark.parametrize("kernel", ["marks", "campaigns"])
def test_an_executor_that_dies(
    cluster: SparkSession, program: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    folder = places["coordinated"]
    monkeypatch.chdir(folder)
    marker = folder / f"killed-{kernel}"
    killer = folder / f"{kernel}-killer"
    names = {"python": sys.executable, "kernel": kernel, "marker": str(marker), "program": str(program)}
    killer.write_text(KILLER.format(**names))
    killer.chmod(0o755)
    told: Outcome = report(
        cluster, ["exports"], f"after-{kernel}", "work", program=killer, partitions=4, arguments=OPTIONS
    )
    assert marker.exists()
    assert told.exit_code == 0
    same(folder, f"after-{kernel}")
