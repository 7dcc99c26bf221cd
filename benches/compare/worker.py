"""The process of one engine: answers one question and tells what that took.

usage: worker.py ENGINE                             its version and its ways, as JSON
       worker.py ENGINE QUESTION WAY FILE THREADS   the answer, seconds and processor seconds, as JSON

The time begins after Python and the engine are loaded: neither is part of the question.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

from questions import Entry


def main() -> int:
    engine = importlib.import_module(f"engines.{sys.argv[1]}")
    entries: list[Entry] = engine.ENTRIES
    if len(sys.argv) == 2:
        print(json.dumps({"version": engine.version(), "ways": [[entry.question, entry.way] for entry in entries]}))
        return 0
    question, way, path, threads = sys.argv[2:6]
    entry = next(entry for entry in entries if (entry.question, entry.way) == (question, way))
    began, used = time.perf_counter(), time.process_time()
    answer = entry.answer(path, int(threads))
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    print(json.dumps({**took, "answer": answer}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
