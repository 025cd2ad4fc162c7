-- +goose Up
-- drop index "educator_email_once" from table: "educator_emails"
DROP INDEX "educator_email_once";
-- create index "educator_email_once" to table: "educator_emails"
CREATE UNIQUE INDEX "educator_email_once" ON "educator_emails" ("address_key") WHERE verified;

-- +goose Down
-- Of an address that is several people's, one stays: the verified one, or the first.
DELETE FROM "educator_emails" WHERE "id" IN (SELECT "id" FROM (SELECT "id", row_number() OVER (PARTITION BY "address_key" ORDER BY "verified" DESC, "id") AS "place" FROM "educator_emails") AS "all" WHERE "place" > 1);
-- reverse: create index "educator_email_once" to table: "educator_emails"
DROP INDEX "educator_email_once";
-- reverse: drop index "educator_email_once" from table: "educator_emails"
CREATE UNIQUE INDEX "educator_email_once" ON "educator_emails" ("address_key");
