"""What the engines asked in SQL have in common: how rows become answers.

The questions themselves stand with each engine, for each speaks a dialect of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from questions import Answer, Entry, Window, account, window_question

Rows = Iterable[Sequence[object]]


@dataclass(frozen=True)
class Sql:
    """An engine: how it is asked with so many threads, and the table that stands for a log."""

    query: Callable[[str, int], Rows]
    log: Callable[[str], str]

    def numbers(self, sql: str, names: list[str], threads: int) -> Answer:
        row = next(iter(self.query(sql, threads)))
        return {name: int(str(value)) for name, value in zip(names, row, strict=True)}

    def by_account(self, sql: str, threads: int) -> Answer:
        return {account(sender): int(str(peak)) for sender, peak in self.query(sql, threads)}

    def minutes(self, sql: str) -> Callable[[str, int], Answer]:
        return lambda path, threads: self.by_account(sql.format(log=self.log(path)), threads)

    def window(self, sql: str, way: str, window: Window) -> Entry:
        length = window.milliseconds

        def answer(path: str, threads: int) -> Answer:
            # Whole milliseconds: from t - (W - 1) on is after t - W.
            asked = sql.format(log=self.log(path), before=length - 1, length=length, floor=window.floor)
            return self.by_account(asked, threads)

        return Entry(window_question(window), way, answer)

    def windows(self, native: str, sweep: str, windows: list[Window]) -> list[Entry]:
        ways = [(native, "native RANGE window"), (sweep, "sweep in plain SQL")]
        return [self.window(sql, way, window) for window in windows for sql, way in ways]
