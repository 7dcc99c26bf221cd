"""DuckDB: SQL over the file, in memory.

Columns are declared, which is a little quicker than letting DuckDB find them out.
"""

from __future__ import annotations

import duckdb

from engines.sql import Sql
from questions import COLUMNS, COUNT, HOUR, LINES, MESSAGES, MINUTE, MINUTES, Answer, Entry

NATIVE = """
SELECT sender, MAX(c) FROM (
    SELECT sender, COUNT(DISTINCT recipient) OVER (
        PARTITION BY sender ORDER BY epoch_ms(sent_at) RANGE BETWEEN {before} PRECEDING AND CURRENT ROW) AS c
    FROM {log} WHERE direction = 'outbound')
GROUP BY sender HAVING MAX(c) >= {floor}
"""

# A recipient counts from a message until the window has passed or until the next message to it, whichever is first.
SWEEP = """
WITH sent AS (
    SELECT sender, recipient, epoch_ms(sent_at) AS t FROM {log} WHERE direction = 'outbound'
), beginning AS (
    SELECT sender, t, LEAD(t) OVER (PARTITION BY sender, recipient ORDER BY t) AS later FROM sent
), event AS (
    SELECT sender, t, 1 AS d FROM beginning
    UNION ALL
    SELECT sender, CASE WHEN later < t + {length} THEN later ELSE t + {length} END, -1 FROM beginning
), total AS (
    SELECT sender, t, SUM(d) AS d FROM event GROUP BY sender, t
), running AS (
    SELECT sender, SUM(d) OVER (PARTITION BY sender ORDER BY t ROWS UNBOUNDED PRECEDING) AS c FROM total
)
SELECT sender, MAX(c) FROM running GROUP BY sender HAVING MAX(c) >= {floor}
"""

MINUTE_OF_CLOCK = """
SELECT sender, MAX(c) FROM (
    SELECT sender, COUNT(DISTINCT recipient) AS c FROM {log} WHERE direction = 'outbound'
    GROUP BY sender, date_trunc('minute', sent_at))
GROUP BY sender
"""

ITEMS = """
WITH changed AS (SELECT unnest(entry, recursive := true) FROM {webhooks}),
told AS (SELECT unnest(changes).value AS value FROM changed),
item AS (SELECT unnest(list_concat(value.statuses, value.messages)).id AS id FROM told)
SELECT COUNT(*), COUNT(DISTINCT id) FROM item
"""

ENTRY_TYPE = "STRUCT(changes STRUCT(value STRUCT(statuses STRUCT(id VARCHAR)[], messages STRUCT(id VARCHAR)[]))[])[]"


def version() -> str:
    return f"DuckDB {duckdb.__version__}"


def _query(sql: str, threads: int) -> list[tuple[object, ...]]:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}; SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    return connection.execute(sql).fetchall()


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _log(path: str) -> str:
    columns = ", ".join(f"'{name}': '{'TIMESTAMP' if name == 'sent_at' else 'VARCHAR'}'" for name in COLUMNS)
    form = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    return f"read_csv({_quoted(path)}, {form}, columns = {{{columns}}})"


_SQL = Sql(_query, _log)


def _count(path: str, threads: int) -> Answer:
    return _SQL.numbers(f"SELECT COUNT(*), COUNT(DISTINCT recipient) FROM {_log(path)}", ["rows", "recipients"], threads)


def _lines(path: str, threads: int) -> Answer:
    return _SQL.numbers(f"SELECT COUNT(*) FROM read_json({_quoted(path)})", ["lines"], threads)


def _messages(path: str, threads: int) -> Answer:
    webhooks = f"read_json({_quoted(path)}, format = 'newline_delimited', columns = {{'entry': '{ENTRY_TYPE}'}})"
    return _SQL.numbers(ITEMS.format(webhooks=webhooks), ["items", "messages"], threads)


ENTRIES = [
    Entry(COUNT, "SQL", _count),
    Entry(MINUTES, "SQL", _SQL.minutes(MINUTE_OF_CLOCK)),
    *_SQL.windows(NATIVE, SWEEP, [HOUR, MINUTE]),
    Entry(LINES, "read_json, count", _lines),
    Entry(MESSAGES, "read_json, distinct ids", _messages),
]
