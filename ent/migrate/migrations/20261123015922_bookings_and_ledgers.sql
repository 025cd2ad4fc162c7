-- +goose Up
-- Words that came to be allowed.
ALTER TABLE attendance_entries DROP CONSTRAINT attendance_kind, DROP CONSTRAINT attendance_minutes,
	ADD CONSTRAINT attendance_kind CHECK (kind IN ('PRESENT', 'EXCUSED', 'ABSENT', 'MAKE_UP')),
	ADD CONSTRAINT attendance_minutes CHECK (minutes >= 0 AND (kind IN ('PRESENT', 'MAKE_UP') OR minutes = 0));
ALTER TABLE registrations DROP CONSTRAINT registration_state,
	ADD CONSTRAINT registration_state CHECK (state IN ('ENROLLED', 'WITHDRAWN', 'COMPLETED', 'NOT_COMPLETED', 'AWAITING_ROLE', 'WAITLISTED', 'OFFERED', 'DECLINED', 'EXPIRED'));

-- Nobody is at two meetings at once, and no room holds two. btree_gist compares a person or a room for equality in the same
-- index that compares times for overlap.
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE bookings
	ADD CONSTRAINT nobody_is_booked_twice EXCLUDE USING gist (educator_id WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (educator_id IS NOT NULL),
	ADD CONSTRAINT no_room_is_booked_twice EXCLUDE USING gist (room WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (educator_id IS NULL);

-- Bookings follow from the rows that they are about. Drafts book nothing, and what is cancelled gives everything back.
-- +goose StatementBegin
CREATE FUNCTION book_person(of_section uuid, person uuid) RETURNS void LANGUAGE sql AS $$
	INSERT INTO bookings (id, meeting_id, educator_id, room, start_time, end_time)
		SELECT gen_random_uuid(), m.id, person, '', m.start_time, m.end_time FROM meetings m WHERE m.section_id = of_section ORDER BY m.start_time
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION unbook_person(of_section uuid, person uuid) RETURNS void LANGUAGE sql AS $$
	DELETE FROM bookings b USING meetings m WHERE b.meeting_id = m.id AND m.section_id = of_section AND b.educator_id = person
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION takes_part(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT state IN ('ENROLLED', 'COMPLETED', 'NOT_COMPLETED') $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION is_held(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT state IN ('OPEN', 'CLOSED', 'IN_SESSION', 'COMPLETED') $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION book_participant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND OLD.educator_id = NEW.educator_id AND takes_part(OLD.state) = takes_part(NEW.state) THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' AND takes_part(OLD.state) THEN
		PERFORM unbook_person(OLD.section_id, OLD.educator_id);
	END IF;
	IF takes_part(NEW.state) THEN
		PERFORM book_person(NEW.section_id, NEW.educator_id);
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER book_participant AFTER INSERT OR UPDATE OF state, educator_id ON registrations FOR EACH ROW EXECUTE FUNCTION book_participant();

-- +goose StatementBegin
CREATE FUNCTION book_facilitator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM unbook_person(OLD.section_id, OLD.educator_id);
	END IF;
	IF TG_OP <> 'DELETE' AND (SELECT is_held(state) FROM sections WHERE id = NEW.section_id) THEN
		PERFORM book_person(NEW.section_id, NEW.educator_id);
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER book_facilitator AFTER INSERT OR DELETE OR UPDATE OF educator_id ON section_facilitators FOR EACH ROW EXECUTE FUNCTION book_facilitator();

-- +goose StatementBegin
CREATE FUNCTION book_section() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF is_held(OLD.state) AND NOT is_held(NEW.state) THEN
		DELETE FROM bookings b USING meetings m WHERE b.meeting_id = m.id AND m.section_id = NEW.id;
	ELSIF is_held(NEW.state) AND NOT is_held(OLD.state) THEN
		PERFORM book_person(NEW.id, f.educator_id) FROM section_facilitators f WHERE f.section_id = NEW.id ORDER BY f.educator_id;
		INSERT INTO bookings (id, meeting_id, room, start_time, end_time)
			SELECT gen_random_uuid(), m.id, m.room, m.start_time, m.end_time FROM meetings m WHERE m.section_id = NEW.id AND m.room <> '' ORDER BY m.start_time;
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER book_section AFTER UPDATE OF state ON sections FOR EACH ROW EXECUTE FUNCTION book_section();

-- +goose StatementBegin
CREATE FUNCTION book_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		DELETE FROM bookings WHERE meeting_id = OLD.id;
		RETURN OLD;
	END IF;
	DELETE FROM bookings WHERE meeting_id = NEW.id AND educator_id IS NULL;
	UPDATE bookings SET start_time = NEW.start_time, end_time = NEW.end_time WHERE meeting_id = NEW.id;
	IF (SELECT is_held(state) FROM sections WHERE id = NEW.section_id) THEN
		IF NEW.room <> '' THEN
			INSERT INTO bookings (id, meeting_id, room, start_time, end_time) VALUES (gen_random_uuid(), NEW.id, NEW.room, NEW.start_time, NEW.end_time);
		END IF;
		IF TG_OP = 'INSERT' THEN
			INSERT INTO bookings (id, meeting_id, educator_id, room, start_time, end_time)
				SELECT gen_random_uuid(), NEW.id, p.educator_id, '', NEW.start_time, NEW.end_time FROM (
					SELECT educator_id FROM section_facilitators WHERE section_id = NEW.section_id
					UNION SELECT educator_id FROM registrations WHERE section_id = NEW.section_id AND takes_part(state)) p ORDER BY p.educator_id;
		END IF;
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER book_meeting AFTER INSERT OR UPDATE OF start_time, end_time, room ON meetings FOR EACH ROW EXECUTE FUNCTION book_meeting();
CREATE TRIGGER unbook_meeting BEFORE DELETE ON meetings FOR EACH ROW EXECUTE FUNCTION book_meeting();

-- What is on record is booked as far as it goes: two meetings at once of before are not refused after the fact.
INSERT INTO bookings (id, meeting_id, educator_id, room, start_time, end_time)
	SELECT gen_random_uuid(), m.id, p.educator_id, '', m.start_time, m.end_time FROM meetings m JOIN sections s ON s.id = m.section_id AND is_held(s.state) JOIN (
		SELECT section_id, educator_id FROM section_facilitators UNION SELECT section_id, educator_id FROM registrations WHERE takes_part(state)) p ON p.section_id = m.section_id
	ON CONFLICT DO NOTHING;

-- Ledgers are written once.
-- +goose StatementBegin
DO $$
DECLARE ledger text;
BEGIN
	FOREACH ledger IN ARRAY ARRAY['ledger_entries', 'seating_entries'] LOOP
		EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', ledger || '_append_only', ledger);
		EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', ledger || '_no_truncate', ledger);
	END LOOP;
END $$;
-- +goose StatementEnd
REVOKE UPDATE, DELETE ON ledger_entries, seating_entries FROM btlc_server;

-- A record that was merged into another gets nothing more.
-- +goose StatementBegin
DO $$
DECLARE of text;
BEGIN
	FOREACH of IN ARRAY ARRAY['application_members', 'calendar_links', 'feedback_participations', 'notices', 'notice_preferences', 'sign_in_attempts'] LOOP
		EXECUTE format('CREATE TRIGGER refuse_merged BEFORE INSERT OR UPDATE OF educator_id ON %I FOR EACH ROW EXECUTE FUNCTION refuse_merged()', of);
	END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- No way back: a restore is the way back.
