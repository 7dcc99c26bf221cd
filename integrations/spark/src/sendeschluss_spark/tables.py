"""Tables and files of other stores as exports: frozen into a folder that all machines see.

A finding must lead back to a file, its bytes and a record in it. A table of Spark has none of these, so it is written
once, and the folder is the export from then on. Reading exports is the program's business.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from . import files
from .errors import StepFailed, UsageError

_COPIED = pa.schema([("name", pa.string()), ("bytes", pa.int64()), ("sha256", pa.string())])
_TIMES = "spark.sql.parquet.outputTimestampType"


@dataclass(frozen=True)
class FrozenFile:
    """A file of an export, with what one needs to show later that it is still the same."""

    name: str
    bytes: int
    sha256: str


def freeze(frame: DataFrame, folder: str | os.PathLike[str]) -> list[FrozenFile]:
    """Writes a table or query as Parquet files into a new folder; give that folder as an input then.

    Columns of lists, structures and decimals are not read by the program; cast them before.
    """
    target = _new(folder)
    session = frame.sparkSession
    before = session.conf.get(_TIMES)
    # Spark's own default is a form without a zone, which would turn instants into local times.
    session.conf.set(_TIMES, "TIMESTAMP_MICROS")
    try:
        frame.write.mode("error").parquet(files.uri(target))
    except (PySparkException, Py4JError) as error:
        raise StepFailed.of("freeze", error) from error
    finally:
        session.conf.set(_TIMES, str(before))
    parts = sorted(target.glob("part-*.parquet"))
    frozen = []
    for number, part in enumerate(parts):
        # Spark names parts at random, and the names stand in every line of evidence.
        plain = part.rename(target / f"part-{number:05}.parquet")
        frozen.append(FrozenFile(plain.name, plain.stat().st_size, files.digest(plain)))
    for other in [*target.glob(".*.crc"), *target.glob("_*")]:
        other.unlink()
    return frozen


def freeze_files(spark: SparkSession, uris: Sequence[str], folder: str | os.PathLike[str]) -> list[FrozenFile]:
    """Copies files, folders with all below them, or globs of any store that Spark reads, byte for byte.

    Spark hands a file over in one piece, so none may be larger than 2 GiB; and in folders it passes over files whose
    names begin with a dot or an underscore, which must be named themselves.
    """
    if not uris:
        raise UsageError("name the files to freeze")
    target = _new(folder)
    try:
        found = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(list(uris))
        paths = {row["path"]: _pure(row["path"]) for row in found.select("path").collect()}
        # As rows Spark gives no empty files; an empty export is one all the same, and a report says so.
        empty = {_pure(unquote(uri)) for uri in found.inputFiles()} - set(paths.values())
        names = _names([*paths.values(), *empty])
        target.mkdir(parents=True)
        name_of = spark.createDataFrame(
            [(path, names[pure]) for path, pure in paths.items()], "path string, name string"
        )
        told = found.select("path", "content").join(F.broadcast(name_of), "path").select("name", "content")
        copier = _Copier(str(target))
        written = told.mapInArrow(copier, "name string, bytes long, sha256 string").collect() if paths else []
    except (PySparkException, Py4JError) as error:
        raise StepFailed.of("freeze_files", error) from error
    frozen = [FrozenFile(row["name"], row["bytes"], row["sha256"]) for row in written]
    frozen += [FrozenFile(**copier.copy(names[pure], b"")) for pure in empty]
    return sorted(frozen, key=lambda file: file.name)


def _new(folder: str | os.PathLike[str]) -> Path:
    target = Path(folder).resolve()
    if target.exists():
        raise UsageError(f"{target} is there already; an export is frozen into a new folder")
    return target


def _pure(uri: str) -> PurePosixPath:
    """Bucket or host, and path. Spark writes names as they are, so this is no matter for a parser of addresses."""
    return PurePosixPath(re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:/*", "", uri).lstrip("/"))


def _names(paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Names below the folder that all paths share, so that two files of one name stay two."""
    if not paths:
        raise UsageError("nothing was found to freeze")
    shared = PurePosixPath(os.path.commonpath([path.parent for path in paths]))
    return {path: str(path.relative_to(shared)) for path in paths}


class _Copier:
    """Writes files on an executor; as a class, for what a task needs must travel with it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [self.copy(name.as_py(), content.as_buffer()) for name, content in zip(*batch.columns, strict=True)]
            yield pa.RecordBatch.from_pylist(rows, schema=_COPIED)

    def copy(self, name: str, content: pa.Buffer | bytes) -> dict[str, Any]:
        target = Path(self._folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # A task that Spark does twice must never leave half a file under the right name.
        half = target.with_name(f".freezing-{uuid.uuid4().hex}")
        half.write_bytes(content)
        half.replace(target)
        return {"name": name, "bytes": target.stat().st_size, "sha256": hashlib.sha256(content).hexdigest()}
