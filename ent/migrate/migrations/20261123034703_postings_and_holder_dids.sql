-- +goose Up
-- modify "meetings" table
ALTER TABLE "meetings" ADD COLUMN "resources" jsonb NOT NULL DEFAULT '[]';
-- create "credit_postings" table
CREATE TABLE "credit_postings" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "credits" integer NOT NULL, "post_date" date NOT NULL, "state" character varying NOT NULL DEFAULT 'POSTED', "reason" character varying NOT NULL DEFAULT '', "credit_request_id" uuid NOT NULL, "educator_id" uuid NOT NULL, "institution_id" character varying NOT NULL, "course_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credit_postings_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_postings_credit_requests_credit_request" FOREIGN KEY ("credit_request_id") REFERENCES "credit_requests" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_postings_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_postings_institutions_institution" FOREIGN KEY ("institution_id") REFERENCES "institutions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_posting_credits" CHECK (credits > 0), CONSTRAINT "credit_posting_state" CHECK ((state)::text = ANY ((ARRAY['POSTED'::character varying, 'RETRACTED'::character varying])::text[])));
-- create index "credit_posted_once" to table: "credit_postings"
CREATE UNIQUE INDEX "credit_posted_once" ON "credit_postings" ("credit_request_id") WHERE ((state)::text = 'POSTED'::text);
-- create index "creditposting_educator_id" to table: "credit_postings"
CREATE INDEX "creditposting_educator_id" ON "credit_postings" ("educator_id");
-- create index "creditposting_institution_id_create_time" to table: "credit_postings"
CREATE INDEX "creditposting_institution_id_create_time" ON "credit_postings" ("institution_id", "create_time");
-- create index "creditposting_institution_id_post_date" to table: "credit_postings"
CREATE INDEX "creditposting_institution_id_post_date" ON "credit_postings" ("institution_id", "post_date");
-- create "holder_dids" table
CREATE TABLE "holder_dids" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "did" character varying NOT NULL DEFAULT '', "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "holder_dids_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "holder_did_once" to table: "holder_dids"
CREATE UNIQUE INDEX "holder_did_once" ON "holder_dids" ("educator_id");
-- modify "schools" table
ALTER TABLE "schools" ADD COLUMN "principal_email" character varying NOT NULL DEFAULT '';
-- modify "notices" table
ALTER TABLE "notices" ADD COLUMN "school_id" uuid NULL, ADD CONSTRAINT "notices_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;

-- +goose Down
-- reverse: modify "notices" table
ALTER TABLE "notices" DROP CONSTRAINT "notices_schools_school", DROP COLUMN "school_id";
-- reverse: modify "schools" table
ALTER TABLE "schools" DROP COLUMN "principal_email";
-- reverse: create index "holder_did_once" to table: "holder_dids"
DROP INDEX "holder_did_once";
-- reverse: create "holder_dids" table
DROP TABLE "holder_dids";
-- reverse: create index "creditposting_institution_id_post_date" to table: "credit_postings"
DROP INDEX "creditposting_institution_id_post_date";
-- reverse: create index "creditposting_institution_id_create_time" to table: "credit_postings"
DROP INDEX "creditposting_institution_id_create_time";
-- reverse: create index "creditposting_educator_id" to table: "credit_postings"
DROP INDEX "creditposting_educator_id";
-- reverse: create index "credit_posted_once" to table: "credit_postings"
DROP INDEX "credit_posted_once";
-- reverse: create "credit_postings" table
DROP TABLE "credit_postings";
-- reverse: modify "meetings" table
ALTER TABLE "meetings" DROP COLUMN "resources";
