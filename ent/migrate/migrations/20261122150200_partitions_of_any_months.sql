-- +goose Up
-- ensure_partitions reaches as far as its caller wants: whoever writes records of months gone by, or to come, makes their
-- partitions before. Without arguments it does what it did.
DROP FUNCTION ensure_partitions();

-- ensure_partitions makes the monthly partitions from the month before since to the third month after until, and says how
-- many rows stand in default partitions, where none should; as long as a table has any there, it gets no new partition,
-- since they would have to be moved. More than ten years at once are refused, because every query has to look at all
-- partitions. It runs with its owner's rights: servers may call it and own nothing.
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
	FOREACH parent IN ARRAY ARRAY['feed_rows', 'audit_entries'] LOOP
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

-- +goose Down
-- No way back: a restore is the way back.
