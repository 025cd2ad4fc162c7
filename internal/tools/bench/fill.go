package main

// fillStatements load $all people of one district, each with an employment and a confirmed role, $people of them with four
// credentials with a document of 2.7 KB, and 400 open sections. Who has no credential yet may register.
var fillStatements = []string{
	`INSERT INTO districts (id, create_time, update_time, display_name, state_code, time_zone) VALUES ('bps', now(), now(), 'Bench', 'MA', 'America/New_York')`,
	`CREATE UNLOGGED TABLE bench_people AS SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS assignment FROM generate_series(1, $all) n`,
	`INSERT INTO educators (id, create_time, update_time, given_name, family_name) SELECT id, now(), now(), 'Given', 'Family ' || n FROM bench_people`,
	`INSERT INTO external_ids (id, create_time, educator_id, kind, district_id, value) SELECT gen_random_uuid(), now(), id, 'EMPLOYEE_ID', 'bps', n::text FROM bench_people`,
	`INSERT INTO employments (id, create_time, update_time, educator_id, district_id, start_date) SELECT gen_random_uuid(), now(), now(), id, 'bps', '2015-09-01' FROM bench_people`,
	`INSERT INTO roles (id, create_time, update_time, district_id, display_name, kind) VALUES (gen_random_uuid(), now(), now(), 'bps', 'Mentor', 'FORMAL')`,
	`INSERT INTO role_assignments (id, create_time, update_time, educator_id, role_id, district_id, state, start_date, confirm_time, confirmed_by, reported_by)
		SELECT p.assignment, now(), now(), p.id, r.id, 'bps', 'CONFIRMED', '2016-09-01', now(), 'bench', 'bench' FROM bench_people p, roles r`,
	`INSERT INTO credentials (id, create_time, update_time, educator_id, credential_type_id, policy_version_id, framework_id, status, issue_time, status_time, document, key_id)
		SELECT gen_random_uuid(), t.at, t.at, p.id, c.id, c.policy_version_id, 'btlc-1', CASE WHEN p.n % 50 = 0 THEN 'REVOKED' ELSE 'ACTIVE' END, t.at, t.at,
			'{"document":"' || repeat(md5(p.n::text || c.id), 84) || '"}', 'bench'
		FROM bench_people p, (SELECT * FROM credential_types ORDER BY id LIMIT 4) c, LATERAL (SELECT timestamptz '2020-01-01' + p.n * interval '1 minute' AS at) t WHERE p.n <= $people`,
	`INSERT INTO terms (id, create_time, update_time, display_name, start_date, end_date) VALUES ('bench', now(), now(), 'Bench', now() - interval '30 days', now() + interval '60 days')`,
	`INSERT INTO sections (id, create_time, update_time, course_version_id, term_id, state, capacity, time_zone, registration_open_time, registration_close_time)
		SELECT gen_random_uuid(), now(), now(), v.id, 'bench', 'OPEN', 500, 'America/New_York', now() - interval '1 day', now() + interval '30 days'
		FROM course_versions v, generate_series(1, 100)`,
	`CREATE UNLOGGED TABLE bench_sections AS SELECT row_number() OVER () AS n, id FROM sections`,
	`ALTER TABLE bench_people ADD PRIMARY KEY (n)`,
	`ALTER TABLE bench_sections ADD PRIMARY KEY (n)`,
	`VACUUM ANALYZE`,
	`CHECKPOINT`,
}
