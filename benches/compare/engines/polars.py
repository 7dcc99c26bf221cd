"""Polars: lazy frames; each question is asked of the engine (in memory or streaming) that answers it faster."""

from __future__ import annotations

import polars as pl

from questions import COUNT, HOUR, LINES, MESSAGES, MINUTE, MINUTES, Answer, Entry, Window, account, window_question

_ITEM = pl.List(pl.Struct({"id": pl.String}))
_VALUE = pl.Struct({"statuses": _ITEM, "messages": _ITEM})
_ENTRY = pl.List(pl.Struct({"changes": pl.List(pl.Struct({"value": _VALUE}))}))


def version() -> str:
    return f"Polars {pl.__version__}"


def _outbound(path: str) -> pl.LazyFrame:
    at = pl.col("sent_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
    return pl.scan_csv(path).filter(pl.col("direction") == "outbound").select("sender", "recipient", at=at)


def _by_account(frame: pl.DataFrame) -> Answer:
    return {account(sender): int(peak) for sender, peak in frame.rows()}


def _count(path: str, _threads: int) -> Answer:
    frame = pl.scan_csv(path).select(rows=pl.len(), recipients=pl.col("recipient").n_unique()).collect(engine="streaming")
    return {name: int(value) for name, value in frame.row(0, named=True).items()}


def _minutes(path: str, _threads: int) -> Answer:
    per_minute = _outbound(path).group_by("sender", pl.col("at").dt.truncate("1m")).agg(c=pl.col("recipient").n_unique())
    return _by_account(per_minute.group_by("sender").agg(pl.col("c").max()).collect(engine="streaming"))


def _rolling(window: Window) -> Entry:
    def answer(path: str, _threads: int) -> Answer:
        # Open at its start and closed at its end is what `rolling` does unless told otherwise.
        frame = _outbound(path).collect().sort("sender", "at")
        counts = frame.rolling("at", period=f"{window.milliseconds}ms", group_by="sender").agg(c=pl.col("recipient").n_unique())
        return _by_account(counts.group_by("sender").agg(pl.col("c").max()).filter(pl.col("c") >= window.floor))

    return Entry(window_question(window), "rolling, n_unique", answer)


def _sweep(window: Window) -> Entry:
    def answer(path: str, _threads: int) -> Answer:
        frame = _outbound(path).with_columns(pl.col("at").dt.epoch("ms")).collect()
        later = pl.col("at").shift(-1).over("sender", "recipient", order_by="at")
        ends = pl.min_horizontal(later, pl.col("at") + window.milliseconds)
        begun = frame.lazy().select("sender", "at", step=pl.lit(1, pl.Int64))
        ended = frame.lazy().select("sender", at=ends, step=pl.lit(-1, pl.Int64))
        steps = pl.concat([begun, ended]).group_by("sender", "at").agg(pl.col("step").sum()).sort("sender", "at")
        counts = steps.select("sender", c=pl.col("step").cum_sum().over("sender"))
        peaks = counts.group_by("sender").agg(pl.col("c").max()).filter(pl.col("c") >= window.floor)
        return _by_account(peaks.collect())

    return Entry(window_question(window), "sweep in expressions", answer)


def _lines(path: str, _threads: int) -> Answer:
    return {"lines": int(pl.scan_ndjson(path).select(pl.len()).collect(engine="streaming").item())}


def _messages(path: str, _threads: int) -> Answer:
    # Of nested webhooks, scan_ndjson reads some megabytes a second; text that is decoded line by line is far quicker.
    entry = pl.scan_lines(path).select(pl.col("line").str.json_decode(pl.Struct({"entry": _ENTRY})).struct.field("entry"))
    changes = entry.select(pl.col("entry").explode().struct.field("changes").explode()).collect()
    value = changes.lazy().select(pl.col("changes").struct.field("value"))
    ids = [
        value.select(id=pl.col("value").struct.field(kind).explode().struct.field("id")).drop_nulls()
        for kind in ["statuses", "messages"]
    ]
    frame = pl.concat(ids).select(items=pl.len(), messages=pl.col("id").n_unique()).collect(engine="streaming")
    return {name: int(value) for name, value in frame.row(0, named=True).items()}


ENTRIES = [
    Entry(COUNT, "scan_csv", _count),
    Entry(MINUTES, "truncate, n_unique", _minutes),
    _rolling(HOUR),
    _sweep(HOUR),
    _rolling(MINUTE),
    _sweep(MINUTE),
    Entry(LINES, "scan_ndjson, count", _lines),
    Entry(MESSAGES, "scan_lines, json_decode, distinct ids", _messages),
]
