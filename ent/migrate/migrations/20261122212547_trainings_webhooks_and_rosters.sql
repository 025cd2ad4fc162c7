-- +goose Up
-- modify "credential_types" table
ALTER TABLE "credential_types" ALTER COLUMN "course_id" DROP NOT NULL;
-- modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "learner_record" text NOT NULL DEFAULT '';
-- modify "issue_batches" table
ALTER TABLE "issue_batches" ADD COLUMN "replaced_key" character varying NOT NULL DEFAULT '';
-- create "webhook_subscriptions" table
CREATE TABLE "webhook_subscriptions" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "stream" character varying NOT NULL, "url" character varying NOT NULL, "description" character varying NOT NULL DEFAULT '', "resource_types" jsonb NOT NULL, "state" character varying NOT NULL DEFAULT 'ENABLED', "failure" character varying NOT NULL DEFAULT '', "secret" bytea NOT NULL, "previous_secret" bytea NULL, "previous_secret_expire_time" timestamptz NULL, "epoch" character varying NOT NULL, "delivered_number" bigint NOT NULL DEFAULT 0, "attempts" integer NOT NULL DEFAULT 0, "failing_since_time" timestamptz NULL, "next_attempt_time" timestamptz NOT NULL, "redeliver_from" bigint NOT NULL DEFAULT 0, "redeliver_to" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "webhook_subscription_range" CHECK (redeliver_from <= redeliver_to), CONSTRAINT "webhook_subscription_secret" CHECK ((previous_secret IS NULL) = (previous_secret_expire_time IS NULL)), CONSTRAINT "webhook_subscription_state" CHECK ((state)::text = ANY ((ARRAY['ENABLED'::character varying, 'DISABLED'::character varying, 'FAILED'::character varying])::text[])));
-- create index "webhook_subscription_due" to table: "webhook_subscriptions"
CREATE INDEX "webhook_subscription_due" ON "webhook_subscriptions" ("next_attempt_time") WHERE ((state)::text = 'ENABLED'::text);
-- create index "webhooksubscription_stream_create_time" to table: "webhook_subscriptions"
CREATE INDEX "webhooksubscription_stream_create_time" ON "webhook_subscriptions" ("stream", "create_time");
-- modify "issue_results" table
ALTER TABLE "issue_results" ADD COLUMN "replaces_id" uuid NULL, ADD CONSTRAINT "issue_results_credentials_replaces" FOREIGN KEY ("replaces_id") REFERENCES "credentials" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create "roster_imports" table
CREATE TABLE "roster_imports" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "file_name" character varying NOT NULL, "file_digest" character varying NOT NULL, "state" character varying NOT NULL, "counts" jsonb NOT NULL, "blocked_reason" character varying NOT NULL DEFAULT '', "fault_count" integer NOT NULL DEFAULT 0, "faults" jsonb NOT NULL, "apply_time" timestamptz NULL, "undo_time" timestamptz NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "roster_imports_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "roster_import_state" CHECK ((state)::text = ANY ((ARRAY['FAULTY'::character varying, 'BLOCKED'::character varying, 'PLANNED'::character varying, 'APPLIED'::character varying, 'UNDONE'::character varying])::text[])));
-- create index "rosterimport_district_id_create_time" to table: "roster_imports"
CREATE INDEX "rosterimport_district_id_create_time" ON "roster_imports" ("district_id", "create_time");
-- create "roster_actions" table
CREATE TABLE "roster_actions" ("id" uuid NOT NULL, "ordinal" integer NOT NULL, "kind" character varying NOT NULL, "line" integer NOT NULL, "key" character varying NOT NULL, "resource" character varying NOT NULL DEFAULT '', "before" character varying NOT NULL, "after" character varying NOT NULL, "plan" jsonb NOT NULL, "done" jsonb NULL, "roster_import_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "roster_actions_roster_imports_roster_import" FOREIGN KEY ("roster_import_id") REFERENCES "roster_imports" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "roster_action_ordinal_once" to table: "roster_actions"
CREATE UNIQUE INDEX "roster_action_ordinal_once" ON "roster_actions" ("roster_import_id", "ordinal");
-- create "trainings" table
CREATE TABLE "trainings" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "title" character varying NOT NULL, "provider" character varying NOT NULL, "minutes" integer NOT NULL, "complete_date" date NOT NULL, "note" character varying NOT NULL DEFAULT '', "recorded_by" character varying NOT NULL, "void_time" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "educator_id" uuid NOT NULL, "role_family_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "trainings_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "trainings_role_families_role_family" FOREIGN KEY ("role_family_id") REFERENCES "role_families" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "training_minutes" CHECK (minutes > 0), CONSTRAINT "training_void" CHECK ((void_time IS NULL) = ((void_reason)::text = ''::text)));
-- create index "training_educator_id_complete_date" to table: "trainings"
CREATE INDEX "training_educator_id_complete_date" ON "trainings" ("educator_id", "complete_date");

-- +goose Down
-- reverse: create index "training_educator_id_complete_date" to table: "trainings"
DROP INDEX "training_educator_id_complete_date";
-- reverse: create "trainings" table
DROP TABLE "trainings";
-- reverse: create index "roster_action_ordinal_once" to table: "roster_actions"
DROP INDEX "roster_action_ordinal_once";
-- reverse: create "roster_actions" table
DROP TABLE "roster_actions";
-- reverse: create index "rosterimport_district_id_create_time" to table: "roster_imports"
DROP INDEX "rosterimport_district_id_create_time";
-- reverse: create "roster_imports" table
DROP TABLE "roster_imports";
-- reverse: modify "issue_results" table
ALTER TABLE "issue_results" DROP CONSTRAINT "issue_results_credentials_replaces", DROP COLUMN "replaces_id";
-- reverse: create index "webhooksubscription_stream_create_time" to table: "webhook_subscriptions"
DROP INDEX "webhooksubscription_stream_create_time";
-- reverse: create index "webhook_subscription_due" to table: "webhook_subscriptions"
DROP INDEX "webhook_subscription_due";
-- reverse: create "webhook_subscriptions" table
DROP TABLE "webhook_subscriptions";
-- reverse: modify "issue_batches" table
ALTER TABLE "issue_batches" DROP COLUMN "replaced_key";
-- reverse: modify "credentials" table
ALTER TABLE "credentials" DROP COLUMN "learner_record";
-- reverse: modify "credential_types" table
ALTER TABLE "credential_types" ALTER COLUMN "course_id" SET NOT NULL;
