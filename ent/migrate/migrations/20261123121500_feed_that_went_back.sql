-- +goose Up
-- A copy of PostgreSQL's files that is put back is in the same history as far as the database can tell. The cursors that
-- consumers hold show it: they are sealed, and say of which generation their epoch is. The key stays what it is for as long
-- as the database is there, so that cursors of an epoch that it does not know of any more are known for what they are.
ALTER TABLE feed_epoch ADD COLUMN generation bigint NOT NULL DEFAULT 0;
ALTER TABLE feed_epoch ADD COLUMN seal_key text NOT NULL DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');

DROP FUNCTION renew_feed_epoch(boolean);
-- renew_feed_epoch begins another epoch when the database is in another history than the one that the epoch was begun in, or
-- when the epoch is the one that was lost; so those who find it at once begin one together. Its generation is above the one
-- given. It returns the epoch that holds, and whether it is a new one.
-- +goose StatementBegin
CREATE FUNCTION renew_feed_epoch(lost text, above bigint, OUT epoch text, OUT renewed boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	UPDATE feed_epoch e SET epoch = replace(gen_random_uuid()::text, '-', ''), generation = greatest(e.generation, above) + 1, since = now(), history = feed_history()
		WHERE e.epoch = lost OR (e.history <> feed_history() AND e.history <> '');
	renewed := FOUND;
	UPDATE feed_epoch e SET history = feed_history() WHERE e.history = '';
	SELECT e.epoch INTO epoch FROM feed_epoch e;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION renew_feed_epoch(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_feed_epoch(text, bigint) TO btlc_server;

-- +goose Down
-- No way back: a restore is the way back.
