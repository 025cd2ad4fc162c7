-- +goose Up
-- create index "attendanceentry_make_up_meeting_id" to table: "attendance_entries"
CREATE INDEX "attendanceentry_make_up_meeting_id" ON "attendance_entries" ("make_up_meeting_id") WHERE (make_up_meeting_id IS NOT NULL);
-- create index "booking_meeting_id" to table: "bookings"
CREATE INDEX "booking_meeting_id" ON "bookings" ("meeting_id");

-- +goose Down
-- reverse: create index "booking_meeting_id" to table: "bookings"
DROP INDEX "booking_meeting_id";
-- reverse: create index "attendanceentry_make_up_meeting_id" to table: "attendance_entries"
DROP INDEX "attendanceentry_make_up_meeting_id";
