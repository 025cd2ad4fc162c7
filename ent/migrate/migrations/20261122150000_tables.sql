-- +goose Up
-- create "institutions" table
CREATE TABLE "institutions" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, PRIMARY KEY ("id"));
-- create "agreements" table
CREATE TABLE "agreements" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "credits" integer NOT NULL, "degree_eligibility" character varying NOT NULL, "start_date" date NOT NULL, "end_date" date NULL, "assumption" character varying NOT NULL DEFAULT '', "institution_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "agreements_institutions_institution" FOREIGN KEY ("institution_id") REFERENCES "institutions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "agreement_credits" CHECK (credits > 0), CONSTRAINT "agreement_dates" CHECK (end_date >= start_date), CONSTRAINT "agreement_degree" CHECK ((degree_eligibility)::text = ANY ((ARRAY['DEGREE_ELIGIBLE'::character varying, 'NOT_DEGREE_ELIGIBLE'::character varying, 'UNKNOWN'::character varying])::text[])));
-- create index "agreement_institution_id_start_date" to table: "agreements"
CREATE INDEX "agreement_institution_id_start_date" ON "agreements" ("institution_id", "start_date");
-- create "courses" table
CREATE TABLE "courses" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "title" character varying NOT NULL, "description" character varying NOT NULL DEFAULT '', "core_skill" character varying NOT NULL, "sources" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create "agreement_courses" table
CREATE TABLE "agreement_courses" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "agreement_id" uuid NOT NULL, "course_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "agreement_courses_agreements_agreement" FOREIGN KEY ("agreement_id") REFERENCES "agreements" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "agreement_courses_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "agreementcourse_agreement_id_course_id" to table: "agreement_courses"
CREATE UNIQUE INDEX "agreementcourse_agreement_id_course_id" ON "agreement_courses" ("agreement_id", "course_id");
-- create "api_clients" table
CREATE TABLE "api_clients" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'ACTIVE', PRIMARY KEY ("id"), CONSTRAINT "api_client_state" CHECK ((state)::text = ANY ((ARRAY['ACTIVE'::character varying, 'DISABLED'::character varying])::text[])));
-- create "api_keys" table
CREATE TABLE "api_keys" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "prefix" character varying NOT NULL, "hash" bytea NOT NULL, "expire_time" timestamptz NOT NULL, "revoke_time" timestamptz NULL, "api_client_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "api_keys_api_clients_api_client" FOREIGN KEY ("api_client_id") REFERENCES "api_clients" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "apikey_api_client_id_create_time" to table: "api_keys"
CREATE INDEX "apikey_api_client_id_create_time" ON "api_keys" ("api_client_id", "create_time");
-- create index "apikey_hash" to table: "api_keys"
CREATE UNIQUE INDEX "apikey_hash" ON "api_keys" ("hash");
-- create "frameworks" table
CREATE TABLE "frameworks" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "title" character varying NOT NULL, "version_number" integer NOT NULL, "alignments" jsonb NOT NULL, "sources" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create "core_skills" table
CREATE TABLE "core_skills" ("id" uuid NOT NULL, "code" character varying NOT NULL, "title" character varying NOT NULL, "position" integer NOT NULL, "framework_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "core_skills_frameworks_framework" FOREIGN KEY ("framework_id") REFERENCES "frameworks" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "coreskill_framework_id_code" to table: "core_skills"
CREATE UNIQUE INDEX "coreskill_framework_id_code" ON "core_skills" ("framework_id", "code");
-- create "competencies" table
CREATE TABLE "competencies" ("id" uuid NOT NULL, "code" character varying NOT NULL, "competency_number" integer NOT NULL, "statement" character varying NOT NULL, "foundational" boolean NOT NULL, "framework_id" character varying NOT NULL, "core_skill_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "competencies_core_skills_core_skill" FOREIGN KEY ("core_skill_id") REFERENCES "core_skills" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "competencies_frameworks_framework" FOREIGN KEY ("framework_id") REFERENCES "frameworks" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "competency_framework_id_code" to table: "competencies"
CREATE UNIQUE INDEX "competency_framework_id_code" ON "competencies" ("framework_id", "code");
-- create "educators" table
CREATE TABLE "educators" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "given_name" character varying NOT NULL, "family_name" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "educator_family_name_id" to table: "educators"
CREATE INDEX "educator_family_name_id" ON "educators" ("family_name", "id");
-- create "performance_assessments" table
CREATE TABLE "performance_assessments" ("id" uuid NOT NULL, "code" character varying NOT NULL, "assessment_number" integer NOT NULL, "statement" character varying NOT NULL, "slots" jsonb NOT NULL, "framework_id" character varying NOT NULL, "core_skill_id" uuid NOT NULL, "competency_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "performance_assessments_competencies_competency" FOREIGN KEY ("competency_id") REFERENCES "competencies" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "performance_assessments_core_skills_core_skill" FOREIGN KEY ("core_skill_id") REFERENCES "core_skills" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "performance_assessments_frameworks_framework" FOREIGN KEY ("framework_id") REFERENCES "frameworks" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "performanceassessment_framework_id_code" to table: "performance_assessments"
CREATE UNIQUE INDEX "performanceassessment_framework_id_code" ON "performance_assessments" ("framework_id", "code");
-- create "submissions" table
CREATE TABLE "submissions" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "attempt" integer NOT NULL, "state" character varying NOT NULL DEFAULT 'DRAFT', "submit_time" timestamptz NULL, "decide_time" timestamptz NULL, "educator_id" uuid NOT NULL, "assessment_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "submissions_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "submissions_performance_assessments_assessment" FOREIGN KEY ("assessment_id") REFERENCES "performance_assessments" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "submission_state" CHECK ((state)::text = ANY ((ARRAY['DRAFT'::character varying, 'SUBMITTED'::character varying, 'DEMONSTRATED'::character varying, 'NOT_YET'::character varying])::text[])));
-- create index "submission_attempt_once" to table: "submissions"
CREATE UNIQUE INDEX "submission_attempt_once" ON "submissions" ("educator_id", "assessment_id", "attempt");
-- create index "submission_open_once" to table: "submissions"
CREATE UNIQUE INDEX "submission_open_once" ON "submissions" ("educator_id", "assessment_id") WHERE ((state)::text <> 'NOT_YET'::text);
-- create index "submission_state_create_time" to table: "submissions"
CREATE INDEX "submission_state_create_time" ON "submissions" ("state", "create_time");
-- create "attainments" table
CREATE TABLE "attainments" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "attain_time" timestamptz NOT NULL, "educator_id" uuid NOT NULL, "competency_id" uuid NOT NULL, "submission_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "attainments_competencies_competency" FOREIGN KEY ("competency_id") REFERENCES "competencies" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attainments_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attainments_submissions_submission" FOREIGN KEY ("submission_id") REFERENCES "submissions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "attainment_once" to table: "attainments"
CREATE UNIQUE INDEX "attainment_once" ON "attainments" ("educator_id", "competency_id");
-- create "course_versions" table
CREATE TABLE "course_versions" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "version_number" integer NOT NULL, "contact_minutes" integer NOT NULL, "weeks" integer NOT NULL, "meeting_count" integer NOT NULL, "fee_currency" character varying NOT NULL, "fee_units" bigint NOT NULL, "credits" integer NOT NULL, "attendance_entry_days" integer NOT NULL, "sources" jsonb NOT NULL, "assumptions" jsonb NULL, "course_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "course_versions_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "courseversion_course_id_version_number" to table: "course_versions"
CREATE UNIQUE INDEX "courseversion_course_id_version_number" ON "course_versions" ("course_id", "version_number");
-- create "role_families" table
CREATE TABLE "role_families" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "title" character varying NOT NULL, "description" character varying NOT NULL DEFAULT '', "sources" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create "terms" table
CREATE TABLE "terms" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "start_date" date NOT NULL, "end_date" date NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "term_dates" CHECK (end_date >= start_date));
-- create "sections" table
CREATE TABLE "sections" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL DEFAULT '', "state" character varying NOT NULL DEFAULT 'DRAFT', "capacity" integer NOT NULL, "seats_taken" integer NOT NULL DEFAULT 0, "site" character varying NOT NULL DEFAULT '', "time_zone" character varying NOT NULL, "registration_open_time" timestamptz NOT NULL, "registration_close_time" timestamptz NOT NULL, "reason" character varying NOT NULL DEFAULT '', "course_version_id" uuid NOT NULL, "term_id" character varying NOT NULL, "role_family_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "sections_course_versions_course_version" FOREIGN KEY ("course_version_id") REFERENCES "course_versions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "sections_role_families_role_family" FOREIGN KEY ("role_family_id") REFERENCES "role_families" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "sections_terms_term" FOREIGN KEY ("term_id") REFERENCES "terms" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "section_seats" CHECK ((seats_taken >= 0) AND (seats_taken <= capacity)), CONSTRAINT "section_state" CHECK ((state)::text = ANY ((ARRAY['DRAFT'::character varying, 'OPEN'::character varying, 'CLOSED'::character varying, 'IN_SESSION'::character varying, 'COMPLETED'::character varying, 'CANCELLED'::character varying])::text[])), CONSTRAINT "section_window" CHECK (registration_close_time > registration_open_time));
-- create index "section_course_version_id" to table: "sections"
CREATE INDEX "section_course_version_id" ON "sections" ("course_version_id");
-- create index "section_create_time_id" to table: "sections"
CREATE INDEX "section_create_time_id" ON "sections" ("create_time", "id");
-- create index "section_term_id_state" to table: "sections"
CREATE INDEX "section_term_id_state" ON "sections" ("term_id", "state");
-- create "meetings" table
CREATE TABLE "meetings" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "meeting_number" integer NOT NULL, "start_time" timestamptz NOT NULL, "end_time" timestamptz NOT NULL, "location" character varying NOT NULL DEFAULT '', "section_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "meetings_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "meeting_times" CHECK ((end_time > start_time) AND (end_time <= (start_time + '24:00:00'::interval))));
-- create index "meeting_number_once" to table: "meetings"
CREATE UNIQUE INDEX "meeting_number_once" ON "meetings" ("section_id", "meeting_number");
-- create "districts" table
CREATE TABLE "districts" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "state_code" character varying NOT NULL DEFAULT '', "time_zone" character varying NOT NULL, PRIMARY KEY ("id"));
-- create "roles" table
CREATE TABLE "roles" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "kind" character varying NOT NULL, "description" character varying NOT NULL DEFAULT '', "sources" jsonb NULL, "district_id" character varying NOT NULL, "role_family_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "roles_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "roles_role_families_role_family" FOREIGN KEY ("role_family_id") REFERENCES "role_families" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_kind" CHECK ((kind)::text = ANY ((ARRAY['FORMAL'::character varying, 'INFORMAL'::character varying])::text[])));
-- create index "role_name_once" to table: "roles"
CREATE UNIQUE INDEX "role_name_once" ON "roles" ("district_id", "display_name");
-- create "schools" table
CREATE TABLE "schools" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "local_code" character varying NOT NULL DEFAULT '', "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "schools_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "school_district_id_display_name_id" to table: "schools"
CREATE INDEX "school_district_id_display_name_id" ON "schools" ("district_id", "display_name", "id");
-- create index "school_local_code_once" to table: "schools"
CREATE UNIQUE INDEX "school_local_code_once" ON "schools" ("district_id", "local_code") WHERE ((local_code)::text <> ''::text);
-- create "role_assignments" table
CREATE TABLE "role_assignments" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'REPORTED', "start_date" date NOT NULL, "end_date" date NULL, "note" character varying NOT NULL DEFAULT '', "confirm_time" timestamptz NULL, "confirmed_by" character varying NOT NULL DEFAULT '', "reason" character varying NOT NULL DEFAULT '', "reported_by" character varying NOT NULL, "educator_id" uuid NOT NULL, "role_id" uuid NOT NULL, "school_id" uuid NULL, "district_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "role_assignments_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_assignments_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_assignments_roles_role" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_assignments_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_assignment_confirmed" CHECK (((state)::text <> 'CONFIRMED'::text) OR ((confirm_time IS NOT NULL) AND ((confirmed_by)::text <> ''::text))), CONSTRAINT "role_assignment_dates" CHECK (end_date >= start_date), CONSTRAINT "role_assignment_state" CHECK ((state)::text = ANY ((ARRAY['REPORTED'::character varying, 'CONFIRMED'::character varying, 'DISPUTED'::character varying, 'ENDED'::character varying])::text[])));
-- create index "role_assignment_district_once" to table: "role_assignments"
CREATE UNIQUE INDEX "role_assignment_district_once" ON "role_assignments" ("educator_id", "role_id") WHERE ((school_id IS NULL) AND ((state)::text <> 'DISPUTED'::text) AND ((state)::text <> 'ENDED'::text) AND (end_date IS NULL));
-- create index "role_assignment_once" to table: "role_assignments"
CREATE UNIQUE INDEX "role_assignment_once" ON "role_assignments" ("educator_id", "role_id", "school_id") WHERE (((state)::text <> 'DISPUTED'::text) AND ((state)::text <> 'ENDED'::text) AND (end_date IS NULL));
-- create index "roleassignment_district_id_state" to table: "role_assignments"
CREATE INDEX "roleassignment_district_id_state" ON "role_assignments" ("district_id", "state");
-- create index "roleassignment_educator_id_start_date" to table: "role_assignments"
CREATE INDEX "roleassignment_educator_id_start_date" ON "role_assignments" ("educator_id", "start_date");
-- create index "roleassignment_school_id_state" to table: "role_assignments"
CREATE INDEX "roleassignment_school_id_state" ON "role_assignments" ("school_id", "state");
-- create "registrations" table
CREATE TABLE "registrations" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'ENROLLED', "register_date" date NOT NULL, "strengths" character varying NOT NULL DEFAULT '', "learning_goals" character varying NOT NULL DEFAULT '', "reason" character varying NOT NULL DEFAULT '', "state_time" timestamptz NOT NULL, "section_id" uuid NOT NULL, "educator_id" uuid NOT NULL, "role_assignment_id" uuid NOT NULL, "framework_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "registrations_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "registrations_frameworks_framework" FOREIGN KEY ("framework_id") REFERENCES "frameworks" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "registrations_role_assignments_role_assignment" FOREIGN KEY ("role_assignment_id") REFERENCES "role_assignments" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "registrations_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "registration_state" CHECK ((state)::text = ANY ((ARRAY['ENROLLED'::character varying, 'WITHDRAWN'::character varying, 'COMPLETED'::character varying, 'NOT_COMPLETED'::character varying])::text[])));
-- create index "registration_create_time_id" to table: "registrations"
CREATE INDEX "registration_create_time_id" ON "registrations" ("create_time", "id");
-- create index "registration_educator_id" to table: "registrations"
CREATE INDEX "registration_educator_id" ON "registrations" ("educator_id");
-- create index "registration_once" to table: "registrations"
CREATE UNIQUE INDEX "registration_once" ON "registrations" ("section_id", "educator_id") WHERE ((state)::text <> 'WITHDRAWN'::text);
-- create index "registration_section_id_create_time" to table: "registrations"
CREATE INDEX "registration_section_id_create_time" ON "registrations" ("section_id", "create_time");
-- create "attendance_entries" table
CREATE TABLE "attendance_entries" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "kind" character varying NOT NULL, "minutes" integer NOT NULL, "note" character varying NOT NULL DEFAULT '', "late" boolean NOT NULL, "recorded_by" character varying NOT NULL, "meeting_id" uuid NOT NULL, "registration_id" uuid NOT NULL, "corrects_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "attendance_entries_attendance_entries_correction" FOREIGN KEY ("corrects_id") REFERENCES "attendance_entries" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attendance_entries_meetings_meeting" FOREIGN KEY ("meeting_id") REFERENCES "meetings" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attendance_entries_registrations_registration" FOREIGN KEY ("registration_id") REFERENCES "registrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attendance_kind" CHECK ((kind)::text = ANY ((ARRAY['PRESENT'::character varying, 'EXCUSED'::character varying, 'ABSENT'::character varying])::text[])), CONSTRAINT "attendance_minutes" CHECK ((minutes >= 0) AND (((kind)::text = 'PRESENT'::text) OR (minutes = 0))));
-- create index "attendance_entries_corrects_id_key" to table: "attendance_entries"
CREATE UNIQUE INDEX "attendance_entries_corrects_id_key" ON "attendance_entries" ("corrects_id");
-- create index "attendance_entry_once" to table: "attendance_entries"
CREATE UNIQUE INDEX "attendance_entry_once" ON "attendance_entries" ("meeting_id", "registration_id") WHERE (corrects_id IS NULL);
-- create index "attendanceentry_meeting_id_create_time" to table: "attendance_entries"
CREATE INDEX "attendanceentry_meeting_id_create_time" ON "attendance_entries" ("meeting_id", "create_time");
-- create index "attendanceentry_registration_id" to table: "attendance_entries"
CREATE INDEX "attendanceentry_registration_id" ON "attendance_entries" ("registration_id");
-- create "consents" table
CREATE TABLE "consents" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "revoke_time" timestamptz NULL, "educator_id" uuid NOT NULL, "institution_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "consents_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "consents_institutions_institution" FOREIGN KEY ("institution_id") REFERENCES "institutions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "consent_once" to table: "consents"
CREATE UNIQUE INDEX "consent_once" ON "consents" ("educator_id", "institution_id") WHERE (revoke_time IS NULL);
-- create "policy_versions" table
CREATE TABLE "policy_versions" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "policy" character varying NOT NULL, "version_number" integer NOT NULL, "title" character varying NOT NULL, "requirements" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create index "policyversion_policy_version_number" to table: "policy_versions"
CREATE UNIQUE INDEX "policyversion_policy_version_number" ON "policy_versions" ("policy", "version_number");
-- create "credential_types" table
CREATE TABLE "credential_types" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "title" character varying NOT NULL, "achievement_type" character varying NOT NULL, "criteria" character varying NOT NULL, "sources" jsonb NOT NULL, "course_id" character varying NOT NULL, "policy_version_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credential_types_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credential_types_policy_versions_policy_version" FOREIGN KEY ("policy_version_id") REFERENCES "policy_versions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create "credentials" table
CREATE TABLE "credentials" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "status" character varying NOT NULL DEFAULT 'ACTIVE', "issue_time" timestamptz NOT NULL, "status_time" timestamptz NOT NULL, "status_reason" character varying NOT NULL DEFAULT '', "document" text NOT NULL, "key_id" character varying NOT NULL, "educator_id" uuid NOT NULL, "credential_type_id" character varying NOT NULL, "policy_version_id" uuid NOT NULL, "framework_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credentials_credential_types_credential_type" FOREIGN KEY ("credential_type_id") REFERENCES "credential_types" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credentials_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credentials_frameworks_framework" FOREIGN KEY ("framework_id") REFERENCES "frameworks" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credentials_policy_versions_policy_version" FOREIGN KEY ("policy_version_id") REFERENCES "policy_versions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credential_status" CHECK ((status)::text = ANY ((ARRAY['ACTIVE'::character varying, 'SUSPENDED'::character varying, 'REVOKED'::character varying])::text[])));
-- create index "credential_educator_id_issue_time" to table: "credentials"
CREATE INDEX "credential_educator_id_issue_time" ON "credentials" ("educator_id", "issue_time");
-- create index "credential_held_once" to table: "credentials"
CREATE UNIQUE INDEX "credential_held_once" ON "credentials" ("educator_id", "credential_type_id") WHERE ((status)::text <> 'REVOKED'::text);
-- create index "credential_issue_time_id" to table: "credentials"
CREATE INDEX "credential_issue_time_id" ON "credentials" ("issue_time", "id");
-- create "credential_events" table
CREATE TABLE "credential_events" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "version" integer NOT NULL, "status" character varying NOT NULL, "reason_code" character varying NOT NULL, "authority" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "recorded_by" character varying NOT NULL, "credential_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credential_events_credentials_credential" FOREIGN KEY ("credential_id") REFERENCES "credentials" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credential_event_status" CHECK ((status)::text = ANY ((ARRAY['ACTIVE'::character varying, 'SUSPENDED'::character varying, 'REVOKED'::character varying])::text[])));
-- create index "credential_event_once" to table: "credential_events"
CREATE UNIQUE INDEX "credential_event_once" ON "credential_events" ("credential_id", "version");
-- create "credit_requests" table
CREATE TABLE "credit_requests" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'REQUESTED', "registration_id" uuid NOT NULL, "educator_id" uuid NOT NULL, "institution_id" character varying NOT NULL, "agreement_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "credit_requests_agreements_agreement" FOREIGN KEY ("agreement_id") REFERENCES "agreements" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_requests_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_requests_institutions_institution" FOREIGN KEY ("institution_id") REFERENCES "institutions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_requests_registrations_registration" FOREIGN KEY ("registration_id") REFERENCES "registrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "credit_request_state" CHECK ((state)::text = ANY ((ARRAY['REQUESTED'::character varying, 'WITHDRAWN'::character varying])::text[])));
-- create index "credit_request_once" to table: "credit_requests"
CREATE UNIQUE INDEX "credit_request_once" ON "credit_requests" ("registration_id") WHERE ((state)::text = 'REQUESTED'::text);
-- create index "creditrequest_educator_id" to table: "credit_requests"
CREATE INDEX "creditrequest_educator_id" ON "credit_requests" ("educator_id");
-- create index "creditrequest_institution_id_create_time" to table: "credit_requests"
CREATE INDEX "creditrequest_institution_id_create_time" ON "credit_requests" ("institution_id", "create_time");
-- create "educator_emails" table
CREATE TABLE "educator_emails" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "address" character varying NOT NULL, "address_key" character varying NOT NULL, "verified" boolean NOT NULL DEFAULT false, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "educator_emails_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "educator_email_once" to table: "educator_emails"
CREATE UNIQUE INDEX "educator_email_once" ON "educator_emails" ("address_key");
-- create index "educatoremail_educator_id" to table: "educator_emails"
CREATE INDEX "educatoremail_educator_id" ON "educator_emails" ("educator_id");
-- create "educator_names" table
CREATE TABLE "educator_names" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "given_name" character varying NOT NULL, "family_name" character varying NOT NULL, "record_time" timestamptz NOT NULL, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "educator_names_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "educatorname_educator_id" to table: "educator_names"
CREATE INDEX "educatorname_educator_id" ON "educator_names" ("educator_id");
-- create "employments" table
CREATE TABLE "employments" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "title" character varying NOT NULL DEFAULT '', "start_date" date NOT NULL, "end_date" date NULL, "educator_id" uuid NOT NULL, "district_id" character varying NOT NULL, "school_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "employments_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "employments_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "employments_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "employment_dates" CHECK (end_date >= start_date));
-- create index "employment_district_id_educator_id" to table: "employments"
CREATE INDEX "employment_district_id_educator_id" ON "employments" ("district_id", "educator_id");
-- create index "employment_educator_id_start_date" to table: "employments"
CREATE INDEX "employment_educator_id_start_date" ON "employments" ("educator_id", "start_date");
-- create "evidences" table
CREATE TABLE "evidences" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "position" integer NOT NULL, "slot" character varying NOT NULL, "title" character varying NOT NULL, "uri" character varying NOT NULL DEFAULT '', "sha256" character varying NOT NULL DEFAULT '', "audience" character varying NOT NULL DEFAULT '', "colleague_consents" boolean NOT NULL DEFAULT false, "submission_id" uuid NOT NULL, "colleague_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "evidences_educators_colleague" FOREIGN KEY ("colleague_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "evidences_submissions_submission" FOREIGN KEY ("submission_id") REFERENCES "submissions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "evidence_consent" CHECK ((colleague_id IS NULL) OR colleague_consents));
-- create index "evidence_submission_id_position" to table: "evidences"
CREATE UNIQUE INDEX "evidence_submission_id_position" ON "evidences" ("submission_id", "position");
-- create "external_ids" table
CREATE TABLE "external_ids" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "kind" character varying NOT NULL, "value" character varying NOT NULL, "educator_id" uuid NOT NULL, "district_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "external_ids_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "external_ids_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "external_id_district" CHECK (((kind)::text = 'EMPLOYEE_ID'::text) = (district_id IS NOT NULL)), CONSTRAINT "external_id_kind" CHECK ((kind)::text = ANY ((ARRAY['EMPLOYEE_ID'::character varying, 'STATE_EDUCATOR_ID'::character varying])::text[])));
-- create index "employee_id_once" to table: "external_ids"
CREATE UNIQUE INDEX "employee_id_once" ON "external_ids" ("district_id", "value") WHERE ((kind)::text = 'EMPLOYEE_ID'::text);
-- create index "externalid_educator_id" to table: "external_ids"
CREATE INDEX "externalid_educator_id" ON "external_ids" ("educator_id");
-- create index "state_educator_id_once" to table: "external_ids"
CREATE UNIQUE INDEX "state_educator_id_once" ON "external_ids" ("value") WHERE ((kind)::text = 'STATE_EDUCATOR_ID'::text);
-- create "role_bindings" table
CREATE TABLE "role_bindings" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "issuer" character varying NOT NULL DEFAULT '', "subject" character varying NOT NULL DEFAULT '', "role" character varying NOT NULL, "scope" character varying NOT NULL DEFAULT '', "api_client_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "role_bindings_api_clients_api_client" FOREIGN KEY ("api_client_id") REFERENCES "api_clients" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_binding_principal" CHECK ((api_client_id IS NULL) = (((issuer)::text <> ''::text) AND ((subject)::text <> ''::text))));
-- create index "role_binding_once" to table: "role_bindings"
CREATE UNIQUE INDEX "role_binding_once" ON "role_bindings" ("api_client_id", "issuer", "subject", "role", "scope");
-- create index "rolebinding_issuer_subject" to table: "role_bindings"
CREATE INDEX "rolebinding_issuer_subject" ON "role_bindings" ("issuer", "subject");
-- create "score_sheets" table
CREATE TABLE "score_sheets" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "outcome" character varying NOT NULL, "rationale" character varying NOT NULL, "assessor" character varying NOT NULL, "submission_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "score_sheets_submissions_submission" FOREIGN KEY ("submission_id") REFERENCES "submissions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "score_sheet_outcome" CHECK ((outcome)::text = ANY ((ARRAY['DEMONSTRATED'::character varying, 'NOT_YET'::character varying])::text[])));
-- create index "score_sheet_once" to table: "score_sheets"
CREATE UNIQUE INDEX "score_sheet_once" ON "score_sheets" ("submission_id");
-- create "section_facilitators" table
CREATE TABLE "section_facilitators" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "section_id" uuid NOT NULL, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "section_facilitators_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "section_facilitators_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "sectionfacilitator_educator_id" to table: "section_facilitators"
CREATE INDEX "sectionfacilitator_educator_id" ON "section_facilitators" ("educator_id");
-- create index "sectionfacilitator_section_id_educator_id" to table: "section_facilitators"
CREATE UNIQUE INDEX "sectionfacilitator_section_id_educator_id" ON "section_facilitators" ("section_id", "educator_id");

-- +goose Down
-- reverse: create index "sectionfacilitator_section_id_educator_id" to table: "section_facilitators"
DROP INDEX "sectionfacilitator_section_id_educator_id";
-- reverse: create index "sectionfacilitator_educator_id" to table: "section_facilitators"
DROP INDEX "sectionfacilitator_educator_id";
-- reverse: create "section_facilitators" table
DROP TABLE "section_facilitators";
-- reverse: create index "score_sheet_once" to table: "score_sheets"
DROP INDEX "score_sheet_once";
-- reverse: create "score_sheets" table
DROP TABLE "score_sheets";
-- reverse: create index "rolebinding_issuer_subject" to table: "role_bindings"
DROP INDEX "rolebinding_issuer_subject";
-- reverse: create index "role_binding_once" to table: "role_bindings"
DROP INDEX "role_binding_once";
-- reverse: create "role_bindings" table
DROP TABLE "role_bindings";
-- reverse: create index "state_educator_id_once" to table: "external_ids"
DROP INDEX "state_educator_id_once";
-- reverse: create index "externalid_educator_id" to table: "external_ids"
DROP INDEX "externalid_educator_id";
-- reverse: create index "employee_id_once" to table: "external_ids"
DROP INDEX "employee_id_once";
-- reverse: create "external_ids" table
DROP TABLE "external_ids";
-- reverse: create index "evidence_submission_id_position" to table: "evidences"
DROP INDEX "evidence_submission_id_position";
-- reverse: create "evidences" table
DROP TABLE "evidences";
-- reverse: create index "employment_educator_id_start_date" to table: "employments"
DROP INDEX "employment_educator_id_start_date";
-- reverse: create index "employment_district_id_educator_id" to table: "employments"
DROP INDEX "employment_district_id_educator_id";
-- reverse: create "employments" table
DROP TABLE "employments";
-- reverse: create index "educatorname_educator_id" to table: "educator_names"
DROP INDEX "educatorname_educator_id";
-- reverse: create "educator_names" table
DROP TABLE "educator_names";
-- reverse: create index "educatoremail_educator_id" to table: "educator_emails"
DROP INDEX "educatoremail_educator_id";
-- reverse: create index "educator_email_once" to table: "educator_emails"
DROP INDEX "educator_email_once";
-- reverse: create "educator_emails" table
DROP TABLE "educator_emails";
-- reverse: create index "creditrequest_institution_id_create_time" to table: "credit_requests"
DROP INDEX "creditrequest_institution_id_create_time";
-- reverse: create index "creditrequest_educator_id" to table: "credit_requests"
DROP INDEX "creditrequest_educator_id";
-- reverse: create index "credit_request_once" to table: "credit_requests"
DROP INDEX "credit_request_once";
-- reverse: create "credit_requests" table
DROP TABLE "credit_requests";
-- reverse: create index "credential_event_once" to table: "credential_events"
DROP INDEX "credential_event_once";
-- reverse: create "credential_events" table
DROP TABLE "credential_events";
-- reverse: create index "credential_issue_time_id" to table: "credentials"
DROP INDEX "credential_issue_time_id";
-- reverse: create index "credential_held_once" to table: "credentials"
DROP INDEX "credential_held_once";
-- reverse: create index "credential_educator_id_issue_time" to table: "credentials"
DROP INDEX "credential_educator_id_issue_time";
-- reverse: create "credentials" table
DROP TABLE "credentials";
-- reverse: create "credential_types" table
DROP TABLE "credential_types";
-- reverse: create index "policyversion_policy_version_number" to table: "policy_versions"
DROP INDEX "policyversion_policy_version_number";
-- reverse: create "policy_versions" table
DROP TABLE "policy_versions";
-- reverse: create index "consent_once" to table: "consents"
DROP INDEX "consent_once";
-- reverse: create "consents" table
DROP TABLE "consents";
-- reverse: create index "attendanceentry_registration_id" to table: "attendance_entries"
DROP INDEX "attendanceentry_registration_id";
-- reverse: create index "attendanceentry_meeting_id_create_time" to table: "attendance_entries"
DROP INDEX "attendanceentry_meeting_id_create_time";
-- reverse: create index "attendance_entry_once" to table: "attendance_entries"
DROP INDEX "attendance_entry_once";
-- reverse: create index "attendance_entries_corrects_id_key" to table: "attendance_entries"
DROP INDEX "attendance_entries_corrects_id_key";
-- reverse: create "attendance_entries" table
DROP TABLE "attendance_entries";
-- reverse: create index "registration_section_id_create_time" to table: "registrations"
DROP INDEX "registration_section_id_create_time";
-- reverse: create index "registration_once" to table: "registrations"
DROP INDEX "registration_once";
-- reverse: create index "registration_educator_id" to table: "registrations"
DROP INDEX "registration_educator_id";
-- reverse: create index "registration_create_time_id" to table: "registrations"
DROP INDEX "registration_create_time_id";
-- reverse: create "registrations" table
DROP TABLE "registrations";
-- reverse: create index "roleassignment_school_id_state" to table: "role_assignments"
DROP INDEX "roleassignment_school_id_state";
-- reverse: create index "roleassignment_educator_id_start_date" to table: "role_assignments"
DROP INDEX "roleassignment_educator_id_start_date";
-- reverse: create index "roleassignment_district_id_state" to table: "role_assignments"
DROP INDEX "roleassignment_district_id_state";
-- reverse: create index "role_assignment_once" to table: "role_assignments"
DROP INDEX "role_assignment_once";
-- reverse: create index "role_assignment_district_once" to table: "role_assignments"
DROP INDEX "role_assignment_district_once";
-- reverse: create "role_assignments" table
DROP TABLE "role_assignments";
-- reverse: create index "school_local_code_once" to table: "schools"
DROP INDEX "school_local_code_once";
-- reverse: create index "school_district_id_display_name_id" to table: "schools"
DROP INDEX "school_district_id_display_name_id";
-- reverse: create "schools" table
DROP TABLE "schools";
-- reverse: create index "role_name_once" to table: "roles"
DROP INDEX "role_name_once";
-- reverse: create "roles" table
DROP TABLE "roles";
-- reverse: create "districts" table
DROP TABLE "districts";
-- reverse: create index "meeting_number_once" to table: "meetings"
DROP INDEX "meeting_number_once";
-- reverse: create "meetings" table
DROP TABLE "meetings";
-- reverse: create index "section_term_id_state" to table: "sections"
DROP INDEX "section_term_id_state";
-- reverse: create index "section_create_time_id" to table: "sections"
DROP INDEX "section_create_time_id";
-- reverse: create index "section_course_version_id" to table: "sections"
DROP INDEX "section_course_version_id";
-- reverse: create "sections" table
DROP TABLE "sections";
-- reverse: create "terms" table
DROP TABLE "terms";
-- reverse: create "role_families" table
DROP TABLE "role_families";
-- reverse: create index "courseversion_course_id_version_number" to table: "course_versions"
DROP INDEX "courseversion_course_id_version_number";
-- reverse: create "course_versions" table
DROP TABLE "course_versions";
-- reverse: create index "attainment_once" to table: "attainments"
DROP INDEX "attainment_once";
-- reverse: create "attainments" table
DROP TABLE "attainments";
-- reverse: create index "submission_state_create_time" to table: "submissions"
DROP INDEX "submission_state_create_time";
-- reverse: create index "submission_open_once" to table: "submissions"
DROP INDEX "submission_open_once";
-- reverse: create index "submission_attempt_once" to table: "submissions"
DROP INDEX "submission_attempt_once";
-- reverse: create "submissions" table
DROP TABLE "submissions";
-- reverse: create index "performanceassessment_framework_id_code" to table: "performance_assessments"
DROP INDEX "performanceassessment_framework_id_code";
-- reverse: create "performance_assessments" table
DROP TABLE "performance_assessments";
-- reverse: create index "educator_family_name_id" to table: "educators"
DROP INDEX "educator_family_name_id";
-- reverse: create "educators" table
DROP TABLE "educators";
-- reverse: create index "competency_framework_id_code" to table: "competencies"
DROP INDEX "competency_framework_id_code";
-- reverse: create "competencies" table
DROP TABLE "competencies";
-- reverse: create index "coreskill_framework_id_code" to table: "core_skills"
DROP INDEX "coreskill_framework_id_code";
-- reverse: create "core_skills" table
DROP TABLE "core_skills";
-- reverse: create "frameworks" table
DROP TABLE "frameworks";
-- reverse: create index "apikey_hash" to table: "api_keys"
DROP INDEX "apikey_hash";
-- reverse: create index "apikey_api_client_id_create_time" to table: "api_keys"
DROP INDEX "apikey_api_client_id_create_time";
-- reverse: create "api_keys" table
DROP TABLE "api_keys";
-- reverse: create "api_clients" table
DROP TABLE "api_clients";
-- reverse: create index "agreementcourse_agreement_id_course_id" to table: "agreement_courses"
DROP INDEX "agreementcourse_agreement_id_course_id";
-- reverse: create "agreement_courses" table
DROP TABLE "agreement_courses";
-- reverse: create "courses" table
DROP TABLE "courses";
-- reverse: create index "agreement_institution_id_start_date" to table: "agreements"
DROP INDEX "agreement_institution_id_start_date";
-- reverse: create "agreements" table
DROP TABLE "agreements";
-- reverse: create "institutions" table
DROP TABLE "institutions";
