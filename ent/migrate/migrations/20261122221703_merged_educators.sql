-- +goose Up
-- modify "educators" table
ALTER TABLE "educators" ADD COLUMN "merged_into_id" uuid NULL, ADD CONSTRAINT "educators_educators_merged_from" FOREIGN KEY ("merged_into_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create "educator_merges" table
CREATE TABLE "educator_merges" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "moved" jsonb NOT NULL, "recorded_by" character varying NOT NULL, "undo_time" timestamptz NULL, "survivor_id" uuid NOT NULL, "duplicate_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "educator_merges_educators_duplicate" FOREIGN KEY ("duplicate_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "educator_merges_educators_survivor" FOREIGN KEY ("survivor_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "educator_merged_once" to table: "educator_merges"
CREATE UNIQUE INDEX "educator_merged_once" ON "educator_merges" ("duplicate_id") WHERE (undo_time IS NULL);
-- create index "educatormerge_survivor_id" to table: "educator_merges"
CREATE INDEX "educatormerge_survivor_id" ON "educator_merges" ("survivor_id");

-- +goose Down
-- reverse: create index "educatormerge_survivor_id" to table: "educator_merges"
DROP INDEX "educatormerge_survivor_id";
-- reverse: create index "educator_merged_once" to table: "educator_merges"
DROP INDEX "educator_merged_once";
-- reverse: create "educator_merges" table
DROP TABLE "educator_merges";
-- reverse: modify "educators" table
ALTER TABLE "educators" DROP CONSTRAINT "educators_educators_merged_from", DROP COLUMN "merged_into_id";
