"""The steps with a program that only counts: who gets which rows, which options, and how failures come out."""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from pathlib import Path

import fake
import pytest
from pyspark.sql import SparkSession

from sendeschluss_spark import BinaryError, ProcessFailed, StepFailed, UnknownOption, UsageError, cli, report
from sendeschluss_spark.work import MARKER


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    die = random.Random(5)
    folder = tmp_path / "ex ports"
    folder.mkdir()
    for number in range(5):
        lines = [f"account{min(die.randrange(12), 7)} text {die.randrange(20)}" for _ in range(10 * (number + 1))]
        (folder / f"{number}.log").write_text("\n".join(lines) + "\n")
    return folder


SLICE_ROWS = 20


def expected(exports: Path) -> dict[str, list[str]]:
    lines = [line for path in sorted(exports.glob("*.log")) for line in path.read_text().splitlines()]
    subjects = Counter(zlib.crc32(line.split(" ")[0].encode()) % 1000 for line in lines)
    texts = list(dict.fromkeys(line.split(" ", 1)[1] for line in lines))
    bursts = []
    for subject, count in subjects.items():
        told = {"slice -1, before False": count}
        if count > SLICE_ROWS:
            half = count // 2
            told = {"slice 1, before False": half, "slice 2, before False": count - half}
            told |= {"slice 2, before True": 3, "slice 0, before False": count}
        bursts += [{"what": what, "subject": subject, "count": rows} for what, rows in told.items()]
    kept = texts[:-1]
    campaigns: Counter[str] = Counter()
    for number in range(len(kept)):
        campaigns[f"contents of {number % 3}, seen by {fake.BANDS}"] += 1
    for line in lines:
        if (text := line.split(" ", 1)[1]) in kept:
            campaigns[f"messages of {kept.index(text) % 3}, seen by {fake.BANDS}"] += 1
    rows: dict[str, list[fake.Row]] = {
        "marks": [
            {"row": number, "initiated": number % 2 == 0, "initiated_longer": False} for number in range(len(lines))
        ],
        "bursts": bursts,
        "campaigns": [{"what": what, "subject": 0, "count": count} for what, count in campaigns.items()],
    }
    return {name: sorted(map(str, told)) for name, told in rows.items()}


def test_every_kernel_gets_its_rows_together(local: SparkSession, exports: Path, tmp_path: Path) -> None:
    work = tmp_path / "work [1] {a,b} 50%20"
    program = fake.program(tmp_path / "bin")
    # More partitions than bands, of which each must still be worked on once.
    outcome = report(
        local,
        [exports],
        tmp_path / "out",
        work,
        program=program,
        ship_binary=True,
        partitions=7,
        slice_rows=SLICE_ROWS,
    )
    told = expected(exports)
    assert any("slice 0" in row for row in told["bursts"])
    assert any("slice -1" in row for row in told["bursts"])
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == told
    assert (outcome.exit_code, outcome.summary) == (0, "all is said\n")
    assert not work.exists()


