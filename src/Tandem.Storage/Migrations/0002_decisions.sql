-- Rows of account keep their size, so a column cannot simply be added: the rows from before would grow at their next change.
-- The table is written anew; the pages of the old one are overwritten with zeros (secure_delete).
CREATE TABLE account_wider (
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
  secondary_seal        BLOB    NOT NULL CHECK (length(secondary_seal) = 96),
  promote_guard         INTEGER NOT NULL CHECK (promote_guard BETWEEN 2 AND 3)
) STRICT;

INSERT INTO account_wider
SELECT id, sid, owner, friendly_name, status, generation, date_created, date_updated, primary_paused_until,
  primary_verifier, primary_fingerprint, primary_created, primary_seal,
  secondary_verifier, secondary_fingerprint, secondary_created, secondary_seal, 2
FROM account;

DROP TABLE account;

ALTER TABLE account_wider RENAME TO account;

CREATE INDEX account_by_owner ON account (owner, id);

-- The few accounts whose primary is paused, for the start that ends every pause. It holds no secret.
CREATE INDEX account_paused ON account (sid) WHERE primary_paused_until > 1099511627776;

-- What people decided about a consumer; empty and 0 stand for nothing.
CREATE TABLE consumer_decision (
  account    BLOB    NOT NULL CHECK (length(account) = 16),
  consumer   BLOB    NOT NULL CHECK (length(consumer) = 8),
  name       TEXT    NOT NULL,
  every      INTEGER NOT NULL CHECK (every BETWEEN 0 AND 4294967295),
  gone_since INTEGER NOT NULL CHECK (gone_since BETWEEN 0 AND 4294967295),
  PRIMARY KEY (account, consumer)
) STRICT, WITHOUT ROWID;

-- About which consumer a change was, and what else is to be known of it.
ALTER TABLE audit ADD COLUMN consumer BLOB NOT NULL DEFAULT x'' CHECK (length(consumer) IN (0, 8));

ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT '';
