-- +goose Up
-- modify "districts" table
ALTER TABLE "districts" ADD COLUMN "told_day" date NULL;

-- +goose Down
-- reverse: modify "districts" table
ALTER TABLE "districts" DROP COLUMN "told_day";
