-- +goose Up
-- What ent does not know: the change feed, the audit record, idempotency keys, the walls around ledgers, and the rights
-- of the role that servers work under.

-- +goose StatementBegin
DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'btlc_server') THEN
		CREATE ROLE btlc_server NOLOGIN;
	END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this cluster was faster
END $$;
-- +goose StatementEnd

-- The epoch changes when numbers could repeat: after a restore.
CREATE TABLE feed_epoch (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	epoch text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
	since timestamptz NOT NULL DEFAULT now()
);
INSERT INTO feed_epoch DEFAULT VALUES;

-- newest is the number given out last; rows up to floor have been dropped.
CREATE TABLE feed_streams (
	stream text PRIMARY KEY,
	newest bigint NOT NULL CHECK (newest >= 0),
	floor bigint NOT NULL DEFAULT 0 CHECK (floor >= 0 AND floor <= newest)
);

CREATE TABLE feed_rows (
	commit_time timestamptz NOT NULL,
	stream text NOT NULL,
	number bigint NOT NULL,
	resource text NOT NULL,
	resource_type text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('CREATED', 'UPDATED', 'DELETED')),
	version integer NOT NULL,
	natural_keys jsonb NOT NULL,
	state jsonb NOT NULL,
	PRIMARY KEY (commit_time, stream, number)
) PARTITION BY RANGE (commit_time);
CREATE INDEX feed_rows_stream_number ON feed_rows (stream, number);

CREATE TABLE audit_entries (
	time timestamptz NOT NULL,
	id uuid NOT NULL,
	principal text NOT NULL,
	method text NOT NULL,
	action text NOT NULL CHECK (action IN ('READ', 'WRITE')),
	resource text NOT NULL,
	request_id text NOT NULL,
	subjects uuid[] NOT NULL,
	PRIMARY KEY (time, id)
) PARTITION BY RANGE (time);
CREATE INDEX audit_entries_subjects ON audit_entries USING gin (subjects);

-- Not partitioned: a key must be unique across any boundary of time, which no partition key of time can promise.
CREATE TABLE idempotency_keys (
	principal text NOT NULL,
	method text NOT NULL,
	key text NOT NULL,
	request_hash bytea NOT NULL,
	answer bytea,
	create_time timestamptz NOT NULL,
	PRIMARY KEY (principal, method, key)
);
CREATE INDEX idempotency_keys_create_time ON idempotency_keys (create_time);

-- ensure_partitions makes the monthly partitions from last month to three months ahead, and says how many rows stand in
-- default partitions, where none should. It runs with its owner's rights: servers may call it and own nothing.
-- +goose StatementBegin
CREATE FUNCTION ensure_partitions() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	parent text;
	month date;
	strays bigint := 0;
	counted bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('btlc.ensure_partitions'));
	FOREACH parent IN ARRAY ARRAY['feed_rows', 'audit_entries'] LOOP
		EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I DEFAULT', parent || '_default', parent);
		EXECUTE format('SELECT count(*) FROM %I', parent || '_default') INTO counted;
		strays := strays + counted;
		IF counted = 0 THEN
			FOR i IN -1..3 LOOP
				month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
				EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', parent || '_' || to_char(month, 'YYYYMM'), parent,
					month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
			END LOOP;
		END IF;
	END LOOP;
	RETURN strays;
END $$;
-- +goose StatementEnd
SELECT ensure_partitions();

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: write a new row that corrects the old one', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE ledger text;
BEGIN
	FOREACH ledger IN ARRAY ARRAY['attendance_entries', 'score_sheets', 'credential_events', 'audit_entries', 'feed_rows'] LOOP
		EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', ledger || '_append_only', ledger);
		EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', ledger || '_no_truncate', ledger);
	END LOOP;
END $$;
-- +goose StatementEnd

GRANT USAGE ON SCHEMA public TO btlc_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO btlc_server;
REVOKE UPDATE, DELETE ON attendance_entries, score_sheets, credential_events, audit_entries, feed_rows FROM btlc_server;
REVOKE INSERT, UPDATE, DELETE ON feed_epoch FROM btlc_server;
-- +goose StatementBegin
DO $$ BEGIN
	IF to_regclass('goose_db_version') IS NOT NULL THEN
		REVOKE INSERT, UPDATE, DELETE ON goose_db_version FROM btlc_server;
	END IF;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION ensure_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions() TO btlc_server;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO btlc_server;

-- +goose Down
-- No way back: a restore is the way back.
