"""One process: large streams both ways, failures, early ends, empty partitions."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from sendeschluss_spark import BinaryError, ContractError, ProcessFailed, process

SCHEMA = pa.schema([("number", pa.int64()), ("body", pa.binary())])
START = "import sys, time, os, pyarrow as pa; inp, out = sys.stdin.buffer, sys.stdout.buffer\n"
ECHO = """
reader = pa.ipc.open_stream(inp)
writer = pa.ipc.new_stream(out, reader.schema)
for batch in reader:
    writer.write_batch(batch)
    sys.stderr.write("x" * 3000 + "\\n")
writer.close()
"""
WHOLE = """
table = pa.ipc.open_stream(inp).read_all()
with pa.ipc.new_stream(out, table.schema) as writer:
    writer.write_table(table)
"""


def batches(count: int, size: int = 1 << 20) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        yield pa.RecordBatch.from_arrays([pa.array([number]), pa.array([bytes(size)])], schema=SCHEMA)


def answers(code: str, given: Iterator[pa.RecordBatch] | None, writes: pa.Schema = SCHEMA) -> Iterator[pa.RecordBatch]:
    command = [sys.executable, "-c", START + code]
    return process.stream(command, "test", given, SCHEMA, writes, process.environment())


def numbers(rows: Iterator[pa.RecordBatch]) -> list[int]:
    return [number for batch in rows for number in batch.column("number").to_pylist()]


def gone(pid: int) -> bool:
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split(")")[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_much_data_both_ways_while_it_talks() -> None:
    assert numbers(answers(ECHO, batches(80))) == list(range(80))


def test_nothing_is_taken_from_spark_before_it_is_wanted() -> None:
    taken = []

    def watched() -> Iterator[pa.RecordBatch]:
        for batch in batches(80):
            taken.append(batch.column("number")[0].as_py())
            yield batch

    rows = answers(ECHO, watched())
    next(rows)
    time.sleep(0.5)
    assert len(taken) < 40
    assert len(numbers(rows)) == 79


def test_input_wholly_held_before_the_answer() -> None:
    assert len(numbers(answers(WHOLE, batches(30)))) == 30


def test_empty_partition_starts_nothing() -> None:
    empty = pa.RecordBatch.from_pylist([], schema=SCHEMA)
    missing = ["/does/not/exist"]
    assert list(process.stream(missing, "test", iter([]), SCHEMA, SCHEMA)) == []
    assert list(process.stream(missing, "test", iter([empty, empty]), SCHEMA, SCHEMA)) == []


def test_program_that_is_not_there() -> None:
    with pytest.raises(BinaryError, match="/does/not/exist cannot be run"):
        list(process.stream(["/does/not/exist"], "test", batches(1), SCHEMA, SCHEMA))


@pytest.mark.parametrize("before", ["", "inp.read(100000)\n", "inp.read()\n"])
def test_failure_tells_code_and_last_words(before: str) -> None:
    code = before + "print('\\n'.join(f'line {n}' for n in range(9000)), file=sys.stderr); sys.exit(7)"
    with pytest.raises(ProcessFailed) as caught:
        numbers(answers(code, batches(20)))
    assert (caught.value.kernel, caught.value.exit_code) == ("test", 7)
    lines = caught.value.stderr.splitlines()
    assert lines[-1] == "line 8999"
    assert len(lines) == process.STDERR_LINES
    assert "sendeschluss test ended with code 7" in str(caught.value)


def test_failure_in_the_middle_of_the_answer() -> None:
    code = ECHO.replace("writer.close()", "os.kill(os.getpid(), 9)")
    with pytest.raises(ProcessFailed, match="ended by signal 9") as caught:
        numbers(answers(code, batches(3)))
    assert caught.value.exit_code == -9


def test_one_endless_line_on_standard_error_stays_bounded() -> None:
    code = "sys.stderr.write('y' * 10_000_000); sys.exit(1)"
    with pytest.raises(ProcessFailed) as caught:
        numbers(answers(code, batches(1)))
    assert len(caught.value.stderr) <= process.STDERR_BYTES


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("inp.read()", "no whole Arrow stream"),
        ("inp.read(); out.write(b'hello, this is no stream of Arrow at all')", "no whole Arrow stream"),
        ("pa.ipc.new_stream(out, pa.schema([('number', pa.int64()), ('body', pa.binary())])).close()", "whole input"),
    ],
)
def test_success_without_a_right_answer_is_a_failure(code: str, told: str) -> None:
    with pytest.raises(ProcessFailed, match=told):
        numbers(answers(code, batches(20)))


def test_answer_of_another_schema() -> None:
    other = pa.schema([("number", pa.int64()), ("word", pa.string())])
    with pytest.raises(ContractError, match="columns are missing: word"):
        numbers(answers(ECHO, batches(2), other))
    narrow = pa.schema([("number", pa.list_(pa.int64()))])
    with pytest.raises(ContractError, match="column number is int64"):
        numbers(answers(ECHO, batches(2), narrow))


def test_early_end_kills_the_process(tmp_path: Path) -> None:
    rows = answers(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n" + ECHO, batches(1000, 1 << 16))
    next(rows)
    pid = int((tmp_path / "pid").read_text())
    rows.close()  # type: ignore[attr-defined]
    assert gone(pid)


def test_error_of_the_input_wins_and_no_half_input_is_answered() -> None:
    def breaking() -> Iterator[pa.RecordBatch]:
        yield from batches(3)
        raise RuntimeError("shuffle lost")

    with pytest.raises(RuntimeError, match="shuffle lost"):
        numbers(answers(WHOLE, breaking()))


def test_without_input() -> None:
    code = "b = pa.record_batch({'number': [5]})\nwith pa.ipc.new_stream(out, b.schema) as writer: writer.write(b)"
    assert numbers(answers(code, None, pa.schema([("number", pa.int64())]))) == [5]


def test_process_without_streams() -> None:
    echo = io.StringIO()
    code = "import sys; print('out'); print('ört', file=sys.stderr); sys.exit(3)"
    assert process.run([sys.executable, "-c", code], "x", (0, 3), echo) == (3, b"out\n")
    assert echo.getvalue() == "ört\n"
    with pytest.raises(ProcessFailed, match="sendeschluss x ended with code 3: ört"):
        process.run([sys.executable, "-c", code], "x")


def test_settings_of_an_executor_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDESCHLUSS_TIMEZONE", "Asia/Tokyo")
    assert "SENDESCHLUSS_TIMEZONE" not in process.environment()
