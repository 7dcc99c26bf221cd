"""One process of the program: Arrow batches go in on standard input and come out of standard output, lazily.

Knows pipes, threads and exit codes. Which program, which options and which schemas is the business of others.
"""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import threading
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import IO, TextIO

import pyarrow as pa

from .errors import BinaryError, ContractError, ProcessFailed

# As much of standard error as an error carries; the last lines say why it ended.
STDERR_BYTES = 8 * 1024
STDERR_LINES = 20
# A thread that is still reading from Spark after its process died ends with its worker; nobody waits longer.
JOIN_SECONDS = 5.0
SETTINGS_PREFIX = "SENDESCHLUSS_"


class _Tail(threading.Thread):
    """Drains standard error, so that a talkative process never blocks, and keeps its end."""

    def __init__(self, stream: IO[bytes], echo: TextIO | None = None) -> None:
        super().__init__(daemon=True, name="kernel-stderr")
        self._stream = stream
        self._echo = echo
        self._kept = b""
        self.start()

    def run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while chunk := os.read(self._stream.fileno(), STDERR_BYTES):
            self._kept = (self._kept + chunk)[-STDERR_BYTES:]
            if self._echo is not None:
                self._echo.write(decoder.decode(chunk))

    def text(self) -> str:
        self.join(JOIN_SECONDS)
        lines = self._kept.decode("utf-8", "replace").splitlines()
        return "\n".join(lines[-STDERR_LINES:]).strip()


class _Feeder(threading.Thread):
    """Writes the input while the main thread reads the output; with both in one thread, full pipes would block."""

    def __init__(self, process: subprocess.Popen[bytes], batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        super().__init__(daemon=True, name="kernel-stdin")
        self._process = process
        self._batches = batches
        self._schema = schema
        self.refused = False
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            # Closed by hand: leaving a `with` after an error would end the stream as if it were whole.
            writer = pa.ipc.new_stream(stdin, self._schema)
            for batch in self._rows():
                writer.write_batch(batch)
            writer.close()
            stdin.close()
        except BrokenPipeError:
            self.refused = True
        except BaseException as error:
            self.error = error
            self._process.kill()

    def _rows(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            # A consumer that stops early kills the process; then no more is taken from Spark either.
            if self._process.poll() is not None:
                raise BrokenPipeError
            if batch.num_rows:
                yield conform(batch, self._schema)


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of the schema in its order; other widths of the same kind of type are adapted."""
    missing = [name for name in schema.names if name not in batch.schema.names]
    if missing:
        raise ContractError(f"columns are missing: {', '.join(missing)}")
    columns = []
    for field in schema:
        column = batch.column(field.name)
        if column.type != field.type:
            try:
                column = column.cast(field.type)
            except pa.ArrowException as error:
                raise ContractError(f"column {field.name} is {column.type}, not {field.type}") from error
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def environment() -> dict[str, str]:
    """The environment of a process on an executor: settings reach it as options only, never from that machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS_PREFIX)}
    # A configuration folder that cannot be: that of the executor's machine may hold formats which the driver has not.
    kept["XDG_CONFIG_HOME"] = os.devnull
    return kept


def stream(
    command: Sequence[str],
    kernel: str,
    batches: Iterator[pa.RecordBatch] | None,
    reads: pa.Schema | None,
    writes: pa.Schema,
    variables: Mapping[str, str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Runs a process over `batches` and yields what it answers; without any row no process is started.

    `batches` is None for a process without input. The process is killed when the caller stops early.
    """
    if batches is not None:
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        batches = _chained(first, batches)
    process = _start(command, batches is not None, variables)
    assert process.stdout is not None and process.stderr is not None
    tail = _Tail(process.stderr)
    feeder = None
    try:
        if batches is not None:
            assert reads is not None
            feeder = _Feeder(process, batches, reads)
        broken = yield from _answers(process.stdout, writes)
        code = process.wait() if broken is None else _wait_or_kill(process)
        _judge(kernel, code, tail, feeder, broken)
    finally:
        _end(process, feeder, tail)


def run(
    command: Sequence[str], kernel: str, accepted: Collection[int] = (0,), echo: TextIO | None = None
) -> tuple[int, bytes]:
    """Runs a process without streams, in the caller's environment; gives its exit code and its standard output.

    What it says on standard error is also written to `echo` while it comes.
    """
    process = _start(command, False, None)
    assert process.stdout is not None and process.stderr is not None
    tail = _Tail(process.stderr, echo)
    try:
        answer = process.stdout.read()
        code = process.wait()
        if code not in accepted:
            raise ProcessFailed(kernel, code, tail.text())
        return code, answer
    finally:
        _end(process, None, tail)


def _start(command: Sequence[str], has_input: bool, variables: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if variables is None else dict(variables),
        )
    except OSError as error:
        raise BinaryError(f"{command[0]} cannot be run: {error.strerror or error}") from error


def _answers(stdout: IO[bytes], writes: pa.Schema) -> Generator[pa.RecordBatch, None, pa.ArrowException | None]:
    """What the process answers; gives back what is wrong with the stream, if anything.

    A process that died leaves half a stream, but its own words and exit code explain more than Arrow's error.
    """
    try:
        with pa.ipc.open_stream(stdout) as reader:
            for batch in reader:
                if batch.num_rows:
                    yield conform(batch, writes)
    except pa.ArrowException as error:
        return error
    finally:
        stdout.close()
    return None


def _judge(kernel: str, code: int, tail: _Tail, feeder: _Feeder | None, broken: pa.ArrowException | None) -> None:
    """Raises what went wrong, causes before effects."""
    if feeder is not None:
        feeder.join()
        # The feeder kills the process when it fails itself; a process that ended otherwise had a reason of its own.
        if feeder.error is not None and code in (0, -signal.SIGKILL):
            raise feeder.error
    if code != 0:
        raise ProcessFailed(kernel, code, tail.text()) from broken
    if broken is not None:
        raise ProcessFailed(kernel, code, tail.text(), f"its answer is no whole Arrow stream ({broken})") from broken
    if feeder is not None and feeder.refused:
        raise ProcessFailed(kernel, code, tail.text(), "it did not read its whole input")


def _wait_or_kill(process: subprocess.Popen[bytes]) -> int:
    """A process that answers nonsense may also wait forever."""
    try:
        return process.wait(JOIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _end(process: subprocess.Popen[bytes], feeder: _Feeder | None, tail: _Tail) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for thread in (feeder, tail):
        if thread is not None:
            thread.join(JOIN_SECONDS)
    for pipe in (process.stdin, process.stdout, process.stderr):
        try:
            if pipe is not None:
                pipe.close()
        except BrokenPipeError:
            pass  # What could not be written any more was counted as refused where it mattered.


def _chained(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest
