-- +goose Up
-- modify "policy_versions" table
ALTER TABLE "policy_versions" ADD COLUMN "validity_months" integer NULL;
-- create "issue_batches" table
CREATE TABLE "issue_batches" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'RUNNING', "requested_by" character varying NOT NULL, "request_id" character varying NOT NULL, "credential_type_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "issue_batches_credential_types_credential_type" FOREIGN KEY ("credential_type_id") REFERENCES "credential_types" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "issue_batch_state" CHECK ((state)::text = ANY ((ARRAY['RUNNING'::character varying, 'DONE'::character varying])::text[])));
-- create index "issue_batch_running" to table: "issue_batches"
CREATE INDEX "issue_batch_running" ON "issue_batches" ("create_time") WHERE ((state)::text = 'RUNNING'::text);
-- drop index "credential_held_once" from table: "credentials"
DROP INDEX "credential_held_once";
-- modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "expire_time" timestamptz NULL, ADD COLUMN "supersedes_id" uuid NULL, ADD CONSTRAINT "credentials_credentials_superseded_by" FOREIGN KEY ("supersedes_id") REFERENCES "credentials" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- more words for "status": the comparison of schemas does not look into checks
ALTER TABLE "credentials" DROP CONSTRAINT "credential_status", ADD CONSTRAINT "credential_status" CHECK (status IN ('ACTIVE', 'SUSPENDED', 'REVOKED', 'SUPERSEDED', 'EXPIRED'));
ALTER TABLE "credential_events" DROP CONSTRAINT "credential_event_status", ADD CONSTRAINT "credential_event_status" CHECK (status IN ('ACTIVE', 'SUSPENDED', 'REVOKED', 'SUPERSEDED', 'EXPIRED'));
-- create index "credential_held_once" to table: "credentials"
CREATE UNIQUE INDEX "credential_held_once" ON "credentials" ("educator_id", "credential_type_id") WHERE (status = 'ACTIVE' OR status = 'SUSPENDED');
-- create index "credential_expiring" to table: "credentials"
CREATE INDEX "credential_expiring" ON "credentials" ("expire_time") WHERE (status = 'ACTIVE' OR status = 'SUSPENDED');
-- create index "credentials_supersedes_id_key" to table: "credentials"
CREATE UNIQUE INDEX "credentials_supersedes_id_key" ON "credentials" ("supersedes_id");
-- create "issue_results" table
CREATE TABLE "issue_results" ("id" uuid NOT NULL, "ordinal" integer NOT NULL, "state" character varying NOT NULL DEFAULT 'PENDING', "reason" character varying NOT NULL DEFAULT '', "detail" character varying NOT NULL DEFAULT '', "issue_batch_id" uuid NOT NULL, "educator_id" uuid NOT NULL, "credential_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "issue_results_credentials_credential" FOREIGN KEY ("credential_id") REFERENCES "credentials" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "issue_results_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "issue_results_issue_batches_issue_batch" FOREIGN KEY ("issue_batch_id") REFERENCES "issue_batches" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "issue_result_credential" CHECK (((state)::text = 'ISSUED'::text) = (credential_id IS NOT NULL)), CONSTRAINT "issue_result_state" CHECK ((state)::text = ANY ((ARRAY['PENDING'::character varying, 'ISSUED'::character varying, 'REFUSED'::character varying])::text[])));
-- create index "issue_result_ordinal_once" to table: "issue_results"
CREATE UNIQUE INDEX "issue_result_ordinal_once" ON "issue_results" ("issue_batch_id", "ordinal");
-- create index "issue_result_person_once" to table: "issue_results"
CREATE UNIQUE INDEX "issue_result_person_once" ON "issue_results" ("issue_batch_id", "educator_id");

-- +goose Down
-- No way back: a restore is the way back.
