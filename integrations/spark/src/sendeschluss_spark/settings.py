"""The settings of a job as executors must have them: whole, and as options.

The driver's processes find a settings file, variables, a case file and formats of the user's own by themselves, as the
program alone does. An executor is another machine, so it is told what came of them and looks for nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import process
from .errors import ContractError, UsageError
from .options import Options

CASE_FILE = "case.toml"
_PLAIN = ("timezone", "date-order", "max-unpacked")
_KNOWN = ("case", "format", *_PLAIN)


def for_ingest(binary: str, options: Options, inputs: Sequence[str], folder: Path) -> tuple[str, ...]:
    """The input options in force on the driver; files that they name are copied into `folder`, for all to see."""
    told = _in_force(binary, options, inputs)
    case = told["case"] or _case_beside(inputs)
    formats = [*_formats_of_user(), *told["format"]]
    words = ["--config=/dev/null"]
    words += [f"--case={copy}" for copy in _copied(case, folder / "case")]
    words += [f"--format={copy}" for copy in _copied(formats, folder / "formats")]
    words += [f"--{name}={value}" for name in _PLAIN for value in told[name]]
    return tuple(words)


def _in_force(binary: str, options: Options, inputs: Sequence[str]) -> dict[str, list[str]]:
    _, answer = process.run([binary, "config", "show", "--json", *options.all, "--", *inputs], "config show")
    try:
        settings = {setting["name"]: [str(value) for value in setting["values"]] for setting in json.loads(answer)}
        return {name: settings[name] for name in _KNOWN}
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError("the program's settings are no JSON of the known shape") from error


def _case_beside(inputs: Sequence[str]) -> list[str]:
    """The case file that the program finds by itself; more than one it refuses by itself."""
    found = [Path(name) / CASE_FILE for name in inputs]
    return [str(path) for path in dict.fromkeys(found) if path.is_file()][:1]


def _formats_of_user() -> list[str]:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".config"
    return sorted(str(path) for path in (home / "sendeschluss" / "formats").glob("*.toml"))


def _copied(names: Sequence[str], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for number, name in enumerate(names):
        # Two of them may have the same name, and the order is that in which they are tried.
        copy = folder / f"{number:03}-{Path(name).name}"
        try:
            shutil.copyfile(name, copy)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}") from error
        copies.append(copy)
    return copies
