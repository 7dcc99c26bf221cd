"""Files of the driver as Spark names them, and their hashes.

Only names and bytes; what the files are is the business of others.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_CHUNK = 1 << 20


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()


def uri(path: Path) -> str:
    """An absolute path for Spark to write to. Without its scheme it would lie on the cluster's default file system."""
    # Not Path.as_uri: Hadoop takes names as they are and would look for a percent sign and two digits.
    return f"file://{path}"


def pattern(path: Path) -> str:
    """An absolute path for Spark to read from: there it is a glob."""
    return uri(Path(re.sub(r"([\\{}\[\]*?])", r"\\\1", str(path))))
