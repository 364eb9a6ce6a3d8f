-- Where the audit chain begins, once entries were cut off at its old end: the last of them, under the audit key. One row; zeros stand for
-- a chain that begins at its beginning.
CREATE TABLE audit_start (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1099511627776 AND 140737488355327),
  at    INTEGER NOT NULL,
  mac   BLOB    NOT NULL CHECK (length(mac) = 32),
  seal  BLOB    NOT NULL CHECK (length(seal) = 32)
) STRICT;

INSERT INTO audit_start (id, epoch, at, mac, seal) VALUES (1, 1099511627776, 0, zeroblob(32), zeroblob(32));
