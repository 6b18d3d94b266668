-- The bank's books. Amounts are whole cents. Every movement is an entry of balanced lines; lines are final.

CREATE TABLE IF NOT EXISTS accounts (
  id      TEXT    PRIMARY KEY,
  kind    TEXT    NOT NULL CHECK (kind IN ('customer', 'internal')),
  frozen  INTEGER NOT NULL CHECK (frozen IN (0, 1)),
  balance INTEGER NOT NULL,             -- the sum of the account's lines, kept beside them
  held    INTEGER NOT NULL CHECK (held >= 0),
  CHECK (kind = 'internal' OR balance >= held)
) STRICT;

CREATE TABLE IF NOT EXISTS entries (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT    NOT NULL CHECK (kind IN ('opening', 'post', 'reverse', 'settle')),
  hold INTEGER REFERENCES holds (id),
  at   TEXT    NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS lines (
  entry   INTEGER NOT NULL REFERENCES entries (id),
  account TEXT    NOT NULL REFERENCES accounts (id),
  amount  INTEGER NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (entry, account)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS lines_are_not_changed BEFORE UPDATE ON lines
BEGIN SELECT RAISE(ABORT, 'a journal line is final'); END;
CREATE TRIGGER IF NOT EXISTS lines_are_not_removed BEFORE DELETE ON lines
BEGIN SELECT RAISE(ABORT, 'a journal line is final'); END;

CREATE TABLE IF NOT EXISTS holds (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account    TEXT    NOT NULL REFERENCES accounts (id),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  state      TEXT    NOT NULL CHECK (state IN ('held', 'posted', 'released', 'settled')),
  expires_at TEXT    NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS postings (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  hold   INTEGER NOT NULL REFERENCES holds (id),
  amount INTEGER NOT NULL CHECK (amount > 0),
  fee    INTEGER NOT NULL CHECK (fee >= 0),
  state  TEXT    NOT NULL CHECK (state IN ('posted', 'reversed', 'settled')),
  reason TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_live_posting ON postings (hold) WHERE state <> 'reversed';

CREATE TABLE IF NOT EXISTS settlements (
  hold           INTEGER PRIMARY KEY REFERENCES holds (id),
  rail_reference TEXT NOT NULL,
  at             TEXT NOT NULL
) STRICT;

-- The rail's own book. Nothing here forbids two payments for one reference: a caller that forgets its key pays twice,
-- and the audit shows it.
CREATE TABLE IF NOT EXISTS submissions (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  reference TEXT    NOT NULL,
  creditor  TEXT    NOT NULL,
  amount    INTEGER NOT NULL CHECK (amount > 0),
  at        TEXT    NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS submissions_by_reference ON submissions (reference);

-- Answers by idempotency key, written in the transaction of the effect.
CREATE TABLE IF NOT EXISTS answers (
  key       TEXT    PRIMARY KEY,
  operation TEXT    NOT NULL,
  digest    BLOB    NOT NULL,
  status    INTEGER NOT NULL,
  body      TEXT,
  replays   INTEGER NOT NULL DEFAULT 0,
  at        TEXT    NOT NULL
) STRICT;

-- How often a request that asks for a fault has been tried; survives a restart.
CREATE TABLE IF NOT EXISTS attempts (
  request TEXT    PRIMARY KEY,
  count   INTEGER NOT NULL,
  first   INTEGER NOT NULL              -- milliseconds since 1970
) STRICT, WITHOUT ROWID;

-- Requests that contradicted the books and were refused, such as a second posting under another key.
CREATE TABLE IF NOT EXISTS conflicts (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL,
  detail    TEXT NOT NULL,
  at        TEXT NOT NULL
) STRICT;
