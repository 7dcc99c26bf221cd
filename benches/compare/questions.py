"""The questions that every engine is asked, and what it means that two answers agree.

An answer is a table of whole numbers by name: by account for the windows, by what is counted otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Answer = dict[str, int]

# The columns of the log, in the order in which `generate log --shape csv` writes them.
COLUMNS = ["message_id", "sent_at", "sender", "recipient", "status", "direction", "template", "body"]


@dataclass(frozen=True)
class Window:
    """A sliding window (t - length, t]; accounts whose highest count is under the floor are left out of the answer."""

    name: str
    milliseconds: int
    floor: int


# The floors are those of the program's own detectors: more than 50 in a minute, more than 256 as in a broadcast list.
HOUR = Window("1h", 3_600_000, 257)
MINUTE = Window("1min", 60_000, 51)


@dataclass(frozen=True)
class Question:
    """One question: over which file, in words, and whether an engine may answer a part of it."""

    name: str
    webhooks: bool
    words: str
    partial: bool = False


COUNT = "count"
MINUTES = "minutes"
LINES = "lines"
MESSAGES = "messages"


def window_question(window: Window) -> str:
    """The name of the question about one sliding window."""
    return f"window-{window.name}"


def _sliding(window: Window, words: str) -> Question:
    text = f"highest number of distinct recipients of an account in any {words}, in milliseconds; accounts from {window.floor} on"
    return Question(window_question(window), False, text)


QUESTIONS = [
    Question(COUNT, False, "rows, and distinct recipients of all rows", partial=True),
    Question(MINUTES, False, "highest number of distinct recipients of an account in a full minute of the clock"),
    _sliding(HOUR, "(t - 1 h, t]"),
    _sliding(MINUTE, "(t - 1 min, t]"),
    Question(LINES, True, "lines of webhooks"),
    Question(MESSAGES, True, "items of webhooks, and the messages they tell of"),
]


@dataclass(frozen=True)
class Entry:
    """One way in which an engine answers one question: called with the file and the number of threads."""

    question: str
    way: str
    answer: Callable[[str, int], Answer]


def account(name: object) -> str:
    """An account in one spelling: engines that read it as a number lose its plus sign."""
    return str(name).removeprefix("+")


def difference(question: Question, first: Answer, other: Answer) -> list[str]:
    """What differs between two answers, each with its name; empty where they agree."""
    names = first.keys() & other.keys() if question.partial else first.keys() | other.keys()
    if not names:
        return ["the two answers have nothing in common"]
    return [f"{name}: {first.get(name)} and {other.get(name)}" for name in sorted(names) if first.get(name) != other.get(name)]
