-- +goose Up
-- A record that was merged into another gets nothing more.
CREATE TRIGGER refuse_merged BEFORE INSERT OR UPDATE OF educator_id ON credit_postings FOR EACH ROW EXECUTE FUNCTION refuse_merged();
CREATE TRIGGER refuse_merged BEFORE INSERT OR UPDATE OF educator_id ON holder_dids FOR EACH ROW EXECUTE FUNCTION refuse_merged();

-- +goose Down
DROP TRIGGER refuse_merged ON credit_postings;
DROP TRIGGER refuse_merged ON holder_dids;
