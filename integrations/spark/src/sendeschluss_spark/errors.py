"""What can go wrong, as types: each error tells a person what to do, and a program what it was.

No other module lives here, and nothing here logs or decides about exit codes.
"""

from __future__ import annotations

import re


class SparkReportError(Exception):
    """Base of all errors of this package."""


class UsageError(SparkReportError):
    """The caller asked for something that cannot be: an option, a folder, a session."""


class UnknownOption(UsageError):
    """An option that no process takes."""

    def __init__(self, option: str, suggestion: str | None) -> None:
        super().__init__(option, suggestion)
        self.option = option
        self.suggestion = suggestion

    def __str__(self) -> str:
        hint = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        return f"`{self.option}` is no option of `sendeschluss report`{hint}"


class WorkFolderError(UsageError):
    """The work folder cannot be used."""


class BinaryError(SparkReportError):
    """The program is missing, cannot be run, or is not the driver's."""


class ContractError(SparkReportError):
    """The program and this package, or a table and its schema, do not fit together."""


class ProcessFailed(SparkReportError):
    """A process of the program did not do its work."""

    def __init__(self, kernel: str, exit_code: int, stderr: str, reason: str = "") -> None:
        # All go to the base, so that the error survives pickling.
        super().__init__(kernel, exit_code, stderr, reason)
        self.kernel = kernel
        self.exit_code = exit_code
        self.stderr = stderr
        self.reason = reason

    def __str__(self) -> str:
        ended = f"was ended by signal {-self.exit_code}" if self.exit_code < 0 else f"ended with code {self.exit_code}"
        told = [f"sendeschluss {self.kernel} {ended}", self.reason, self.stderr]
        return ": ".join(part for part in told if part)


class StepFailed(SparkReportError):
    """A step could not be done on the cluster; `told` is what the process or Spark said last."""

    def __init__(self, step: str, told: str) -> None:
        super().__init__(step, told)
        self.step = step
        self.told = told

    def __str__(self) -> str:
        return f"step {self.step} failed: {self.told}"

    @classmethod
    def of(cls, step: str, error: Exception) -> StepFailed:
        """Spark hands errors of a task on as the text of a Python traceback, whose last lines are the error itself."""
        text = str(error)
        end = r"(?=\n\s*(?:\n|at \S+\(|SQLSTATE:)|\Z)"
        own = list(re.finditer(rf"{re.escape(__name__)}\.\w+: (.*?){end}", text, re.DOTALL))
        return cls(step, own[-1].group(1).strip() if own else text.strip())
