"""Where the program is: on the driver, and on the machine of each task, where it must be the very same one.

Sends files through Spark and finds them again. Running kernels is the business of `process`.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pyspark import SparkContext, SparkFiles

from . import files
from .contract import Contract
from .errors import BinaryError, SparkReportError

PROGRAM = "sendeschluss"

# Programs that were found right in this Python worker; asking takes a process, and a worker does many tasks.
_right: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class Binary:
    """The program as tasks find it: at one path on all machines, or as a file sent by Spark."""

    program: str
    fingerprint: str
    path: str | None = None
    sent: str | None = None

    def here(self) -> str:
        """The program on this machine, once it is known to be the driver's."""
        path = self.path if self.path is not None else SparkFiles.get(str(self.sent))
        if (path, self.fingerprint) not in _right:
            _usable(path)
            self._compare(path)
            _right.add((path, self.fingerprint))
        return path

    def _compare(self, path: str) -> None:
        where = f"{path} on {os.uname().nodename}"
        try:
            theirs = Contract.ask(path)
        except SparkReportError as error:
            raise BinaryError(f"{where} is not {self.program} of the driver: {error}") from error
        if theirs.program != self.program:
            raise BinaryError(f"{where} is {theirs.program}, the driver's is {self.program}")
        if theirs.fingerprint != self.fingerprint:
            raise BinaryError(f"{where} is {theirs.program} too, but has other schemas than the driver's")


def find(path: str | os.PathLike[str] | None) -> str:
    """The program on the driver: as given, else from the search path."""
    wanted = os.fspath(path) if path is not None else PROGRAM
    found = wanted if os.sep in wanted else shutil.which(wanted)
    if found is None:
        raise BinaryError(f"{wanted} is not on the search path; name it with --binary")
    found = os.path.abspath(found)
    _usable(found)
    return found


def placed(path: str, contract: Contract) -> Binary:
    """For machines that all have the program at the path where the driver has it."""
    return Binary(contract.program, contract.fingerprint, path=path)


def ship(context: SparkContext, path: str, contract: Contract) -> Binary:
    """Sends the program, and this package with it, to every machine that does a task."""
    _send_package(context)
    return Binary(contract.program, contract.fingerprint, sent=send(context, Path(path)))


def send(context: SparkContext, path: Path) -> str:
    """Sends a file to the executors and gives the name under which they find it.

    Spark fetches every file it was ever given for each new executor, so the file sent is a copy that lives as long as
    the session; its name tells its content, for Spark refuses another file of a known name.
    """
    folder = _folder_of_session()
    copy = folder / f"{path.stem}-{files.digest(path)[:16]}{path.suffix}"
    if not copy.exists():
        shutil.copyfile(path, copy)
        copy.chmod(path.stat().st_mode & 0o777)
        context.addFile(str(copy))
    return copy.name


def _folder_of_session() -> Path:
    folder = Path(SparkFiles.getRootDirectory()) / "sendeschluss-sent"
    folder.mkdir(exist_ok=True)
    return folder


def _send_package(context: SparkContext) -> None:
    """Executors need this package too, to start the program; a zip of its modules is enough."""
    package = Path(__file__).parent
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for module in sorted(package.glob("*.py")):
            # Without the times of the files, the same modules make the same zip, under the same name.
            archive.writestr(zipfile.ZipInfo(f"{package.name}/{module.name}"), module.read_bytes())
    digest = hashlib.sha256(memory.getvalue()).hexdigest()
    copy = _folder_of_session() / f"{package.name}-{digest[:16]}.zip"
    if not copy.exists():
        copy.write_bytes(memory.getvalue())
        context.addPyFile(str(copy))


def _usable(path: str) -> None:
    """Makes the program executable where Spark or an image lost that, or says why it cannot be used."""
    where = f"{path} on {os.uname().nodename}"
    if not os.path.isfile(path):
        raise BinaryError(f"{where} is not there; put it into the image, or send it with --ship-binary")
    if not os.access(path, os.X_OK):
        try:
            os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        except OSError as error:
            raise BinaryError(f"{where} is not executable and cannot be made so: {error.strerror}") from error
