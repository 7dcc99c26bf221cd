"""Sendeschluss on Apache Spark: the program's kernels over partitions, the same report as on one machine.

What users call is named here; where it lives is not their business.
"""

from .errors import (
    BinaryError,
    ContractError,
    ProcessFailed,
    SparkReportError,
    StepFailed,
    UnknownOption,
    UsageError,
    WorkFolderError,
)
from .pipeline import Outcome, report
from .tables import FrozenFile, freeze, freeze_files

__all__ = [
    "BinaryError",
    "ContractError",
    "FrozenFile",
    "Outcome",
    "ProcessFailed",
    "SparkReportError",
    "StepFailed",
    "UnknownOption",
    "UsageError",
    "WorkFolderError",
    "freeze",
    "freeze_files",
    "report",
]
