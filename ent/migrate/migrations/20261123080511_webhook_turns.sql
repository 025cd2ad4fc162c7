-- +goose Up
-- modify "webhook_subscriptions" table
ALTER TABLE "webhook_subscriptions" ADD COLUMN "slow" boolean NOT NULL DEFAULT false;

-- +goose Down
-- reverse: modify "webhook_subscriptions" table
ALTER TABLE "webhook_subscriptions" DROP COLUMN "slow";
