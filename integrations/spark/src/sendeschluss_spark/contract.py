"""What the program says of its streams and kernels, and the same as schemas of Arrow and Spark.

Asks `sendeschluss kernel schemas`; no schema stands in this package. Nothing here moves data.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import types

from . import process
from .errors import ContractError

VERSION = 1

_ARROW: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "utf8": pa.string(),
    "binary": pa.binary(),
}
_SPARK: dict[str, types.DataType] = {
    "bool": types.BooleanType(),
    "int8": types.ByteType(),
    "int16": types.ShortType(),
    "int32": types.IntegerType(),
    "int64": types.LongType(),
    "float64": types.DoubleType(),
    "utf8": types.StringType(),
    "binary": types.BinaryType(),
}
_IN_LISTS = ("int32", "int64", "float64", "utf8")


@dataclass(frozen=True)
class Field:
    """A column of a stream."""

    name: str
    type: str
    nullable: bool

    def arrow(self) -> pa.Field:
        inner = self._inner()
        kind = pa.list_(_ARROW[inner]) if inner else _ARROW[self.type]
        return pa.field(self.name, kind, self.nullable)

    def spark(self) -> types.StructField:
        inner = self._inner()
        kind = types.ArrayType(_SPARK[inner]) if inner else _SPARK[self.type]
        return types.StructField(self.name, kind, self.nullable)

    def _inner(self) -> str | None:
        if self.type.startswith("list<") and self.type.endswith(">"):
            return self.type[len("list<") : -1]
        return None

    def check(self) -> None:
        inner = self._inner()
        if not (inner in _IN_LISTS if inner else self.type in _ARROW):
            raise ContractError(f"column {self.name} has the type {self.type}, which this package does not know")


@dataclass(frozen=True)
class Stream:
    """The columns of a stream."""

    name: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def arrow(self) -> pa.Schema:
        return pa.schema([field.arrow() for field in self.fields])

    def spark(self) -> types.StructType:
        return types.StructType([field.spark() for field in self.fields])


@dataclass(frozen=True)
class Contract:
    """Everything the program said of itself."""

    program: str
    bands: int
    streams: dict[str, Stream]
    kernels: dict[str, tuple[str, str]]
    fingerprint: str

    @classmethod
    def ask(cls, binary: str) -> Contract:
        """Asks a program on this machine."""
        _, answer = process.run([binary, "kernel", "schemas"], "kernel schemas")
        return cls.parse(answer)

    @classmethod
    def parse(cls, answer: bytes) -> Contract:
        try:
            document = json.loads(answer)
            version = document["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError("the program's schemas are no JSON of the known shape") from error
        if version != VERSION:
            program = document.get("program", "the program")
            raise ContractError(f"{program} speaks version {version} of the schemas, this package version {VERSION}")
        try:
            return cls._of(document, hashlib.sha256(answer).hexdigest())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(f"the program's schemas lack {error}") from error

    @classmethod
    def _of(cls, document: dict[str, Any], fingerprint: str) -> Contract:
        streams = {}
        for name, columns in document["streams"].items():
            fields = tuple(Field(column["name"], column["type"], column["nullable"]) for column in columns)
            for field in fields:
                field.check()
            streams[name] = Stream(name, fields)
        kernels = {name: (kernel["reads"], kernel["writes"]) for name, kernel in document["kernels"].items()}
        for name, ends in kernels.items():
            for end in ends:
                if end not in streams:
                    raise ContractError(f"kernel {name} names the stream {end}, which has no schema")
        return cls(document["program"], int(document["bands"]), streams, kernels, fingerprint)

    def stream(self, name: str) -> Stream:
        if name not in self.streams:
            raise ContractError(f"{self.program} has no stream {name}")
        return self.streams[name]

    def kernel(self, name: str) -> tuple[Stream, Stream]:
        """What a kernel reads and what it writes."""
        if name not in self.kernels:
            raise ContractError(f"{self.program} has no kernel {name}")
        reads, writes = self.kernels[name]
        return self.stream(reads), self.stream(writes)
