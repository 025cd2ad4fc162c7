-- +goose Up
-- create "school_calendars" table
CREATE TABLE "school_calendars" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "display_name" character varying NOT NULL, "closed_days" jsonb NOT NULL, "source" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- modify "course_versions" table
ALTER TABLE "course_versions" ADD COLUMN "session_pattern" jsonb NOT NULL DEFAULT '[]', ADD COLUMN "syllabus" jsonb NOT NULL DEFAULT '[]', ADD COLUMN "resources" jsonb NOT NULL DEFAULT '[]', ADD COLUMN "served_goals" jsonb NOT NULL DEFAULT '[]', ADD COLUMN "change_note" character varying NOT NULL DEFAULT '';
-- modify "sections" table
ALTER TABLE "sections" ADD CONSTRAINT "section_waiting" CHECK (waiting_count >= 0), ADD COLUMN "language" character varying NOT NULL DEFAULT '', ADD COLUMN "accessibility" character varying NOT NULL DEFAULT '', ADD COLUMN "by_arrangement" boolean NOT NULL DEFAULT false, ADD COLUMN "waiting_count" integer NOT NULL DEFAULT 0, ADD COLUMN "seating_number" integer NOT NULL DEFAULT 0, ADD COLUMN "imported_source" character varying NOT NULL DEFAULT '', ADD COLUMN "school_id" uuid NULL, ADD CONSTRAINT "sections_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create "applications" table
CREATE TABLE "applications" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "evenings" jsonb NOT NULL, "sites" jsonb NOT NULL, "state" character varying NOT NULL DEFAULT 'FORMING', "reason" character varying NOT NULL DEFAULT '', "submit_time" timestamptz NULL, "term_id" character varying NOT NULL, "course_id" character varying NOT NULL, "section_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "applications_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "applications_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "applications_terms_term" FOREIGN KEY ("term_id") REFERENCES "terms" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "application_state" CHECK ((state)::text = ANY ((ARRAY['FORMING'::character varying, 'SUBMITTED'::character varying, 'PLACED'::character varying, 'WITHDRAWN'::character varying])::text[])));
-- create index "application_create_time_id" to table: "applications"
CREATE INDEX "application_create_time_id" ON "applications" ("create_time", "id");
-- create index "application_term_id_state_course_id" to table: "applications"
CREATE INDEX "application_term_id_state_course_id" ON "applications" ("term_id", "state", "course_id");
-- drop index "registration_once" from table: "registrations"
DROP INDEX "registration_once";
-- modify "registrations" table
ALTER TABLE "registrations" ADD CONSTRAINT "registration_offer" CHECK (((state)::text = 'OFFERED'::text) = (offer_expire_time IS NOT NULL)), ADD CONSTRAINT "registration_origin" CHECK (((imported_source)::text <> ''::text) OR (framework_id IS NOT NULL)), ADD CONSTRAINT "registration_payer" CHECK ((payer_kind)::text = ANY ((ARRAY['SELF'::character varying, 'SCHOOL'::character varying, 'DISTRICT'::character varying, 'PURCHASE_ORDER'::character varying])::text[])), ADD CONSTRAINT "registration_role" CHECK (((imported_source)::text <> ''::text) OR (role_assignment_id IS NOT NULL) OR ((state)::text <> ALL ((ARRAY['ENROLLED'::character varying, 'COMPLETED'::character varying, 'NOT_COMPLETED'::character varying, 'OFFERED'::character varying, 'WAITLISTED'::character varying])::text[]))), ALTER COLUMN "role_assignment_id" DROP NOT NULL, ALTER COLUMN "framework_id" DROP NOT NULL, ADD COLUMN "competency_ratings" jsonb NOT NULL DEFAULT '[]', ADD COLUMN "payer_kind" character varying NOT NULL DEFAULT 'SELF', ADD COLUMN "sponsor" character varying NOT NULL DEFAULT '', ADD COLUMN "purchase_order" character varying NOT NULL DEFAULT '', ADD COLUMN "accessibility_needs" character varying NOT NULL DEFAULT '', ADD COLUMN "needs_answer" character varying NOT NULL DEFAULT '', ADD COLUMN "role_alike" boolean NOT NULL DEFAULT false, ADD COLUMN "offer_expire_time" timestamptz NULL, ADD COLUMN "completion_exception" character varying NOT NULL DEFAULT '', ADD COLUMN "imported_source" character varying NOT NULL DEFAULT '', ADD COLUMN "credit_institution_id" character varying NULL, ADD COLUMN "application_id" uuid NULL, ADD CONSTRAINT "registrations_applications_application" FOREIGN KEY ("application_id") REFERENCES "applications" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "registrations_institutions_credit_institution" FOREIGN KEY ("credit_institution_id") REFERENCES "institutions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "registration_once" to table: "registrations"
CREATE UNIQUE INDEX "registration_once" ON "registrations" ("section_id", "educator_id") WHERE (((state)::text <> 'WITHDRAWN'::text) AND ((state)::text <> 'DECLINED'::text) AND ((state)::text <> 'EXPIRED'::text));
-- create index "registration_application_id" to table: "registrations"
CREATE INDEX "registration_application_id" ON "registrations" ("application_id");
-- create index "registration_awaiting_role" to table: "registrations"
CREATE INDEX "registration_awaiting_role" ON "registrations" ("educator_id") WHERE ((state)::text = 'AWAITING_ROLE'::text);
-- create index "registration_offers" to table: "registrations"
CREATE INDEX "registration_offers" ON "registrations" ("offer_expire_time") WHERE ((state)::text = 'OFFERED'::text);
-- create "application_members" table
CREATE TABLE "application_members" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "position" integer NOT NULL, "state" character varying NOT NULL DEFAULT 'INVITED', "details" jsonb NULL, "application_id" uuid NOT NULL, "educator_id" uuid NOT NULL, "registration_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "application_members_applications_application" FOREIGN KEY ("application_id") REFERENCES "applications" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "application_members_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "application_members_registrations_registration" FOREIGN KEY ("registration_id") REFERENCES "registrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "application_member_state" CHECK ((state)::text = ANY ((ARRAY['INVITED'::character varying, 'ACCEPTED'::character varying, 'DECLINED'::character varying])::text[])));
-- create index "application_member_once" to table: "application_members"
CREATE UNIQUE INDEX "application_member_once" ON "application_members" ("application_id", "educator_id");
-- create index "applicationmember_educator_id" to table: "application_members"
CREATE INDEX "applicationmember_educator_id" ON "application_members" ("educator_id");
-- modify "meetings" table
ALTER TABLE "meetings" ADD COLUMN "room" character varying NOT NULL DEFAULT '', ADD COLUMN "sign_in_key" bytea NULL;
-- modify "attendance_entries" table
ALTER TABLE "attendance_entries" ADD CONSTRAINT "attendance_make_up" CHECK (((kind)::text = 'MAKE_UP'::text) = (make_up_meeting_id IS NOT NULL)), ADD COLUMN "arrive_time" timestamptz NULL, ADD COLUMN "leave_time" timestamptz NULL, ADD COLUMN "make_up_meeting_id" uuid NULL, ADD CONSTRAINT "attendance_entries_meetings_make_up_meeting" FOREIGN KEY ("make_up_meeting_id") REFERENCES "meetings" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create "bookings" table
CREATE TABLE "bookings" ("id" uuid NOT NULL, "educator_id" uuid NULL, "room" character varying NOT NULL DEFAULT '', "start_time" timestamptz NOT NULL, "end_time" timestamptz NOT NULL, "meeting_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "bookings_meetings_meeting" FOREIGN KEY ("meeting_id") REFERENCES "meetings" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "booking_of" CHECK ((educator_id IS NULL) = ((room)::text <> ''::text)));
-- create index "booked_once" to table: "bookings"
CREATE UNIQUE INDEX "booked_once" ON "bookings" ("meeting_id", "educator_id") WHERE (educator_id IS NOT NULL);
-- create index "room_booked_once" to table: "bookings"
CREATE UNIQUE INDEX "room_booked_once" ON "bookings" ("meeting_id") WHERE (educator_id IS NULL);
-- create "calendar_links" table
CREATE TABLE "calendar_links" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "token_hash" bytea NOT NULL, "recorded_by" character varying NOT NULL, "section_id" uuid NULL, "educator_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "calendar_links_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "calendar_links_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "calendar_link_of" CHECK ((section_id IS NULL) <> (educator_id IS NULL)));
-- create index "calendarlink_educator_id" to table: "calendar_links"
CREATE INDEX "calendarlink_educator_id" ON "calendar_links" ("educator_id");
-- create index "calendarlink_section_id" to table: "calendar_links"
CREATE INDEX "calendarlink_section_id" ON "calendar_links" ("section_id");
-- create index "calendarlink_token_hash" to table: "calendar_links"
CREATE UNIQUE INDEX "calendarlink_token_hash" ON "calendar_links" ("token_hash");
-- create "feedback_rounds" table
CREATE TABLE "feedback_rounds" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "questions" jsonb NOT NULL, "minimum_answers" integer NOT NULL, "close_time" timestamptz NULL, "section_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "feedback_rounds_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "feedback_round_kind" CHECK ((kind)::text = ANY ((ARRAY['MID'::character varying, 'END'::character varying])::text[])), CONSTRAINT "feedback_round_state" CHECK ((state)::text = ANY ((ARRAY['OPEN'::character varying, 'CLOSED'::character varying])::text[])));
-- create index "feedback_round_once" to table: "feedback_rounds"
CREATE UNIQUE INDEX "feedback_round_once" ON "feedback_rounds" ("section_id", "kind");
-- create "feedback_answers" table
CREATE TABLE "feedback_answers" ("id" uuid NOT NULL, "ratings" jsonb NOT NULL, "texts" jsonb NOT NULL, "feedback_round_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "feedback_answers_feedback_rounds_feedback_round" FOREIGN KEY ("feedback_round_id") REFERENCES "feedback_rounds" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "feedbackanswer_feedback_round_id" to table: "feedback_answers"
CREATE INDEX "feedbackanswer_feedback_round_id" ON "feedback_answers" ("feedback_round_id");
-- create "feedback_participations" table
CREATE TABLE "feedback_participations" ("id" uuid NOT NULL, "feedback_round_id" uuid NOT NULL, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "feedback_participations_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "feedback_participations_feedback_rounds_feedback_round" FOREIGN KEY ("feedback_round_id") REFERENCES "feedback_rounds" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "feedback_once" to table: "feedback_participations"
CREATE UNIQUE INDEX "feedback_once" ON "feedback_participations" ("feedback_round_id", "educator_id");
-- create index "feedbackparticipation_educator_id" to table: "feedback_participations"
CREATE INDEX "feedbackparticipation_educator_id" ON "feedback_participations" ("educator_id");
-- create "ledger_entries" table
CREATE TABLE "ledger_entries" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "kind" character varying NOT NULL, "amount_minor" bigint NOT NULL, "currency" character varying NOT NULL, "debit_account" character varying NOT NULL, "credit_account" character varying NOT NULL, "payer" character varying NOT NULL, "payee" character varying NOT NULL, "new_payer" character varying NOT NULL DEFAULT '', "reason" character varying NOT NULL DEFAULT '', "reference" character varying NOT NULL DEFAULT '', "rule" character varying NOT NULL DEFAULT '', "effective_date" date NOT NULL, "recorded_by" character varying NOT NULL, "registration_id" uuid NOT NULL, "reverses_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "ledger_entries_ledger_entries_reversal" FOREIGN KEY ("reverses_id") REFERENCES "ledger_entries" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "ledger_entries_registrations_registration" FOREIGN KEY ("registration_id") REFERENCES "registrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "ledger_accounts" CHECK ((debit_account)::text <> (credit_account)::text), CONSTRAINT "ledger_amount" CHECK (amount_minor > 0), CONSTRAINT "ledger_kind" CHECK ((kind)::text = ANY ((ARRAY['CHARGE'::character varying, 'PAYMENT'::character varying, 'WAIVER'::character varying, 'REFUND'::character varying, 'PAYOUT'::character varying, 'REASSIGNMENT'::character varying, 'REVERSAL'::character varying])::text[])), CONSTRAINT "ledger_reverses" CHECK (((kind)::text = 'REVERSAL'::text) = (reverses_id IS NOT NULL)));
-- create index "ledger_entries_reverses_id_key" to table: "ledger_entries"
CREATE UNIQUE INDEX "ledger_entries_reverses_id_key" ON "ledger_entries" ("reverses_id");
-- create index "ledger_taken_over" to table: "ledger_entries"
CREATE INDEX "ledger_taken_over" ON "ledger_entries" ("new_payer", "payee") WHERE ((new_payer)::text <> ''::text);
-- create index "ledgerentry_create_time_id" to table: "ledger_entries"
CREATE INDEX "ledgerentry_create_time_id" ON "ledger_entries" ("create_time", "id");
-- create index "ledgerentry_effective_date_id" to table: "ledger_entries"
CREATE INDEX "ledgerentry_effective_date_id" ON "ledger_entries" ("effective_date", "id");
-- create index "ledgerentry_payer_payee" to table: "ledger_entries"
CREATE INDEX "ledgerentry_payer_payee" ON "ledger_entries" ("payer", "payee");
-- create index "ledgerentry_registration_id_create_time" to table: "ledger_entries"
CREATE INDEX "ledgerentry_registration_id_create_time" ON "ledger_entries" ("registration_id", "create_time");
-- create "notice_preferences" table
CREATE TABLE "notice_preferences" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "muted" boolean NOT NULL DEFAULT false, "muted_kinds" jsonb NOT NULL, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "notice_preferences_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "notice_preference_once" to table: "notice_preferences"
CREATE UNIQUE INDEX "notice_preference_once" ON "notice_preferences" ("educator_id");
-- create "notices" table
CREATE TABLE "notices" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "kind" character varying NOT NULL, "facts" jsonb NOT NULL, "subject" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'PENDING', "attempts" integer NOT NULL DEFAULT 0, "next_attempt_time" timestamptz NOT NULL, "failure" character varying NOT NULL DEFAULT '', "send_time" timestamptz NULL, "educator_id" uuid NOT NULL, "registration_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "notices_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "notices_registrations_registration" FOREIGN KEY ("registration_id") REFERENCES "registrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "notice_state" CHECK ((state)::text = ANY ((ARRAY['PENDING'::character varying, 'SENT'::character varying, 'SUPPRESSED'::character varying, 'FAILED'::character varying])::text[])));
-- create index "notice_educator_id_create_time" to table: "notices"
CREATE INDEX "notice_educator_id_create_time" ON "notices" ("educator_id", "create_time");
-- create index "notices_due" to table: "notices"
CREATE INDEX "notices_due" ON "notices" ("next_attempt_time") WHERE ((state)::text = 'PENDING'::text);
-- create "placement_proposals" table
CREATE TABLE "placement_proposals" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "update_time" timestamptz NOT NULL, "version" integer NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'DRAFT', "value" double precision NOT NULL, "bound" double precision NOT NULL, "rules" character varying NOT NULL, "weights" jsonb NOT NULL, "sections" jsonb NOT NULL, "placed_count" integer NOT NULL, "unplaced_count" integer NOT NULL, "recorded_by" character varying NOT NULL, "apply_time" timestamptz NULL, "term_id" character varying NOT NULL, "course_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "placement_proposals_courses_course" FOREIGN KEY ("course_id") REFERENCES "courses" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "placement_proposals_terms_term" FOREIGN KEY ("term_id") REFERENCES "terms" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "placement_proposal_state" CHECK ((state)::text = ANY ((ARRAY['DRAFT'::character varying, 'APPLIED'::character varying])::text[])));
-- create index "placementproposal_term_id_create_time" to table: "placement_proposals"
CREATE INDEX "placementproposal_term_id_create_time" ON "placement_proposals" ("term_id", "create_time");
-- create "placements" table
CREATE TABLE "placements" ("id" uuid NOT NULL, "pinned" boolean NOT NULL DEFAULT false, "value" double precision NOT NULL, "party_size" integer NOT NULL, "reasons" jsonb NOT NULL, "alternatives" jsonb NOT NULL, "state" character varying NOT NULL DEFAULT 'PROPOSED', "failure" character varying NOT NULL DEFAULT '', "placement_proposal_id" uuid NOT NULL, "application_id" uuid NOT NULL, "section_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "placements_applications_application" FOREIGN KEY ("application_id") REFERENCES "applications" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "placements_placement_proposals_placement_proposal" FOREIGN KEY ("placement_proposal_id") REFERENCES "placement_proposals" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "placements_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "placement_state" CHECK ((state)::text = ANY ((ARRAY['PROPOSED'::character varying, 'APPLIED'::character varying, 'FAILED'::character varying])::text[])));
-- create index "placement_application_id" to table: "placements"
CREATE INDEX "placement_application_id" ON "placements" ("application_id");
-- create index "placement_once" to table: "placements"
CREATE UNIQUE INDEX "placement_once" ON "placements" ("placement_proposal_id", "application_id");
-- create "seating_entries" table
CREATE TABLE "seating_entries" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "entry_number" integer NOT NULL, "event" jsonb NOT NULL, "decisions" jsonb NOT NULL, "rules" character varying NOT NULL, "recorded_by" character varying NOT NULL, "section_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "seating_entries_sections_section" FOREIGN KEY ("section_id") REFERENCES "sections" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "seating_entry_number_once" to table: "seating_entries"
CREATE UNIQUE INDEX "seating_entry_number_once" ON "seating_entries" ("section_id", "entry_number");
-- create "sign_in_attempts" table
CREATE TABLE "sign_in_attempts" ("id" uuid NOT NULL, "create_time" timestamptz NOT NULL, "meeting_id" uuid NOT NULL, "educator_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "sign_in_attempts_educators_educator" FOREIGN KEY ("educator_id") REFERENCES "educators" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "sign_in_attempts_meetings_meeting" FOREIGN KEY ("meeting_id") REFERENCES "meetings" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "signinattempt_meeting_id_educator_id" to table: "sign_in_attempts"
CREATE INDEX "signinattempt_meeting_id_educator_id" ON "sign_in_attempts" ("meeting_id", "educator_id");

-- +goose Down
-- reverse: create index "signinattempt_meeting_id_educator_id" to table: "sign_in_attempts"
DROP INDEX "signinattempt_meeting_id_educator_id";
-- reverse: create "sign_in_attempts" table
DROP TABLE "sign_in_attempts";
-- reverse: create index "seating_entry_number_once" to table: "seating_entries"
DROP INDEX "seating_entry_number_once";
-- reverse: create "seating_entries" table
DROP TABLE "seating_entries";
-- reverse: create index "placement_once" to table: "placements"
DROP INDEX "placement_once";
-- reverse: create index "placement_application_id" to table: "placements"
DROP INDEX "placement_application_id";
-- reverse: create "placements" table
DROP TABLE "placements";
-- reverse: create index "placementproposal_term_id_create_time" to table: "placement_proposals"
DROP INDEX "placementproposal_term_id_create_time";
-- reverse: create "placement_proposals" table
DROP TABLE "placement_proposals";
-- reverse: create index "notices_due" to table: "notices"
DROP INDEX "notices_due";
-- reverse: create index "notice_educator_id_create_time" to table: "notices"
DROP INDEX "notice_educator_id_create_time";
-- reverse: create "notices" table
DROP TABLE "notices";
-- reverse: create index "notice_preference_once" to table: "notice_preferences"
DROP INDEX "notice_preference_once";
-- reverse: create "notice_preferences" table
DROP TABLE "notice_preferences";
-- reverse: create index "ledgerentry_registration_id_create_time" to table: "ledger_entries"
DROP INDEX "ledgerentry_registration_id_create_time";
-- reverse: create index "ledgerentry_payer_payee" to table: "ledger_entries"
DROP INDEX "ledgerentry_payer_payee";
-- reverse: create index "ledgerentry_effective_date_id" to table: "ledger_entries"
DROP INDEX "ledgerentry_effective_date_id";
-- reverse: create index "ledgerentry_create_time_id" to table: "ledger_entries"
DROP INDEX "ledgerentry_create_time_id";
-- reverse: create index "ledger_taken_over" to table: "ledger_entries"
DROP INDEX "ledger_taken_over";
-- reverse: create index "ledger_entries_reverses_id_key" to table: "ledger_entries"
DROP INDEX "ledger_entries_reverses_id_key";
-- reverse: create "ledger_entries" table
DROP TABLE "ledger_entries";
-- reverse: create index "feedbackparticipation_educator_id" to table: "feedback_participations"
DROP INDEX "feedbackparticipation_educator_id";
-- reverse: create index "feedback_once" to table: "feedback_participations"
DROP INDEX "feedback_once";
-- reverse: create "feedback_participations" table
DROP TABLE "feedback_participations";
-- reverse: create index "feedbackanswer_feedback_round_id" to table: "feedback_answers"
DROP INDEX "feedbackanswer_feedback_round_id";
-- reverse: create "feedback_answers" table
DROP TABLE "feedback_answers";
-- reverse: create index "feedback_round_once" to table: "feedback_rounds"
DROP INDEX "feedback_round_once";
-- reverse: create "feedback_rounds" table
DROP TABLE "feedback_rounds";
-- reverse: create index "calendarlink_token_hash" to table: "calendar_links"
DROP INDEX "calendarlink_token_hash";
-- reverse: create index "calendarlink_section_id" to table: "calendar_links"
DROP INDEX "calendarlink_section_id";
-- reverse: create index "calendarlink_educator_id" to table: "calendar_links"
DROP INDEX "calendarlink_educator_id";
-- reverse: create "calendar_links" table
DROP TABLE "calendar_links";
-- reverse: create index "room_booked_once" to table: "bookings"
DROP INDEX "room_booked_once";
-- reverse: create index "booked_once" to table: "bookings"
DROP INDEX "booked_once";
-- reverse: create "bookings" table
DROP TABLE "bookings";
-- reverse: modify "attendance_entries" table
ALTER TABLE "attendance_entries" DROP CONSTRAINT "attendance_entries_meetings_make_up_meeting", DROP COLUMN "make_up_meeting_id", DROP COLUMN "leave_time", DROP COLUMN "arrive_time", DROP CONSTRAINT "attendance_make_up";
-- reverse: modify "meetings" table
ALTER TABLE "meetings" DROP COLUMN "sign_in_key", DROP COLUMN "room";
-- reverse: create index "applicationmember_educator_id" to table: "application_members"
DROP INDEX "applicationmember_educator_id";
-- reverse: create index "application_member_once" to table: "application_members"
DROP INDEX "application_member_once";
-- reverse: create "application_members" table
DROP TABLE "application_members";
-- reverse: create index "registration_offers" to table: "registrations"
DROP INDEX "registration_offers";
-- reverse: create index "registration_awaiting_role" to table: "registrations"
DROP INDEX "registration_awaiting_role";
-- reverse: create index "registration_application_id" to table: "registrations"
DROP INDEX "registration_application_id";
-- reverse: create index "registration_once" to table: "registrations"
DROP INDEX "registration_once";
-- reverse: modify "registrations" table
ALTER TABLE "registrations" DROP CONSTRAINT "registrations_institutions_credit_institution", DROP CONSTRAINT "registrations_applications_application", DROP COLUMN "application_id", DROP COLUMN "credit_institution_id", DROP COLUMN "imported_source", DROP COLUMN "completion_exception", DROP COLUMN "offer_expire_time", DROP COLUMN "role_alike", DROP COLUMN "needs_answer", DROP COLUMN "accessibility_needs", DROP COLUMN "purchase_order", DROP COLUMN "sponsor", DROP COLUMN "payer_kind", DROP COLUMN "competency_ratings", ALTER COLUMN "framework_id" SET NOT NULL, ALTER COLUMN "role_assignment_id" SET NOT NULL, DROP CONSTRAINT "registration_role", DROP CONSTRAINT "registration_payer", DROP CONSTRAINT "registration_origin", DROP CONSTRAINT "registration_offer";
-- reverse: drop index "registration_once" from table: "registrations"
CREATE UNIQUE INDEX "registration_once" ON "registrations" ("section_id", "educator_id") WHERE ((state)::text <> 'WITHDRAWN'::text);
-- reverse: create index "application_term_id_state_course_id" to table: "applications"
DROP INDEX "application_term_id_state_course_id";
-- reverse: create index "application_create_time_id" to table: "applications"
DROP INDEX "application_create_time_id";
-- reverse: create "applications" table
DROP TABLE "applications";
-- reverse: modify "sections" table
ALTER TABLE "sections" DROP CONSTRAINT "sections_schools_school", DROP COLUMN "school_id", DROP COLUMN "imported_source", DROP COLUMN "seating_number", DROP COLUMN "waiting_count", DROP COLUMN "by_arrangement", DROP COLUMN "accessibility", DROP COLUMN "language", DROP CONSTRAINT "section_waiting";
-- reverse: modify "course_versions" table
ALTER TABLE "course_versions" DROP COLUMN "change_note", DROP COLUMN "served_goals", DROP COLUMN "resources", DROP COLUMN "syllabus", DROP COLUMN "session_pattern";
-- reverse: create "school_calendars" table
DROP TABLE "school_calendars";
