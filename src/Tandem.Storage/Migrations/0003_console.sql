-- People who sign in to the console. Empty and 0 stand for nothing. Of a password there is a slow hash, of one-time secrets a hash, of the
-- second factor a sealed secret: none is usable by itself, so these rows need no fixed size (secure_delete zeroes what they leave).
CREATE TABLE console_user (
  id               INTEGER PRIMARY KEY,
  name             TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  role             INTEGER NOT NULL CHECK (role BETWEEN 2 AND 4),
  password         TEXT    NOT NULL,
  factor           BLOB    NOT NULL,
  factor_step      INTEGER NOT NULL,
  recovery         BLOB    NOT NULL CHECK (length(recovery) % 32 = 0),
  invitation       BLOB    NOT NULL CHECK (length(invitation) IN (0, 32)),
  invitation_until INTEGER NOT NULL,
  date_created     INTEGER NOT NULL,
  last_sign_in     INTEGER NOT NULL
) STRICT;

-- Browsers that are signed in, by the hash of the secret that each holds.
CREATE TABLE console_session (
  hash         BLOB    PRIMARY KEY CHECK (length(hash) = 32),
  user_id      INTEGER NOT NULL,
  date_created INTEGER NOT NULL,
  proved       INTEGER NOT NULL,
  last_seen    INTEGER NOT NULL,
  source       TEXT    NOT NULL,
  browser      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX console_session_by_user ON console_session (user_id);
