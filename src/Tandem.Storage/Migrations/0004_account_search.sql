-- For the lists that people look through. None of these indexes holds a secret; an entry that moves leaves a time, a name or a SID behind.
-- format() ends a name at the first of the zeros that it is padded with. The name is in each, so that a part of it is looked for without a row.
CREATE INDEX account_by_name ON account (lower(format('%s', CAST(friendly_name AS TEXT))), sid);

CREATE INDEX account_by_primary_age ON account (primary_created, sid, lower(format('%s', CAST(friendly_name AS TEXT)))) WHERE status = 2;

CREATE INDEX account_by_secondary_age ON account (secondary_created, sid, lower(format('%s', CAST(friendly_name AS TEXT)))) WHERE secondary_created > 1099511627776;

CREATE INDEX account_not_active ON account (status, date_updated, sid, lower(format('%s', CAST(friendly_name AS TEXT)))) WHERE status > 2;
