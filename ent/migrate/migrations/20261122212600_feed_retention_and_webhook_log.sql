-- +goose Up
-- What ent does not know of: merges on the change feed, its retention and its epochs, the log of webhooks, and which file
-- drops were made.

ALTER TABLE feed_rows DROP CONSTRAINT feed_rows_kind_check;
ALTER TABLE feed_rows ADD CONSTRAINT feed_rows_kind_check CHECK (kind IN ('CREATED', 'UPDATED', 'DELETED', 'MERGED'));
ALTER TABLE feed_rows ADD COLUMN previous_natural_keys jsonb NOT NULL DEFAULT '{}';

-- Employee ids that differ by capital letters or spaces alone are told as ambiguous.
CREATE INDEX external_ids_folded ON external_ids (district_id, lower(btrim(value))) WHERE kind = 'EMPLOYEE_ID';

-- One row an attempt. Dropped by month.
CREATE TABLE webhook_deliveries (
	attempt_time timestamptz NOT NULL,
	id uuid NOT NULL,
	subscription_id uuid NOT NULL,
	message_id text NOT NULL,
	number bigint NOT NULL,
	attempt integer NOT NULL,
	outcome text NOT NULL CHECK (outcome IN ('DELIVERED', 'FAILED', 'GONE')),
	status_code integer NOT NULL,
	detail text NOT NULL,
	duration_ms integer NOT NULL,
	redelivery boolean NOT NULL,
	PRIMARY KEY (attempt_time, id)
) PARTITION BY RANGE (attempt_time);
CREATE INDEX webhook_deliveries_subscription ON webhook_deliveries (subscription_id, attempt_time, id);

-- Which drop of which time was made, by whom first; a server that finds the row leaves the drop to the one that wrote it.
CREATE TABLE drop_runs (
	name text NOT NULL,
	due_time timestamptz NOT NULL,
	begin_time timestamptz NOT NULL,
	end_time timestamptz,
	attempts integer NOT NULL DEFAULT 1,
	failure text NOT NULL DEFAULT '',
	file text NOT NULL DEFAULT '',
	row_count bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (name, due_time)
);

DROP FUNCTION ensure_partitions(timestamptz, timestamptz);
-- ensure_partitions as before, with the log of webhooks.
-- +goose StatementBegin
CREATE FUNCTION ensure_partitions(since timestamptz DEFAULT now(), until timestamptz DEFAULT now()) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	first timestamp := date_trunc('month', since AT TIME ZONE 'UTC') - interval '1 month';
	last timestamp := date_trunc('month', until AT TIME ZONE 'UTC') + interval '3 months';
	parent text;
	month timestamp;
	strays bigint := 0;
	counted bigint;
BEGIN
	IF last > first + interval '10 years' THEN
		RAISE EXCEPTION 'partitions from % to % are too many', first::date, last::date USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('btlc.ensure_partitions'));
	FOREACH parent IN ARRAY ARRAY['feed_rows', 'audit_entries', 'webhook_deliveries'] LOOP
		EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I DEFAULT', parent || '_default', parent);
		EXECUTE format('SELECT count(*) FROM %I', parent || '_default') INTO counted;
		strays := strays + counted;
		IF counted = 0 THEN
			FOR month IN SELECT generate_series(first, last, interval '1 month') LOOP
				EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', parent || '_' || to_char(month, 'YYYYMM'), parent,
					month::text || '+00', (month + interval '1 month')::text || '+00');
			END LOOP;
		END IF;
	END LOOP;
	RETURN strays;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION ensure_partitions(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(timestamptz, timestamptz) TO btlc_server;

-- forget_months drops the partitions of the change feed, or of the log of webhooks, that end before a time. What is dropped of
-- a stream is recorded as its floor in the same transaction, so that no cursor leads into a gap unseen. Returns how many.
-- +goose StatementBegin
CREATE FUNCTION forget_months(parent text, before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	part text;
	dropped integer := 0;
BEGIN
	IF parent NOT IN ('feed_rows', 'webhook_deliveries') THEN
		RAISE EXCEPTION '% is not forgotten by months', parent USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF before > now() - interval '7 days' THEN
		RAISE EXCEPTION 'what is younger than seven days is kept' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('btlc.ensure_partitions'));
	FOR part IN
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = parent::regclass AND c.relname ~ '_[0-9]{6}$'
			AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month')::timestamp AT TIME ZONE 'UTC' <= before
		ORDER BY c.relname
	LOOP
		IF parent = 'feed_rows' THEN
			EXECUTE format('UPDATE feed_streams s SET floor = greatest(s.floor, r.last)
				FROM (SELECT stream, max(number) AS last FROM %I GROUP BY stream) r WHERE r.stream = s.stream', part);
		END IF;
		EXECUTE format('DROP TABLE %I', part);
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION forget_months(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_months(text, timestamptz) TO btlc_server;

-- The epoch belongs to one history of one database: a restored copy has another system identifier, timeline or oid.
ALTER TABLE feed_epoch ADD COLUMN history text NOT NULL DEFAULT '';

-- feed_history names the history that the database is in.
-- +goose StatementBegin
CREATE FUNCTION feed_history() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('%s/%s/%s', (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()))
$$;
-- +goose StatementEnd

-- renew_feed_epoch begins another epoch when the database is in another history than the one that the epoch was begun in, or
-- when it is told to, and returns the epoch that holds.
-- +goose StatementBegin
CREATE FUNCTION renew_feed_epoch(always boolean DEFAULT false) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	found text;
BEGIN
	UPDATE feed_epoch SET epoch = replace(gen_random_uuid()::text, '-', ''), since = now(), history = feed_history()
		WHERE always OR (history <> feed_history() AND history <> '');
	UPDATE feed_epoch SET history = feed_history() WHERE history = '';
	SELECT epoch INTO found FROM feed_epoch;
	RETURN found;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION renew_feed_epoch(boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_feed_epoch(boolean) TO btlc_server;
REVOKE ALL ON FUNCTION feed_history() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_history() TO btlc_server;

SELECT ensure_partitions();

-- +goose Down
-- No way back: a restore is the way back.
