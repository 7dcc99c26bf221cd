"""A program that keeps the contract and computes next to nothing, to test the plumbing without the real one.

Each line of an export is a message; its first word is the account, the rest its text. What the kernels write tells
which rows came together. `program` writes a script that is the program, and misbehaves as a test wants.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

BANDS = 5
SLICE_ROWS = "--slice-rows"
TYPES = {
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "utf8": pa.string(),
    "binary": pa.binary(),
    "list<int32>": pa.list_(pa.int32()),
}
MESSAGES = {
    "row": "int64",
    "subject": "int32",
    "slice": "int32",
    "before": "bool",
    "account": "utf8",
    "content": "int64",
    "key": "binary",
    "hours": "list<int32>",
}
MARKED = {**MESSAGES, "initiated": "bool", "initiated_longer": "bool"}
CONTENTS = {"content": "int64", "text": "utf8"}
ASSIGNED = {"content": "int64", "family": "int64", "tight": "int64", "group": "int64"}
STREAMS = {
    "inputs": {"name": "utf8", "path": "utf8", "named": "bool", "bytes": "int64"},
    "ingested": {"source": "utf8", "part": "int16", "body": "binary"},
    "messages": MESSAGES,
    "marked": MARKED,
    "contents": CONTENTS,
    "texts": {
        **CONTENTS,
        "first_band": "int32",
        "end_band": "int32",
        "left": "int64",
        "right": "int64",
        "tight": "bool",
    },
    "edges": {"left": "int64", "right": "int64", "tight": "bool"},
    "assigned": ASSIGNED,
    "grouped": {**MARKED, **CONTENTS, **ASSIGNED},
    "marks": {"row": "int64", "initiated": "bool", "initiated_longer": "bool"},
    "activity": {"what": "utf8", "subject": "int32", "count": "int64"},
}
KERNELS = {
    "ingest": ("inputs", "ingested"),
    "marks": ("messages", "marked"),
    "bursts": ("marked", "activity"),
    "content": ("texts", "edges"),
    "content --join": ("texts", "assigned"),
    "campaigns": ("grouped", "activity"),
}
OPTIONAL = {"texts", "grouped"}

Row = dict[str, Any]


def program(folder: Path, **behaviour: str) -> Path:
    """Writes a program: `fail` names a kernel that fails, `version` and `name` what it says of itself, `log` where
    each process leaves its arguments."""
    path = folder / "sendeschluss"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"#!{sys.executable}", "import sys", f"sys.path.insert(0, {str(Path(__file__).parent)!r})", "import fake"]
    path.write_text("\n".join([*lines, f"fake.main(sys.argv[1:], {behaviour!r})"]) + "\n")
    path.chmod(0o755)
    return path


def schema(name: str) -> pa.Schema:
    return pa.schema([(column, TYPES[kind]) for column, kind in STREAMS[name].items()])


def main(arguments: list[str], behaviour: dict[str, str]) -> None:
    if "log" in behaviour:
        with Path(behaviour["log"]).open("a") as log:
            log.write(json.dumps(arguments) + "\n")
    if arguments[:2] == ["config", "show"]:
        _config(arguments)
    elif arguments[0] == "report":
        _report(arguments)
    elif arguments[1] == "schemas":
        _schemas(behaviour)
    elif arguments[1] == "inputs":
        _inputs(arguments[arguments.index("--") + 1 :])
    elif arguments[1] == "gather":
        _gather(arguments)
    else:
        name = "content --join" if "--join" in arguments else arguments[1]
        if behaviour.get("fail") == name:
            print(f"{name} is out of order", file=sys.stderr)
            sys.exit(2)
        with pa.ipc.open_stream(sys.stdin.buffer) as reader:
            rows = reader.read_all().to_pylist()
        _write(KERNELS[name][1], globals()["_" + name.replace(" --", "_")](rows))


def _schemas(behaviour: dict[str, str]) -> None:
    streams = {
        name: [{"name": column, "type": kind, "nullable": name in OPTIONAL} for column, kind in columns.items()]
        for name, columns in STREAMS.items()
    }
    kernels = {name: {"reads": reads, "writes": writes} for name, (reads, writes) in KERNELS.items()}
    said = {"version": int(behaviour.get("version", "1")), "program": behaviour.get("name", "fake 0.1"), "bands": BANDS}
    print(json.dumps({**said, "streams": streams, "kernels": kernels}))


def _config(arguments: list[str]) -> None:
    given: dict[str, list[str]] = {}
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        given.setdefault(word.removeprefix("--"), []).append(following)
    names = ("case", "timezone", "format", "date-order", "max-unpacked", "threads")
    print(json.dumps([{"name": name, "values": given.get(name, []), "origin": "", "place": ""} for name in names]))


def _write(stream: str, rows: list[Row]) -> None:
    with pa.ipc.new_stream(sys.stdout.buffer, schema(stream)) as writer:
        for batch in pa.Table.from_pylist(rows, schema(stream)).to_batches(max_chunksize=100):
            writer.write_batch(batch)


def _inputs(names: list[str]) -> None:
    rows = []
    for name in names:
        path = Path(name)
        if not path.exists():
            print(f"`{name}` does not exist", file=sys.stderr)
            sys.exit(2)
        for file in sorted(path.glob("*.log")) if path.is_dir() else [path]:
            rows.append(
                {"name": str(file), "path": str(file.resolve()), "named": file == path, "bytes": file.stat().st_size}
            )
    _write("inputs", rows)


def _ingest(rows: list[Row]) -> list[Row]:
    return [{"source": row["name"], "part": 0, "body": Path(row["path"]).read_bytes()} for row in rows]


def _sliced(messages: list[Row], rows: int) -> list[Row]:
    """Two slices of each subject with more rows than that; the second sees the three rows before it too."""
    counts = Counter(row["subject"] for row in messages)
    placed = [row for row in messages if counts[row["subject"]] <= rows]
    for subject in (subject for subject, count in counts.items() if count > rows):
        own = [row for row in messages if row["subject"] == subject]
        half = len(own) // 2
        placed += [{**row, "slice": 1} for row in own[:half]] + [{**row, "slice": 2} for row in own[half:]]
        placed += [{**row, "slice": 2, "before": True} for row in own[half - 3 : half]]
    return placed


def _gather(arguments: list[str]) -> None:
    import pyarrow.parquet as pq

    work = Path(arguments[arguments.index("--work") + 1])
    lines = []
    for row in sorted(_read(work / "ingested"), key=lambda row: row["source"]):
        lines += row["body"].decode().splitlines()
    texts: dict[str, int] = {}
    messages = []
    for number, line in enumerate(lines):
        account, text = line.split(" ", 1)
        content = texts.setdefault(text, len(texts))
        subject = zlib.crc32(account.encode()) % 1000
        known = {"row": number, "subject": subject, "account": account, "content": content}
        known |= {"slice": -1, "before": False}
        messages.append({**known, "key": account.encode(), "hours": [number % 24]})
    if SLICE_ROWS in arguments:
        messages = _sliced(messages, int(arguments[arguments.index(SLICE_ROWS) + 1]))
    contents = [{"content": number, "text": text} for text, number in texts.items()]
    for name, rows in (("messages", messages), ("contents", contents)):
        (work / name).mkdir()
        pq.write_table(pa.Table.from_pylist(rows, schema(name)), work / name / "part-0.parquet")
    (work / "tables.json").write_text(json.dumps({"slices": sorted({row["slice"] for row in messages} - {-1})}))


def _marks(rows: list[Row]) -> list[Row]:
    assert "slices" in json.loads(Path(sys.argv[sys.argv.index("--tables") + 1]).read_text())
    return [{**row, "initiated": row["row"] % 2 == 0, "initiated_longer": False} for row in rows]


def _bursts(rows: list[Row]) -> list[Row]:
    counts = Counter((row["subject"], row["slice"], row["before"]) for row in rows)
    return [
        {"what": f"slice {slice}, before {before}", "subject": subject, "count": count}
        for (subject, slice, before), count in counts.items()
    ]


def _content(rows: list[Row]) -> list[Row]:
    edges = []
    for row in rows:
        for band in range(row["first_band"], row["end_band"]):
            edges.append({"left": row["content"], "right": band, "tight": False})
    return edges


def _content_join(rows: list[Row]) -> list[Row]:
    """The family tells how many bands saw a content; the last content matters to nobody."""
    seen = Counter(row["left"] for row in rows if row["left"] is not None)
    contents = sorted(row["content"] for row in rows if row["content"] is not None)[:-1]
    return [{"content": number, "family": seen[number], "tight": number, "group": number % 3} for number in contents]


def _campaigns(rows: list[Row]) -> list[Row]:
    assert all((row["row"] is None) == (row["text"] is not None) for row in rows)
    told = Counter((row["group"], row["family"], row["row"] is None) for row in rows)
    kinds = {True: "contents", False: "messages"}
    return [
        {"what": f"{kinds[content]} of {group}, seen by {family}", "subject": 0, "count": count}
        for (group, family, content), count in told.items()
    ]


def _report(arguments: list[str]) -> None:
    work = Path(arguments[arguments.index("--gathered") + 1])
    output = Path(arguments[arguments.index("-o") + 1])
    told = {name: sorted(map(str, _read(work / name))) for name in ("marks", "bursts", "campaigns")}
    output.mkdir()
    (output / "report.json").write_text(json.dumps(told, indent=1))
    print("all is said")
    print("not all is well", file=sys.stderr)
    sys.exit(3 if "--fail-on" in arguments else 0)


def _read(folder: Path) -> list[Row]:
    assert (folder / "_SUCCESS").exists() or folder.name not in ("marks", "bursts", "campaigns")
    import pyarrow.parquet as pq

    rows: list[Row] = []
    for part in sorted(folder.glob("*.parquet")):
        rows += pq.read_table(part).to_pylist()
    return rows
