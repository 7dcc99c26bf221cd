"""The program on the driver and where tasks run: found, made executable, and the very same."""

from __future__ import annotations

from pathlib import Path

import fake
import pytest

from sendeschluss_spark import BinaryError, binary
from sendeschluss_spark.contract import Contract


@pytest.fixture
def placed(tmp_path: Path) -> binary.Binary:
    path = str(fake.program(tmp_path / "driver"))
    return binary.placed(path, Contract.ask(path))


def elsewhere(placed: binary.Binary, path: Path) -> binary.Binary:
    return binary.Binary(placed.program, placed.fingerprint, path=str(path))


def test_found_as_given_or_on_the_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake.program(tmp_path / "bin")
    monkeypatch.chdir(tmp_path)
    assert binary.find("bin/sendeschluss") == str(program)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert binary.find(None) == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BinaryError, match="not on the search path; name it with --binary"):
        binary.find(None)
    with pytest.raises(BinaryError, match="is not there; put it into the image, or send it"):
        binary.find(tmp_path / "nowhere")


def test_made_executable_where_that_was_lost(placed: binary.Binary) -> None:
    path = Path(str(placed.path))
    path.chmod(0o644)
    assert placed.here() == str(path)
    assert path.stat().st_mode & 0o100


def test_asked_once_in_a_worker(placed: binary.Binary) -> None:
    path = Path(placed.here())
    path.write_text("no program any more")
    assert placed.here() == str(path)


def test_another_version(placed: binary.Binary, tmp_path: Path) -> None:
    other = fake.program(tmp_path / "other", name="fake 0.2")
    with pytest.raises(BinaryError, match=r"is fake 0\.2, the driver's is fake 0\.1"):
        elsewhere(placed, other).here()


def test_same_version_with_other_schemas(placed: binary.Binary, tmp_path: Path) -> None:
    other = fake.program(tmp_path / "other")
    other.write_text(other.read_text().replace("fake.main", "fake.BANDS = 6\nfake.main"))
    with pytest.raises(BinaryError, match="has other schemas than the driver's"):
        elsewhere(placed, other).here()


def test_no_program_at_all(placed: binary.Binary, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("for another kind of machine")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(BinaryError, match=r"is not fake 0\.1 of the driver: .* cannot be run"):
        elsewhere(placed, tmp_path / "text").here()
