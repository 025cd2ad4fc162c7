-- +goose Up
-- A district that asks by address or by the state's number about somebody who has left is answered as on the last day: what
-- became of the person's keys since is not for it to notice. So it is kept when a record had which key, as a digest, and not
-- moved by merges.
-- +goose StatementBegin
CREATE FUNCTION key_digest(kind text, value text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT sha256(convert_to(kind || ':' || value, 'UTF8'))
$$;
-- +goose StatementEnd
CREATE TABLE key_periods (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	record_id uuid NOT NULL,
	digest bytea NOT NULL,
	since_time timestamptz NOT NULL,
	until_time timestamptz
);
CREATE INDEX key_periods_digest ON key_periods (digest);
CREATE UNIQUE INDEX key_periods_record ON key_periods (record_id, digest) WHERE until_time IS NULL;

-- present_keys are those by which records are known now, and the rows that they are from.
-- +goose StatementBegin
CREATE FUNCTION present_keys(records uuid[]) RETURNS TABLE (record_id uuid, digest bytea, id uuid, create_time timestamptz, row_of text) LANGUAGE sql STABLE AS $$
	SELECT educator_id, key_digest('EMAIL', address_key), id, create_time, 'educator_emails' FROM educator_emails
		WHERE verified AND educator_id = ANY (records)
	UNION ALL
	SELECT educator_id, key_digest('STATE_EDUCATOR_ID', value), id, create_time, 'external_ids' FROM external_ids
		WHERE kind = 'STATE_EDUCATOR_ID' AND educator_id = ANY (records)
$$;
-- +goose StatementEnd

-- What merges have moved was the other record's until then.
INSERT INTO key_periods (record_id, digest, since_time, until_time)
	SELECT g.duplicate_id, k.digest, coalesce(lag(g.create_time) OVER (PARTITION BY k.id ORDER BY g.id), k.create_time), g.create_time
	FROM present_keys(ARRAY(SELECT id FROM educators)) k JOIN educator_merges g ON g.undo_time IS NULL AND g.moved -> k.row_of ? k.id::text;
INSERT INTO key_periods (record_id, digest, since_time)
	SELECT k.record_id, k.digest, coalesce((SELECT max(g.create_time) FROM educator_merges g WHERE g.undo_time IS NULL AND g.moved -> k.row_of ? k.id::text), k.create_time)
	FROM present_keys(ARRAY(SELECT id FROM educators)) k;

-- +goose Down
-- No way back: a restore is the way back.
