"""ClickHouse, as chdb brings it into a Python process: SQL over the file."""

from __future__ import annotations

import json
from collections.abc import Callable

import chdb

from engines.sql import Sql
from questions import COLUMNS, COUNT, HOUR, LINES, MESSAGES, MINUTE, MINUTES, Answer, Entry

NATIVE = """
SELECT sender, max(c) AS peak FROM (
    SELECT sender, uniqExact(recipient) OVER (
        PARTITION BY sender ORDER BY toUnixTimestamp64Milli(sent_at) RANGE BETWEEN {before} PRECEDING AND CURRENT ROW) AS c
    FROM {log} WHERE direction = 'outbound')
GROUP BY sender HAVING peak >= {floor}
"""

# As in DuckDB's sweep. ClickHouse has no LEAD: leadInFrame over the whole partition is the same.
SWEEP = """
WITH sent AS (
    SELECT sender, recipient, toUnixTimestamp64Milli(sent_at) AS t FROM {log} WHERE direction = 'outbound'
), beginning AS (
    SELECT sender, t, leadInFrame(toNullable(t)) OVER (
        PARTITION BY sender, recipient ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS later
    FROM sent
), event AS (
    SELECT sender, arrayJoin([(t, 1), (least(coalesce(later, t + {length}), t + {length}), -1)]) AS e FROM beginning
), total AS (
    SELECT sender, e.1 AS t, sum(e.2) AS d FROM event GROUP BY sender, t
), running AS (
    SELECT sender, sum(d) OVER (PARTITION BY sender ORDER BY t ROWS UNBOUNDED PRECEDING) AS c FROM total
)
SELECT sender, max(c) AS peak FROM running GROUP BY sender HAVING peak >= {floor}
"""

MINUTE_OF_CLOCK = """
SELECT sender, max(c) FROM (
    SELECT sender, uniqExact(recipient) AS c FROM {log} WHERE direction = 'outbound'
    GROUP BY sender, toStartOfMinute(sent_at))
GROUP BY sender
"""

ITEMS = """
SELECT count(), uniqExact(id) FROM (
    SELECT arrayJoin(arrayFlatten(arrayMap(
        e -> arrayMap(c -> arrayConcat(c.value.statuses.id, c.value.messages.id), e.changes), entry))) AS id
    FROM {webhooks})
"""

ENTRY_TYPE = (
    "entry Array(Tuple(changes Array(Tuple(value Tuple(statuses Array(Tuple(id String)), messages Array(Tuple(id String)))))))"
)


def version() -> str:
    return f"ClickHouse {chdb.engine_version} (chdb {chdb.__version__})"


# chdb tells no types.
_ASK: Callable[[str, str], object] = chdb.query


def _query(sql: str, threads: int) -> list[list[object]]:
    settings = f"max_threads = {threads}, date_time_input_format = 'best_effort'"
    rows = str(_ASK(f"{sql} SETTINGS {settings}", "JSONCompactEachRow"))
    return [json.loads(line) for line in rows.splitlines()]


def _file(path: str, shape: str, columns: str) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    return f"file({quoted(path)}, {quoted(shape)}, {quoted(columns)})"


def _log(path: str) -> str:
    columns = ", ".join(f"{name} {'''DateTime64(3, 'UTC')''' if name == 'sent_at' else 'String'}" for name in COLUMNS)
    return _file(path, "CSVWithNames", columns)


_SQL = Sql(_query, _log)


def _count(path: str, threads: int) -> Answer:
    return _SQL.numbers(f"SELECT count(), uniqExact(recipient) FROM {_log(path)}", ["rows", "recipients"], threads)


def _lines(path: str, threads: int) -> Answer:
    return _SQL.numbers(f"SELECT count() FROM {_file(path, 'JSONEachRow', ENTRY_TYPE)}", ["lines"], threads)


def _messages(path: str, threads: int) -> Answer:
    webhooks = _file(path, "JSONEachRow", ENTRY_TYPE)
    return _SQL.numbers(ITEMS.format(webhooks=webhooks), ["items", "messages"], threads)


ENTRIES = [
    Entry(COUNT, "SQL", _count),
    Entry(MINUTES, "SQL", _SQL.minutes(MINUTE_OF_CLOCK)),
    *_SQL.windows(NATIVE, SWEEP, [HOUR, MINUTE]),
    Entry(LINES, "JSONEachRow, count", _lines),
    Entry(MESSAGES, "JSONEachRow, distinct ids", _messages),
]
