-- +goose Up
-- A record that was merged into another gets nothing more: what is written for the person is written for the one that stays.
-- The lock is what the foreign key takes as well; taken here, it waits for a merge that is under way.
-- +goose StatementBegin
CREATE FUNCTION refuse_merged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	merged uuid;
BEGIN
	SELECT merged_into_id INTO merged FROM educators WHERE id = NEW.educator_id FOR KEY SHARE;
	IF merged IS NOT NULL THEN
		RAISE EXCEPTION 'educator % was merged into %', NEW.educator_id, merged USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'educator_is_merged';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE of regclass;
BEGIN
	FOR of IN SELECT c.conrelid FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.confrelid = 'educators'::regclass AND c.contype = 'f' AND a.attname = 'educator_id' LOOP
		EXECUTE format('CREATE TRIGGER refuse_merged BEFORE INSERT OR UPDATE OF educator_id ON %s FOR EACH ROW EXECUTE FUNCTION refuse_merged()', of);
	END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- No way back: a restore is the way back.
