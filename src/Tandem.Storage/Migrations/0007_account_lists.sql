-- For a parent's list of subaccounts with one name, or with one status: the list is read along the index and never looks through accounts that do not
-- match. Neither index holds a secret. format() ends a name at the first of the zeros that it is padded with, so an entry is as long as its name.
CREATE INDEX account_by_owner_name ON account (owner, format('%s', CAST(friendly_name AS TEXT)), id);

CREATE INDEX account_by_owner_status ON account (owner, status, id);
