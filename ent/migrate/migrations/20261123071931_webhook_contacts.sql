-- +goose Up
-- modify "webhook_subscriptions" table
ALTER TABLE "webhook_subscriptions" ADD COLUMN "contact_email" character varying NOT NULL DEFAULT '', ADD COLUMN "warn_time" timestamptz NULL;
-- modify "notices" table
ALTER TABLE "notices" ADD CONSTRAINT "notice_about" CHECK ((num_nonnulls(educator_id, webhook_subscription_id) = 1) AND ((educator_id IS NOT NULL) OR (num_nonnulls(registration_id, school_id) = 0))), ALTER COLUMN "educator_id" DROP NOT NULL, ADD COLUMN "webhook_subscription_id" uuid NULL, ADD CONSTRAINT "notices_webhook_subscriptions_webhook_subscription" FOREIGN KEY ("webhook_subscription_id") REFERENCES "webhook_subscriptions" ("id") ON UPDATE NO ACTION ON DELETE CASCADE;
-- create index "notice_webhook_subscription_id" to table: "notices"
CREATE INDEX "notice_webhook_subscription_id" ON "notices" ("webhook_subscription_id") WHERE (webhook_subscription_id IS NOT NULL);

-- +goose Down
-- reverse: create index "notice_webhook_subscription_id" to table: "notices"
DROP INDEX "notice_webhook_subscription_id";
-- What is about no educator has no place there any more.
DELETE FROM "notices" WHERE "educator_id" IS NULL;
-- reverse: modify "notices" table
ALTER TABLE "notices" DROP CONSTRAINT "notices_webhook_subscriptions_webhook_subscription", DROP COLUMN "webhook_subscription_id", ALTER COLUMN "educator_id" SET NOT NULL, DROP CONSTRAINT "notice_about";
-- reverse: modify "webhook_subscriptions" table
ALTER TABLE "webhook_subscriptions" DROP COLUMN "warn_time", DROP COLUMN "contact_email";
