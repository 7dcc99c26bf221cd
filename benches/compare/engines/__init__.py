"""One module for each engine; each has `ENTRIES` and `version()`, and imports its engine, so only the worker loads it."""
