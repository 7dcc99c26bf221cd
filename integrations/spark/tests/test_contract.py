"""What the program says of itself, as schemas, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fake
import pyarrow as pa
import pytest
from pyspark.sql import types

from sendeschluss_spark import ContractError, ProcessFailed
from sendeschluss_spark.contract import Contract

KINDS = ["bool", "int8", "int16", "int32", "int64", "float64", "utf8", "binary"]
LISTS = ["list<int32>", "list<int64>", "list<float64>", "list<utf8>"]


def document(*kinds: str, **changes: Any) -> bytes:
    columns = [{"name": f"column {kind}", "type": kind, "nullable": kind == "utf8"} for kind in kinds]
    whole = {
        "version": 1,
        "program": "sendeschluss 0.1.0",
        "bands": 44,
        "streams": {"rows": columns},
        "kernels": {"content --join": {"reads": "rows", "writes": "rows"}},
    }
    return json.dumps({**whole, **changes}).encode()


def test_every_type_has_its_like_in_arrow_and_spark() -> None:
    stream = Contract.parse(document(*KINDS, *LISTS)).stream("rows")
    kinds = [field.dataType.simpleString() for field in stream.spark()]
    plain = ["boolean", "tinyint", "smallint", "int", "bigint", "double", "string", "binary"]
    assert kinds == [*plain, "array<int>", "array<bigint>", "array<double>", "array<string>"]
    assert stream.arrow().field("column list<float64>").type == pa.list_(pa.float64())
    assert [field.nullable for field in stream.arrow()] == [name == "column utf8" for name in stream.names]
    assert stream.spark()["column utf8"] == types.StructField("column utf8", types.StringType(), True)


def test_kernels_and_bands() -> None:
    contract = Contract.parse(document("int64"))
    reads, writes = contract.kernel("content --join")
    assert (reads.name, writes.names, contract.bands) == ("rows", ["column int64"], 44)
    with pytest.raises(ContractError, match="has no kernel marks"):
        contract.kernel("marks")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"usage: sendeschluss", "no JSON of the known shape"),
        (b"[]", "no JSON of the known shape"),
        (document("int64", version=2), "speaks version 2 of the schemas, this package version 1"),
        (document("uint128"), "the type uint128"),
        (document("list<bool>"), "the type list<bool>"),
        (document("int64", streams={}), "names the stream rows, which has no schema"),
        (document("int64", streams=None), "schemas lack"),
        (b'{"version": 1}', "schemas lack 'streams'"),
    ],
)
def test_refused(answer: bytes, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        Contract.parse(answer)


def test_asked_of_a_program(tmp_path: Path) -> None:
    contract = Contract.ask(str(fake.program(tmp_path, name="sendeschluss 9.9")))
    assert contract.program == "sendeschluss 9.9"
    assert contract.stream("messages").names == list(fake.MESSAGES)
    with pytest.raises(ProcessFailed, match="kernel schemas"):
        Contract.ask("/bin/false")
