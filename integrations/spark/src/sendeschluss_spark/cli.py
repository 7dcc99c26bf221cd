"""The command line: `sendeschluss-spark report INPUT... -o OUT --work DIR -- [options of sendeschluss report]`.

Turns arguments into calls and errors into exit codes; does nothing else.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from pyspark.sql import SparkSession

from . import options
from .errors import ProcessFailed, SparkReportError, UsageError
from .pipeline import report

USAGE_CODE = 2
FAILED_CODE = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit codes are those of `sendeschluss report`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    ours, handed_on = _divided(given)
    parser = _parser()
    asked, unknown = parser.parse_known_args(ours)
    if unknown:
        parser.error(f"{unknown[0]} is no option here; options of sendeschluss report stand after `--`")
    logging.basicConfig(format="sendeschluss-spark: %(message)s", stream=sys.stderr)
    logging.getLogger(__package__).setLevel(logging.INFO if asked.verbose else logging.WARNING)
    try:
        # A mistake here should not cost the start of a session.
        options.split(handed_on)
        outcome = report(
            _session(asked.master),
            asked.inputs,
            asked.output,
            asked.work,
            program=asked.binary,
            ship_binary=asked.ship_binary,
            partitions=asked.partitions,
            keep_work=asked.keep_work,
            slice_rows=asked.slice_rows,
            arguments=handed_on,
        )
    except SparkReportError as error:
        print(f"sendeschluss-spark: {error}", file=sys.stderr)
        refused = isinstance(error, ProcessFailed) and error.exit_code == USAGE_CODE
        return USAGE_CODE if refused or isinstance(error, UsageError) else FAILED_CODE
    print(outcome.summary, end="")
    return outcome.exit_code


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _session(master: str | None) -> SparkSession:
    if master and master.startswith(("local", "spark:")):
        # Any other `python3` of these machines hardly has this package's libraries; the environment lies on each.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("sendeschluss")
    return (builder.master(master) if master else builder).getOrCreate()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sendeschluss-spark", description="Runs Sendeschluss on Apache Spark.")
    parser.add_argument("--version", action="version", version=f"sendeschluss-spark {version('sendeschluss-spark')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "report",
        help="read exports and write the report folder",
        usage="sendeschluss-spark report INPUT... -o OUT --work DIR [OPTION...] [-- OPTION OF sendeschluss report...]",
        allow_abbrev=False,
    )
    command.add_argument("inputs", nargs="+", metavar="INPUT", help="files, folders or globs that all machines see")
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="folder to write, on the driver")
    command.add_argument("--work", required=True, metavar="DIR", help="folder for steps between, that all machines see")
    command.add_argument("--binary", metavar="PATH", help="the program, on all machines under this path")
    command.add_argument("--ship-binary", action="store_true", help="send the program from the driver to all machines")
    command.add_argument("--master", metavar="URL", help="Spark's master; without it, what spark-submit or Spark says")
    command.add_argument("--partitions", type=int, metavar="N", help="parts to work on; without it, one for each core")
    command.add_argument(
        "--slice-rows", type=int, metavar="N", help="cut clients with more messages into slices of time"
    )
    command.add_argument("--keep-work", action="store_true", help="leave the work folder; it holds messages in clear")
    command.add_argument("--verbose", action="store_true", help="say when a step is done")
    return parser
