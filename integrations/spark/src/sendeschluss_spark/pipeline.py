"""The steps of a job, from the list of exports to the report folder.

What a kernel computes is not here, nor any rule of the report: this only brings the right rows together.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark import SparkContext, StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from . import binary, files, options, process, settings
from .contract import VERSION, Contract, Stream
from .errors import ContractError, StepFailed, UsageError
from .kernels import Kernels
from .work import WorkFolder

# The report is there with these: nothing to say, a finding at or above --fail-on, some input that could not be read.
REPORT_CODES = (0, 1, 3)
# Tries for each partition to find a number that Spark's hash puts there.
_TRIES = 64

_log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What came of a job; `exit_code` and `summary` are those of `sendeschluss report`."""

    report: Path
    exit_code: int = 0
    summary: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def report(
    spark: SparkSession,
    inputs: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    work: str | os.PathLike[str],
    *,
    program: str | os.PathLike[str] | None = None,
    ship_binary: bool = False,
    partitions: int | None = None,
    keep_work: bool = False,
    slice_rows: int | None = None,
    arguments: Sequence[str] = (),
) -> Outcome:
    """Writes the report folder `output` over `inputs`, the same as `sendeschluss report` with these `arguments`.

    Exports and `work` must lie where the driver and all executors see them under one path. `program` is the path of
    the program, on all machines or, with `ship_binary`, on the driver only. Clients with more messages than
    `slice_rows` are worked on in slices of time.
    """
    named = [os.fspath(name) for name in inputs]
    if not named or "-" in named:
        raise UsageError("name files, folders or globs as inputs; standard input is on one machine only")
    if partitions is not None and partitions < 1:
        raise UsageError("at least one partition is needed")
    if slice_rows is not None and slice_rows < 1:
        raise UsageError("a slice holds at least one message")
    divided = options.split(arguments)
    context = _context(spark)
    found = binary.find(program)
    contract = Contract.ask(found)
    cores = int(context.getConf().get("spark.task.cpus", "1") or 1)
    folder = WorkFolder(work, keep_work)
    folder.refuse_overlap(named, output)
    with folder:
        placed = binary.ship(context, found, contract) if ship_binary else binary.placed(found, contract)
        count = partitions or max(context.defaultParallelism, 1)
        job = _Job(spark, Kernels(contract, placed, cores), found, folder, named, divided, count, Outcome(Path(output)))
        job.ingest(settings.for_ingest(found, divided, named, folder.folder("settings")))
        job.gather(slice_rows)
        job.detect()
        job.report()
    return job.outcome


