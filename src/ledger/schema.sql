-- The register of a ledger. What does not stand here does not exist.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- What inputs were named by, over all imports: the row `inputs` of manifests.
CREATE TABLE arguments (text TEXT PRIMARY KEY, origin TEXT NOT NULL, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  path BLOB NOT NULL,           -- where it lay, absolute; of a member its container
  member TEXT,                  -- name inside that file
  top INTEGER NOT NULL,         -- the source that is this file; itself, for files
  imported_at INTEGER NOT NULL, -- UTC milliseconds
  program TEXT NOT NULL,
  account TEXT NOT NULL,        -- JSON, see account.rs
  circumstances TEXT NOT NULL,  -- JSON: what of case file and settings it was read with
  accounts TEXT NOT NULL,       -- JSON: canonical accounts by local index
  provisional INTEGER,          -- which of them stands for records without a sender
  echoing INTEGER NOT NULL,     -- records that gave echoes only
  rows INTEGER NOT NULL,        -- rows that are kept in parts
  words TEXT, words_sha256 TEXT, words_bytes INTEGER
);
CREATE INDEX sources_by_name ON sources (name);
CREATE INDEX sources_by_sha256 ON sources (sha256);
CREATE TABLE rejects (
  source INTEGER NOT NULL, number INTEGER NOT NULL,
  record INTEGER NOT NULL, line INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  reason TEXT NOT NULL, excerpt TEXT NOT NULL,
  PRIMARY KEY (source, number)
) WITHOUT ROWID;
CREATE TABLE consents (
  source INTEGER NOT NULL, number INTEGER NOT NULL,
  account INTEGER NOT NULL, recipient TEXT NOT NULL, recipient_kind INTEGER NOT NULL,
  at INTEGER NOT NULL, kind INTEGER NOT NULL, said TEXT NOT NULL, proof INTEGER NOT NULL, channels INTEGER,
  record INTEGER NOT NULL, line INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (source, number)
) WITHOUT ROWID;
CREATE TABLE parts (
  id INTEGER PRIMARY KEY, month INTEGER NOT NULL, file TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL
);
CREATE INDEX parts_by_month ON parts (month);
CREATE TABLE part_sources (part INTEGER NOT NULL, source INTEGER NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (part, source)) WITHOUT ROWID;
CREATE INDEX part_sources_by_source ON part_sources (source);
-- In which month the records of a message live: the upper 64 bits of its key.
CREATE TABLE homes (hash INTEGER PRIMARY KEY, month INTEGER NOT NULL);
-- Records whose messages live in several months.
CREATE TABLE spanning (source INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (source, record)) WITHOUT ROWID;
-- What folding each month gives; made again for the months that an import touches.
CREATE TABLE months (month INTEGER PRIMARY KEY, first_sent INTEGER, last_sent INTEGER, messages INTEGER NOT NULL, conflicts TEXT NOT NULL);
CREATE TABLE counts (
  month INTEGER NOT NULL, source INTEGER NOT NULL,
  read INTEGER NOT NULL, folded INTEGER NOT NULL, messages INTEGER NOT NULL, zone_needed INTEGER NOT NULL,
  first_sent INTEGER, last_sent INTEGER, left_out TEXT NOT NULL,
  PRIMARY KEY (month, source)
) WITHOUT ROWID;
CREATE INDEX counts_by_source ON counts (source);
-- What the file system said of files when they were hashed, so that a file that stands still is hashed once.
CREATE TABLE stamps (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE unreadable (name TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
-- That something was erased, and how much; never what.
CREATE TABLE forgotten (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, source INTEGER NOT NULL, messages INTEGER NOT NULL);
-- Erased recipients under the ledger's own key, so that later imports leave them out.
CREATE TABLE erased (mac TEXT PRIMARY KEY) WITHOUT ROWID;
