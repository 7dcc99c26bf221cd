"""Tables and files of other stores, frozen into exports."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import logs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sendeschluss_spark import FrozenFile, StepFailed, UsageError, freeze, freeze_files


def fits(folder: Path, frozen: list[FrozenFile]) -> bool:
    on_disk = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    told = {file.name: (file.bytes, file.sha256) for file in frozen}
    return told == {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in on_disk.items()}


def test_a_table_becomes_files_with_instants(local: SparkSession, tmp_path: Path) -> None:
    rows = local.range(50).repartition(3).withColumn("sent_at", F.timestamp_millis(F.lit(1577872800000)))
    frozen = freeze(rows, tmp_path / "frozen table")
    assert [file.name for file in frozen] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert fits(tmp_path / "frozen table", frozen)
    assert sum(pq.read_metadata(tmp_path / "frozen table" / file.name).num_rows for file in frozen) == 50
    kind = pq.read_schema(tmp_path / "frozen table" / "part-00000.parquet").field("sent_at").type
    assert kind == pa.timestamp("us", "UTC")
    assert local.conf.get("spark.sql.parquet.outputTimestampType") == "INT96"


def test_the_program_reads_a_frozen_table(local: SparkSession, program: Path, tmp_path: Path) -> None:
    rows = [
        (
            f"m{number}",
            datetime(2020, 1, 2, 10, 0, number, tzinfo=timezone.utc),
            logs.account(1),
            logs.person(number),
            "Hello",
            "sent",
        )
        for number in range(60)
    ]
    frame = local.createDataFrame(rows, ["message id", "sent at", "from", "to", "body", "status"])
    freeze(frame.repartition(2), tmp_path / "frozen")
    told = subprocess.run([program, "inspect", "frozen"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.count("30 = 30 read") == 2
    assert told.stdout.count("2020-01-02T10:00:") == 4
    options = ["--write", "csv", "--key", "key", "-o", "out"]
    subprocess.run([program, "report", *options, "frozen"], cwd=tmp_path, capture_output=True, check=True)
    assert "frozen/part-00000.parquet" in (tmp_path / "out" / "csv" / "inputs.csv").read_text()


def test_files_keep_bytes_and_folders(local: SparkSession, tmp_path: Path) -> None:
    store = tmp_path / "store"
    bodies = {"a/log 1.csv": b"x" * 70_000, "a/b/log.csv": b"\x00\xff", "c/log.csv": b"", "c/10%20.csv": b"1"}
    for name, body in bodies.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(body)
    frozen = freeze_files(local, [f"file://{store}"], tmp_path / "frozen")
    assert {file.name for file in frozen} == bodies.keys()
    assert fits(tmp_path / "frozen", frozen)
    one = freeze_files(local, [f"file://{store}/a/b/*.csv"], tmp_path / "one")
    assert [file.name for file in one] == ["log.csv"]


def test_refused(local: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        freeze(local.range(1), tmp_path / "there")
    with pytest.raises(UsageError, match="is there already"):
        freeze_files(local, ["file:///etc/hostname"], tmp_path / "there")
    with pytest.raises(UsageError, match="name the files"):
        freeze_files(local, [], tmp_path / "new")
    with pytest.raises(StepFailed, match="PATH_NOT_FOUND"):
        freeze_files(local, [f"file://{tmp_path}/nowhere"], tmp_path / "new")
    with pytest.raises(UsageError, match="nothing was found"):
        freeze_files(local, [f"file://{tmp_path}/there"], tmp_path / "new")
    assert not (tmp_path / "new").exists()
