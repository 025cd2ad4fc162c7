-- +goose Up
-- create index "educator_merged_into_id" to table: "educators"
CREATE INDEX "educator_merged_into_id" ON "educators" ("merged_into_id") WHERE (merged_into_id IS NOT NULL);
-- create index "employment_school_id" to table: "employments"
CREATE INDEX "employment_school_id" ON "employments" ("school_id") WHERE (school_id IS NOT NULL);
-- create index "evidence_colleague_id" to table: "evidences"
CREATE INDEX "evidence_colleague_id" ON "evidences" ("colleague_id") WHERE (colleague_id IS NOT NULL);
-- create index "issueresult_educator_id" to table: "issue_results"
CREATE INDEX "issueresult_educator_id" ON "issue_results" ("educator_id");
-- create index "notice_school_id" to table: "notices"
CREATE INDEX "notice_school_id" ON "notices" ("school_id") WHERE (school_id IS NOT NULL);
-- create index "notices_over" to table: "notices"
CREATE INDEX "notices_over" ON "notices" ("create_time") WHERE ((state)::text <> 'PENDING'::text);

-- +goose Down
-- reverse: create index "notices_over" to table: "notices"
DROP INDEX "notices_over";
-- reverse: create index "notice_school_id" to table: "notices"
DROP INDEX "notice_school_id";
-- reverse: create index "issueresult_educator_id" to table: "issue_results"
DROP INDEX "issueresult_educator_id";
-- reverse: create index "evidence_colleague_id" to table: "evidences"
DROP INDEX "evidence_colleague_id";
-- reverse: create index "employment_school_id" to table: "employments"
DROP INDEX "employment_school_id";
-- reverse: create index "educator_merged_into_id" to table: "educators"
DROP INDEX "educator_merged_into_id";
