-- +goose Up
-- modify "credential_types" table
ALTER TABLE "credential_types" ADD COLUMN "badge" jsonb NULL;
-- create "status_lists" table
CREATE TABLE "status_lists" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "size" integer NOT NULL, "secret" bytea NOT NULL, "next_ordinal" integer NOT NULL DEFAULT 0, "version" integer NOT NULL DEFAULT 1, "change_time" timestamptz NOT NULL, "open" boolean NOT NULL DEFAULT true, PRIMARY KEY ("id"), CONSTRAINT "status_list_ordinal" CHECK ((next_ordinal >= 0) AND (next_ordinal <= size)), CONSTRAINT "status_list_secret" CHECK (length(secret) = 32), CONSTRAINT "status_list_size" CHECK (((size >= 131072) AND (size <= 16777216)) AND ((size % 8) = 0)));
-- create index "status_list_open_once" to table: "status_lists"
CREATE UNIQUE INDEX "status_list_open_once" ON "status_lists" ("open") WHERE open;
-- modify "credentials" table
ALTER TABLE "credentials" ADD CONSTRAINT "credential_status_bit" CHECK ((status_list_id IS NULL) = (status_list_index IS NULL)), ADD COLUMN "status_list_index" integer NULL, ADD COLUMN "status_list_id" uuid NULL, ADD CONSTRAINT "credentials_status_lists_status_list" FOREIGN KEY ("status_list_id") REFERENCES "status_lists" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "credential_status_bit_once" to table: "credentials"
CREATE UNIQUE INDEX "credential_status_bit_once" ON "credentials" ("status_list_id", "status_list_index");
-- create index "credential_status_bits" to table: "credentials"
CREATE INDEX "credential_status_bits" ON "credentials" ("status_list_id") WHERE ((status)::text <> 'ACTIVE'::text);

-- +goose Down
-- reverse: create index "credential_status_bits" to table: "credentials"
DROP INDEX "credential_status_bits";
-- reverse: create index "credential_status_bit_once" to table: "credentials"
DROP INDEX "credential_status_bit_once";
-- reverse: modify "credentials" table
ALTER TABLE "credentials" DROP CONSTRAINT "credentials_status_lists_status_list", DROP COLUMN "status_list_id", DROP COLUMN "status_list_index", DROP CONSTRAINT "credential_status_bit";
-- reverse: create index "status_list_open_once" to table: "status_lists"
DROP INDEX "status_list_open_once";
-- reverse: create "status_lists" table
DROP TABLE "status_lists";
-- reverse: modify "credential_types" table
ALTER TABLE "credential_types" DROP COLUMN "badge";