@dataclass
class _Job:
    spark: SparkSession
    kernels: Kernels
    program: str
    work: WorkFolder
    inputs: Sequence[str]
    options: options.Options
    partitions: int
    outcome: Outcome

    def ingest(self, ingest_options: tuple[str, ...]) -> None:
        with self._step("ingest"):
            kernel = self.kernels.make("ingest", ingest_options)
            _write(kernel.over(self._listing(kernel.reads)), self.work.folder("ingested"))

    def gather(self, slice_rows: int | None) -> None:
        with self._step("gather"):
            taken = [*self.options.inputs, *self.options.detection, "--work", str(self.work.path)]
            taken += [] if slice_rows is None else ["--slice-rows", str(slice_rows)]
            self._on_driver("kernel gather", ["kernel", "gather", "--schema", str(VERSION), *taken], (0,))

    def detect(self) -> None:
        tables = binary.send(self.spark.sparkContext, self.work.tables)
        contents = self._read("contents")
        kept: list[DataFrame] = []
        try:
            with self._step("marks"):
                messages = self._read("messages").repartition(self.partitions, "subject", "slice")
                marked = self.kernels.make("marks", tables=tables).over(messages).persist(StorageLevel.DISK_ONLY)
                kept.append(marked)
                # What stands before a slice is there for its windows, and is told by the slice it lies in.
                once = marked.where(~F.col("before"))
                marks = self.kernels.contract.stream("marks")
                _write(once.select(*marks.names), self.work.folder("marks"))
            with self._step("bursts"):
                kernel = self.kernels.make("bursts", tables=tables)
                # The marked rows lie by subject and slice already.
                found = kernel.over(marked)
                if self.work.is_sliced():
                    # Some things look at an account's whole life, so its slices come together once more.
                    lives = once.where("slice > 0").withColumn("slice", F.lit(0).cast("int"))
                    found = found.unionByName(kernel.over(lives.repartition(self.partitions, "subject")))
                _write(found, self.work.folder("bursts"))
            with self._step("content"):
                assigned = self._assigned(contents, tables).persist(StorageLevel.DISK_ONLY)
                kept.append(assigned)
                # Two joins want it; asked for now, it is computed once and its failures are told as its own.
                assigned.count()
            with self._step("campaigns"):
                kernel = self.kernels.make("campaigns", tables=tables)
                _write(kernel.over(self._grouped(once, contents, assigned)), self.work.folder("campaigns"))
        finally:
            for frame in kept:
                frame.unpersist()

    def report(self) -> None:
        with self._step("report"):
            told = ["report", *self.options.all, "--gathered", str(self.work.path), "-o", str(self.outcome.report)]
            code, summary = self._on_driver("report", told, REPORT_CODES)
            self.outcome.exit_code = code
            self.outcome.summary = summary.decode("utf-8", "replace")

    def _listing(self, stream: Stream) -> DataFrame:
        """One row for each file, the partitions of about equal size in bytes."""
        command = [self.program, "kernel", "inputs", "--schema", str(VERSION), *self.options.inputs, "--", *self.inputs]
        batches = process.stream(command, "kernel inputs", None, None, stream.arrow())
        rows = [row for batch in batches for row in batch.to_pylist()]
        for row in rows:
            if Path(row["path"]).is_relative_to(self.work.path):
                raise UsageError(f"the input {row['name']} lies in the work folder")
        if not rows:
            return self.spark.createDataFrame([], stream.spark())
        loads = _balanced(rows, lambda row: int(row["bytes"] or 0), min(self.partitions, len(rows)))
        slices = [[tuple(row[name] for name in stream.names) for row in load] for load in loads]
        placed = self.spark.sparkContext.parallelize(slices, len(slices)).flatMap(lambda load: load)
        return self.spark.createDataFrame(placed, stream.spark())

    def _assigned(self, contents: DataFrame, tables: str) -> DataFrame:
        """Which content belongs to which family and group."""
        kernel = self.kernels.make("content")
        join = self.kernels.make("content --join", tables=tables)
        texts = kernel.reads
        bands = self.kernels.contract.bands
        # Whoever works on a stretch makes the templates of all texts first: more stretches than cores would do so in vain.
        cores = max(self.spark.sparkContext.defaultParallelism, 1)
        places = _places(self.spark, min(self.partitions, cores, bands))
        stretches = [
            (place, number * bands // len(places), (number + 1) * bands // len(places))
            for number, place in enumerate(places)
        ]
        asked = self.spark.createDataFrame(stretches, "place long, first_band int, end_band int")
        spread = contents.crossJoin(F.broadcast(asked)).repartition(len(places), "place")
        edges = kernel.over(_filled(spread, texts))
        whole = _filled(contents, texts).unionByName(_filled(edges, texts))
        # A shuffle, not `coalesce`, which would draw the search for edges into the same one task.
        return join.over(whole.repartition(1))

    def _grouped(self, marked: DataFrame, contents: DataFrame, assigned: DataFrame) -> DataFrame:
        """Messages and contents of each group together."""
        reads, _ = self.kernels.contract.kernel("campaigns")
        messages = _filled(marked.join(assigned, "content"), reads)
        texts = _filled(contents.join(assigned, "content"), reads)
        return messages.unionByName(texts).repartition(self.partitions, "group")

    def _read(self, name: str) -> DataFrame:
        """A table that gathering left; its schema is the contract's, for Spark would widen nothing but guess."""
        folder = self.work.folder(name)
        stream = self.kernels.contract.stream(name)
        for part in sorted(folder.glob("*.parquet"))[:1]:
            missing = sorted(set(stream.names) - set(pq.read_schema(part).names))
            if missing:
                raise ContractError(f"{part.name} of {name} lacks columns: {', '.join(missing)}")
        return self.spark.read.schema(stream.spark()).parquet(files.pattern(folder))

    def _on_driver(self, name: str, words: Sequence[str], accepted: Sequence[int]) -> tuple[int, bytes]:
        return process.run([self.program, *words, "--", *self.inputs], name, accepted, sys.stderr)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        context = self.spark.sparkContext
        context.setJobDescription(f"sendeschluss: {name}")
        began = time.monotonic()
        try:
            yield
        except (PySparkException, Py4JError) as error:
            raise StepFailed.of(name, error) from error
        finally:
            context.setLocalProperty("spark.job.description", None)  # type: ignore[arg-type]
        self.outcome.seconds[name] = time.monotonic() - began
        _log.info("%s: %.1f s", name, self.outcome.seconds[name])


def _context(spark: SparkSession) -> SparkContext:
    try:
        return spark.sparkContext
    except (PySparkException, AttributeError) as error:
        raise UsageError("Spark Connect gives no SparkContext, which sends files; use a classic session") from error


def _write(frame: DataFrame, folder: Path) -> None:
    frame.write.mode("error").parquet(files.uri(folder))


def _filled(frame: DataFrame, stream: Stream) -> DataFrame:
    """The columns of a stream; those that the frame lacks are null."""
    columns = []
    for column in stream.spark():
        value = F.col(column.name) if column.name in frame.columns else F.lit(None)
        columns.append(value.cast(column.dataType).alias(column.name))
    return frame.select(columns)


def _balanced(
    rows: list[dict[str, Any]], size: Callable[[dict[str, Any]], int], count: int
) -> list[list[dict[str, Any]]]:
    """The largest first, each to whom has least."""
    loads: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    sums = [0] * count
    for row in sorted(rows, key=size, reverse=True):
        least = min(range(count), key=lambda number: (sums[number], len(loads[number])))
        loads[least].append(row)
        sums[least] += size(row)
    return loads


def _places(spark: SparkSession, count: int) -> list[int]:
    """One number for each of `count` partitions, such that `repartition` puts it there and no partition gets two."""
    place = F.expr(f"pmod(hash(id), {count})")
    chosen = spark.range(count * _TRIES).groupBy(place.alias("place")).agg(F.min("id").alias("id")).collect()
    return sorted(row["id"] for row in chosen)
