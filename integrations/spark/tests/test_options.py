"""Which option goes where, and which is refused with which words."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from sendeschluss_spark import UnknownOption, UsageError, cli, options


def test_each_process_gets_its_own() -> None:
    given = ["--case", "a.toml", "--lang=de", "--format", "x", "--format=y", "--since", "2019-12-01", "-q", "--reveal"]
    divided = options.split(given)
    assert divided.inputs == ("--case", "a.toml", "--format", "x", "--format=y")
    assert divided.detection == ("--since", "2019-12-01")
    assert divided.all == tuple(given)


@pytest.mark.parametrize("switch", sorted(options.SWITCHES))
def test_switches_take_no_word(switch: str) -> None:
    assert options.split([f"--{switch}", "--lang", "de"]).all == (f"--{switch}", "--lang", "de")
    assert options.split([f"--{switch}=false"]).all == (f"--{switch}=false",)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--timezon", "UTC"], "`--timezon` is no option of `sendeschluss report`; did you mean `--timezone`?"),
        (["--sinse=2019"], "`--sinse` is no option of `sendeschluss report`; did you mean `--since`?"),
        (["--partitions", "3"], "`--partitions` is no option of `sendeschluss report`"),
        (["-z"], "`-z` is no option of `sendeschluss report`"),
    ],
)
def test_unknown_options_with_a_suggestion(given: list[str], told: str) -> None:
    with pytest.raises(UnknownOption) as caught:
        options.split(given)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["exports"], "inputs stand before"),
        (["--lang", "de", "exports"], "inputs stand before"),
        (["-"], "inputs stand before"),
        (["--output", "x"], "given as -o"),
        (["--ledger=x"], "one machine"),
        (["--lang"], "lacks its value"),
        (["--lang", "--quiet"], "lacks its value"),
    ],
)
def test_refused(given: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        options.split(given)


def test_the_program_has_no_other_options(program: Path) -> None:
    shown = subprocess.run([program, "config", "show", "--json"], capture_output=True, check=True).stdout
    theirs = {setting["name"] for setting in json.loads(shown) if not setting["name"].startswith("run.")}
    ours = options.INPUT | options.DETECTION | options.REST | options.OURS.keys()
    # Inputs are no option, a settings file cannot name another one, and slices are no matter of a report.
    assert theirs - {"inputs"} == ours - {"config", "slice-rows"}


def test_the_version_is_told_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"sendeschluss-spark \d+\.\d+\.\d+\n", capsys.readouterr().out)
