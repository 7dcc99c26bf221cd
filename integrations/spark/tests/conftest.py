"""What tests share: a session in this process, and where the real program is."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

# Workers must have the packages of this environment, whatever `python3` is on the search path.
os.environ["PYSPARK_PYTHON"] = sys.executable
# The program refuses variables of its name that are no settings.
PROGRAM = os.environ.pop("SENDESCHLUSS_BINARY", "")
# Executors of a local cluster leave their files in SPARK_HOME; a home of links keeps them out of the package.
_HOME = tempfile.TemporaryDirectory(prefix="sendeschluss-spark-")
for _name in ("bin", "data", "jars", "python", "sbin"):
    Path(_HOME.name, _name).symlink_to(Path(pyspark.__file__).parent / _name)
os.environ["SPARK_HOME"] = _HOME.name
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "4",
}


def session(master: str, **settings: str) -> SparkSession:
    builder = SparkSession.builder.master(master).appName("sendeschluss-spark tests")
    for name, value in {**QUIET, **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@pytest.fixture(scope="module")
def local() -> Iterator[SparkSession]:
    spark = session("local[2]")
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def program() -> Path:
    if not PROGRAM:
        pytest.skip("SENDESCHLUSS_BINARY names no program")
    return Path(PROGRAM).resolve()
