"""The work folder: what the steps hand to each other on the file system that all machines see.

It holds messages in clear, so it is removed at the end; and it is never anything but ours that is removed.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from .errors import WorkFolderError

MARKER = ".sendeschluss-spark-work"
FOLDERS = ("settings", "ingested", "messages", "contents", "marks", "bursts", "campaigns")
TABLES = "tables.json"

_log = logging.getLogger(__name__)


class WorkFolder:
    """A work folder while a job has it; as a context it is made, held against others and removed."""

    def __init__(self, path: str | os.PathLike[str], keep: bool = False) -> None:
        self.path = Path(path).resolve()
        self._keep = keep
        self._made = False
        self._marker: TextIO | None = None

    def is_sliced(self) -> bool:
        """Whether a client has so many messages that it is worked on in slices; known once they are gathered."""
        return bool(json.loads(self.tables.read_text(encoding="utf-8")).get("slices"))

    def refuse_overlap(self, inputs: Iterable[str], output: str | os.PathLike[str]) -> None:
        """Exports inside would be removed with it, and itself inside the exports would be read as one."""
        for name in inputs:
            given = Path(name).resolve()
            if given.is_relative_to(self.path):
                raise WorkFolderError(f"the input {name} lies in the work folder, which is emptied")
            if given.is_dir() and self.path.is_relative_to(given):
                raise WorkFolderError(f"the work folder lies in the input {name} and would be read as an export")
        if Path(output).resolve().is_relative_to(self.path):
            raise WorkFolderError("the report would lie in the work folder, which is removed")

    def __enter__(self) -> WorkFolder:
        self._made = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            found = {entry.name for entry in self.path.iterdir()}
            if found and MARKER not in found:
                raise WorkFolderError(f"{self.path} is not empty and was not made by this program; name another --work")
            if others := sorted(found - {MARKER, TABLES, *FOLDERS}):
                raise WorkFolderError(f"{self.path} also holds {others[0]}, which is not ours; name another --work")
            self._hold()
            # What an interrupted job left is made anew: nothing tells whether the exports are still the same.
            self._empty()
        except OSError as error:
            self._release()
            where = error.filename or self.path
            raise WorkFolderError(f"{where} cannot be used as work folder: {error.strerror}") from error
        except WorkFolderError:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._keep:
                self._empty()
                (self.path / MARKER).unlink()
                if self._made:
                    self.path.rmdir()
        except OSError as problem:
            # The report is written or another error is on its way; neither may be lost over this, nor this over them.
            _log.warning("the work folder %s could not be removed: %s", self.path, problem.strerror)
        finally:
            self._release()

    def folder(self, name: str) -> Path:
        """A step's folder."""
        assert name in FOLDERS
        return self.path / name

    @property
    def tables(self) -> Path:
        """The tables that gathering leaves for the kernels."""
        return self.path / TABLES

    def _hold(self) -> None:
        self._marker = (self.path / MARKER).open("a", encoding="utf-8")
        try:
            fcntl.flock(self._marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkFolderError(f"{self.path} is in use by another job") from error
        except OSError as error:
            _log.warning("%s cannot be locked (%s); see to it that no other job uses it", self.path, error.strerror)

    def _release(self) -> None:
        if self._marker is not None:
            self._marker.close()
            self._marker = None

    def _empty(self) -> None:
        for name in FOLDERS:
            if (self.path / name).exists():
                shutil.rmtree(self.path / name)
        self.tables.unlink(missing_ok=True)
