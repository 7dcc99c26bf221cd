"""The work folder: whose it is, what is removed, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sendeschluss_spark import WorkFolderError
from sendeschluss_spark.work import MARKER, WorkFolder


def test_made_and_removed(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "a" / "work") as work:
        work.folder("marks").mkdir()
        work.tables.write_text("{}")
    assert not (tmp_path / "a" / "work").exists()


def test_an_empty_folder_of_the_user_stays(tmp_path: Path) -> None:
    with WorkFolder(tmp_path) as work:
        work.folder("marks").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_removed_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(KeyError), WorkFolder(tmp_path / "work") as work:
        work.folder("messages").mkdir()
        raise KeyError
    assert not (tmp_path / "work").exists()


def test_kept_and_begun_anew(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "work", keep=True) as work:
        work.folder("ingested").mkdir()
    assert (tmp_path / "work" / "ingested").exists()
    with WorkFolder(tmp_path / "work") as work:
        assert not work.folder("ingested").exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_others_are_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(WorkFolderError, match="not empty"), WorkFolder(tmp_path):
        pass
    (tmp_path / MARKER).touch()
    (tmp_path / "marks").mkdir()
    with pytest.raises(WorkFolderError, match=r"also holds diary\.txt"), WorkFolder(tmp_path):
        pass
    assert (tmp_path / "marks").exists()
    (tmp_path / "file").touch()
    with pytest.raises(WorkFolderError, match="cannot be used"), WorkFolder(tmp_path / "file"):
        pass


def test_one_job_at_a_time(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "work") as first:
        first.folder("marks").mkdir()
        with pytest.raises(WorkFolderError, match="in use"), WorkFolder(tmp_path / "work"):
            pass
        assert first.folder("marks").exists()


def test_neither_inputs_nor_report_may_overlap(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    inside = WorkFolder(tmp_path / "exports" / "work")
    with pytest.raises(WorkFolderError, match="would be read as an export"):
        inside.refuse_overlap([str(tmp_path / "exports")], tmp_path / "out")
    with pytest.raises(WorkFolderError, match="which is emptied"):
        inside.refuse_overlap([str(tmp_path / "exports" / "work" / "a.csv")], tmp_path / "out")
    with pytest.raises(WorkFolderError, match="the report would lie"):
        inside.refuse_overlap([str(tmp_path / "b.csv")], tmp_path / "exports" / "work" / "out")
    inside.refuse_overlap([str(tmp_path / "exports" / "a.csv")], tmp_path / "out")
