-- Rows of account have a fixed size and are overwritten in place: a row that grew would make SQLite move its neighbours to
-- another page and leave their old bytes, retired verifiers among them, in the gap. So there are no NULLs (zeros instead),
-- and every integer keeps its width: one byte for small ones (from 2 on; SQLite stores 0 and 1 in no byte), six for times,
-- epochs and generations (from 2^40 on). The checks hold writers to it.
CREATE TABLE account (
  id                    INTEGER PRIMARY KEY,
  sid                   BLOB    NOT NULL UNIQUE CHECK (length(sid) = 16),
  owner                 BLOB    NOT NULL CHECK (length(owner) = 16),
  friendly_name         BLOB    NOT NULL CHECK (length(friendly_name) = 192),
  status                INTEGER NOT NULL CHECK (status BETWEEN 2 AND 4),
  generation            INTEGER NOT NULL CHECK (generation BETWEEN 1099511627776 AND 140737488355327),
  date_created          INTEGER NOT NULL CHECK (date_created BETWEEN 1099511627776 AND 140737488355327),
  date_updated          INTEGER NOT NULL CHECK (date_updated BETWEEN 1099511627776 AND 140737488355327),
  primary_paused_until  INTEGER NOT NULL CHECK (primary_paused_until BETWEEN 1099511627776 AND 140737488355327),
  primary_verifier      BLOB    NOT NULL CHECK (length(primary_verifier) = 32),
  primary_fingerprint   BLOB    NOT NULL CHECK (length(primary_fingerprint) = 2),
  primary_created       INTEGER NOT NULL CHECK (primary_created BETWEEN 1099511627776 AND 140737488355327),
  primary_seal          BLOB    NOT NULL CHECK (length(primary_seal) = 96),
  secondary_verifier    BLOB    NOT NULL CHECK (length(secondary_verifier) = 32),
  secondary_fingerprint BLOB    NOT NULL CHECK (length(secondary_fingerprint) = 2),
  secondary_created     INTEGER NOT NULL CHECK (secondary_created BETWEEN 1099511627776 AND 140737488355327),
  secondary_seal        BLOB    NOT NULL CHECK (length(secondary_seal) = 96)
) STRICT;

-- Neither column ever changes, so no entry of this index moves after it was written.
CREATE INDEX account_by_owner ON account (owner, id);

-- One row: the number of the last change and the link of the audit chain that it ended with.
CREATE TABLE epoch (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  epoch     INTEGER NOT NULL CHECK (epoch BETWEEN 1099511627776 AND 140737488355327),
  audit_mac BLOB    NOT NULL CHECK (length(audit_mac) = 32)
) STRICT;

INSERT INTO epoch (id, epoch, audit_mac) VALUES (1, 1099511627776, zeroblob(32));

-- One entry a change, in the change's own transaction; its number is the epoch.
CREATE TABLE audit (
  epoch          INTEGER PRIMARY KEY,
  at             INTEGER NOT NULL,
  account        BLOB    NOT NULL CHECK (length(account) = 16),
  action         INTEGER NOT NULL,
  generation     INTEGER NOT NULL,
  actor          TEXT    NOT NULL,
  source         TEXT    NOT NULL,
  request_id     TEXT    NOT NULL,
  suppress_email INTEGER NOT NULL CHECK (suppress_email IN (0, 1)),
  fingerprint    BLOB    NOT NULL CHECK (length(fingerprint) IN (0, 2)),
  mac            BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX audit_by_account ON audit (account, epoch);

-- Random keys, each wrapped under the root key.
CREATE TABLE data_key (
  id           INTEGER PRIMARY KEY,
  purpose      INTEGER NOT NULL,
  root_key_id  BLOB    NOT NULL CHECK (length(root_key_id) = 8),
  wrapped      BLOB    NOT NULL CHECK (length(wrapped) = 60),
  date_created INTEGER NOT NULL
) STRICT;
