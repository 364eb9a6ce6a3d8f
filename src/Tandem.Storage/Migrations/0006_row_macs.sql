-- A MAC over each row of what grants or decides something, so that whoever can write to the file but has no key of the server cannot add or
-- change a row. The rows that are there are authenticated as they are, in the transaction of this migration (RowMac.TrustAll).
ALTER TABLE console_user ADD COLUMN mac BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(mac) = 32);

ALTER TABLE console_session ADD COLUMN mac BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(mac) = 32);

ALTER TABLE consumer_decision ADD COLUMN mac BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(mac) = 32);