def test_options_and_files_reach_who_takes_them(
    local: SparkSession, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    program = fake.program(tmp_path / "bin", log=str(log))
    (exports / "case.toml").write_text("# the case")
    own = tmp_path / "home" / "sendeschluss" / "formats"
    own.mkdir(parents=True)
    for path in (own / "b.toml", own / "a.toml", tmp_path / "a.toml"):
        path.write_text(f"# {path}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    given = ["--timezone", "Asia/Tokyo", "--format", "a.toml", "--since", "2019-12-01", "--fail-on", "high"]
    told = report(local, ["ex ports"], "out", "work", program=program, keep_work=True, arguments=given)
    assert told.exit_code == 3
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    calls = {line[0] if line[0] == "report" else line[1]: line for line in lines}
    work = tmp_path / "work"
    inputs = ["--timezone", "Asia/Tokyo", "--format", "a.toml"]
    assert calls["show"] == ["config", "show", "--json", *given, "--", "ex ports"]
    assert calls["inputs"] == ["kernel", "inputs", "--schema", "1", *inputs, "--", "ex ports"]
    gather = ["kernel", "gather", "--schema", "1", *inputs, "--since", "2019-12-01", "--work", str(work)]
    assert calls["gather"] == [*gather, "--", "ex ports"]
    assert calls["report"] == ["report", *given, "--gathered", str(work), "-o", "out", "--", "ex ports"]
    copies = [word.partition("=") for word in calls["ingest"][6:]]
    assert [(name, Path(value).name) for name, _, value in copies] == [
        ("--config", "null"),
        ("--case", "000-case.toml"),
        ("--format", "000-a.toml"),
        ("--format", "001-b.toml"),
        ("--format", "002-a.toml"),
        ("--timezone", "Tokyo"),
    ]
    assert Path(copies[4][2]).read_text() == f"# {tmp_path / 'a.toml'}"
    told_all = ["--schema", "1", "--threads", "1"]
    assert calls["marks"][:-1] == ["kernel", "marks", *told_all, "--tables"]
    assert ["kernel", "content", *told_all] in lines
    assert (work / MARKER).exists()


@pytest.mark.parametrize("kernel", ["ingest", "content --join"])
def test_a_failing_kernel_is_told_with_its_words(
    local: SparkSession, exports: Path, tmp_path: Path, kernel: str
) -> None:
    program = fake.program(tmp_path / "bin", fail=kernel)
    with pytest.raises(StepFailed) as caught:
        report(local, [exports], tmp_path / "out", tmp_path / "work", program=program, partitions=2)
    assert caught.value.told == f"sendeschluss kernel {kernel} ended with code 2: {kernel} is out of order"
    assert caught.value.step == kernel.partition(" ")[0]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "work").exists()


def test_another_program_on_the_executors(local: SparkSession, exports: Path, tmp_path: Path) -> None:
    path = fake.program(tmp_path / "bin")
    real = path.read_text()
    # Whoever has the package of Spark's daemon above it is an executor.
    other = real.replace("import fake", "import fake, subprocess, os").replace(
        "{}", "{'name': 'fake 0.2'} if b'daemon' in open(f'/proc/{os.getppid()}/cmdline', 'rb').read() else {}"
    )
    path.write_text(other)
    with pytest.raises(StepFailed, match=r"is fake 0\.2, the driver's is fake 0\.1"):
        report(local, [exports], tmp_path / "out", tmp_path / "work", program=path)


def test_refused_before_anything_is_done(local: SparkSession, exports: Path, tmp_path: Path) -> None:
    program = fake.program(tmp_path / "bin")
    out, work = tmp_path / "out", tmp_path / "work"
    with pytest.raises(UsageError, match="standard input"):
        report(local, ["-"], out, work, program=program)
    with pytest.raises(UsageError, match="name files"):
        report(local, [], out, work, program=program)
    with pytest.raises(UsageError, match="at least one partition"):
        report(local, [exports], out, work, program=program, partitions=0)
    with pytest.raises(UnknownOption):
        report(local, [exports], out, work, program=program, arguments=["--lnag", "de"])
    with pytest.raises(BinaryError, match="is not there"):
        report(local, [exports], out, work, program=tmp_path / "nowhere")
    with pytest.raises(ProcessFailed, match=r"kernel inputs ended with code 2: `.*gone` does not exist"):
        report(local, [tmp_path / "gone"], out, work, program=program)
    assert not work.exists()


def test_command_line(local: SparkSession, exports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = str(fake.program(tmp_path / "bin"))
    named = ["report", str(exports), "-o", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    assert cli.main([*named, "--binary", program, "--partitions", "2", "--", "--fail-on", "high"]) == 3
    told = capfd.readouterr()
    assert told.out == "all is said\n"
    assert "not all is well" in told.err
    assert cli.main([*named, "--binary", program, "--", "--fail-no", "high"]) == 2
    assert "did you mean `--fail-on`?" in capfd.readouterr().err
    assert cli.main(["report", str(tmp_path / "gone"), *named[2:], "--binary", program]) == 2
    assert cli.main([*named, "--binary", str(fake.program(tmp_path / "broken", fail="marks"))]) == 4
    assert "marks is out of order" in capfd.readouterr().err
    with pytest.raises(SystemExit):
        cli.main([*named, "--lang", "de"])
    assert "after `--`" in capfd.readouterr().err
