"""Which option of `sendeschluss report` goes to which process.

Only names and places stand here; what a value means, and whether it is right, the program says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import UnknownOption, UsageError

INPUT = frozenset({"case", "timezone", "format", "date-order", "max-unpacked", "config", "threads", "memory"})
DETECTION = frozenset({"detectors", "since", "until"})
SWITCHES = frozenset({"quiet", "verbose", "stats", "with-messages", "timestamp-request", "load-file", "reveal"})
REST = SWITCHES | frozenset(
    {
        "color",
        "progress",
        "log-format",
        "write",
        "exhibit",
        "bundle-size",
        "evidence",
        "lang",
        "key",
        "as-of",
        "rules",
        "fail-on",
    }
)
SHORT = {"-q": "quiet", "-v": "verbose"}
OURS = {
    "output": "it is given as -o before `--`",
    "ledger": "a ledger is read by one machine; use `sendeschluss report --ledger`",
    "wait": "it belongs to a ledger, which is read by one machine",
    "slice-rows": "it stands before `--`",
    "gathered": "the work folder stands there, which --work names",
}


@dataclass(frozen=True)
class Options:
    """The options as the user wrote them, for each kind of process."""

    inputs: tuple[str, ...]
    detection: tuple[str, ...]
    all: tuple[str, ...]


def split(arguments: Sequence[str]) -> Options:
    """Sorts options by who takes them.

    Raises UnknownOption for one that nobody takes, UsageError for one without its value or that is this package's own.
    """
    inputs: list[str] = []
    detection: list[str] = []
    everything: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, words = _option(argument, waiting)
        everything += words
        if name in INPUT:
            inputs += words
        elif name in DETECTION:
            detection += words
    return Options(tuple(inputs), tuple(detection), tuple(everything))


def _option(argument: str, following: Iterable[str]) -> tuple[str, list[str]]:
    if argument in SHORT:
        return SHORT[argument], [argument]
    if not argument.startswith("-") or argument in ("-", "--"):
        raise UsageError(f"`{argument}` is no option; inputs stand before `--`")
    name, equals, _ = argument.removeprefix("--").partition("=")
    if not argument.startswith("--") or name not in INPUT | DETECTION | REST | OURS.keys():
        near = difflib.get_close_matches(name, sorted(INPUT | DETECTION | REST), n=1)
        raise UnknownOption(argument.partition("=")[0], f"--{near[0]}" if near else None)
    if name in OURS:
        raise UsageError(f"--{name} cannot be handed on: {OURS[name]}")
    if equals or name in SWITCHES:
        return name, [argument]
    value = next(iter(following), None)
    if value is None or value.startswith("--"):
        raise UsageError(f"--{name} lacks its value")
    return name, [argument, value]
