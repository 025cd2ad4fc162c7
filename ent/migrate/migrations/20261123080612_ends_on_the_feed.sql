-- +goose Up
-- What institutions may see no more, by resource: reading a stretch of an institution's stream looks there for each of its
-- resources. Other streams have no part in it.
CREATE INDEX feed_rows_ended ON feed_rows (stream, resource, number) WHERE kind = 'DELETED' AND stream LIKE 'institutions/%';

-- +goose Down
DROP INDEX feed_rows_ended;
