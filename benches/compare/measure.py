"""Runs one command in a process of its own and tells what it took, by `wait4`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Took:
    """What one run took. Seconds and processor seconds are those of the whole process; memory is its greatest resident size."""

    seconds: float
    processor: float
    peak_bytes: int


@dataclass(frozen=True)
class Ended:
    """How one run ended: with what it took and printed, or why it did not."""

    took: Took
    output: str
    failure: str | None


# Of what a failed run said, this much is told.
TOLD_CHARACTERS = 800


def run(command: list[str], environment: dict[str, str], folder: Path, limit: float) -> Ended:
    """Runs the command in the folder; after `limit` seconds it is ended with all that it started."""
    said, complained = folder / "stdout", folder / "stderr"
    with said.open("wb") as output, complained.open("wb") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            # It may have ended by itself just now.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    failure = None
    if late.is_set():
        failure = "timed out"
    elif process.returncode != 0:
        told = complained.read_text(errors="replace").strip()[-TOLD_CHARACTERS:]
        failure = f"ended with {process.returncode}: {told}"
    # Linux tells the greatest resident size in units of 1,024 bytes.
    took = Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
    return Ended(took, said.read_text(errors="replace"), failure)


def warm(path: Path) -> None:
    """Reads a file once, so that no engine is the one that waits for the disk."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 23):
            pass
