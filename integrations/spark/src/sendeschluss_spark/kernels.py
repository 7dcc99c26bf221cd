"""A kernel as Spark runs it: a function over the Arrow batches of a partition, made of everything a task must know.

Joins, partitions and the order of steps are in `pipeline`; pipes and exit codes in `process`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from . import process
from .binary import Binary
from .contract import VERSION, Contract, Stream


@dataclass(frozen=True)
class Kernel:
    """One kernel with its options; goes to the executors as it is.

    `threads` is what a task has: with more, the tasks of an executor would take each other's cores.
    """

    name: str
    binary: Binary
    reads: Stream
    writes: Stream
    threads: int
    options: tuple[str, ...] = ()
    tables: str | None = None

    def over(self, frame: DataFrame) -> DataFrame:
        """Runs once for each partition of `frame` that has rows; the partitions stay as they are."""

        def partition(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return self.run(batches)

        columns = frame.select([F.col(name) for name in self.reads.names])
        return columns.mapInArrow(partition, self.writes.spark())

    def run(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The answer of one process over all these batches."""
        command = [self.binary.here(), "kernel", *self.name.split(), "--schema", str(VERSION)]
        command += ["--threads", str(self.threads), *self.options]
        if self.tables is not None:
            command += ["--tables", SparkFiles.get(self.tables)]
        reads, writes = self.reads.arrow(), self.writes.arrow()
        return process.stream(command, f"kernel {self.name}", batches, reads, writes, process.environment())


@dataclass(frozen=True)
class Kernels:
    """Makes the kernels of one job."""

    contract: Contract
    binary: Binary
    threads: int

    def make(self, name: str, options: tuple[str, ...] = (), tables: str | None = None) -> Kernel:
        reads, writes = self.contract.kernel(name)
        return Kernel(name, self.binary, reads, writes, self.threads, options, tables)
