-- One gate validation, from the request to the committed verdict, as the system asks PostgreSQL for it: the
-- limit of the pipeline figures. For pgbench -M prepared; variables: portfolio, person, token, ventures, batch.
\set n :n + 1
\set key :client_id * 1000000000 + :n
\set number random(1, :ventures)

-- Who asks.
SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id, t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) WHERE t.hash = :token AND t.revoked_at IS NULL;

-- The request.
BEGIN;
SELECT venture.id AS venture_id, venture.stage_run_id AS venture_stage_run_id, venture.version AS venture_version, venture.sequence AS venture_sequence, venture.name, venture.description, venture.category, venture.zone, venture.currency, venture.status, venture.status_reason, venture.status_since, venture.stage, venture.created_at, venture.updated_at, portfolio.slug, portfolio.name AS p_name, portfolio.zone AS p_zone, portfolio.currency AS p_currency, portfolio.playbook_id, portfolio.version AS p_version, portfolio.sequence AS p_sequence, portfolio.listeners, stage_run.attempt, stage_run.status AS r_status, stage_run.started_at, stage_run.entered_at, stage_run.due_at, stage_run.late_at, stage_run.ended_at, stage_run.gates, stage_run.waits_for, (SELECT seen.version FROM venture AS seen WHERE seen.id = venture.id) AS seen_version FROM venture JOIN portfolio ON portfolio.id = venture.portfolio_id LEFT JOIN stage_run ON stage_run.id = venture.stage_run_id WHERE venture.id IN (('a' || lpad(to_hex(:number::bigint), 31, '0'))::uuid) AND venture.portfolio_id IN (:portfolio) ORDER BY venture.id FOR NO KEY UPDATE OF venture \gset
SELECT * FROM attestation WHERE stage_run_id IN (:venture_stage_run_id) AND superseded_at IS NULL;
WITH root AS (UPDATE venture SET version = :venture_version::bigint + 1, sequence = :venture_sequence::bigint + 1, updated_at = now() WHERE id = :venture_id AND version = :venture_version::bigint RETURNING 1),
w0 AS (INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, verdict, decision, decided_by, trace_id, status, requested_by_id, requested_at, started_at, finished_at, error_code, error_message, version)
VALUES (('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, :venture_id, :venture_stage_run_id, 1, 'title-validated', 'EXIT', NULL, NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94', 'QUEUED', :person, now(), NULL, NULL, NULL, NULL, 1)),
w1 AS (UPDATE stage_run SET gates = '{"title-validated": {"latest": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "queued": 1, "verdict": "PASS", "verdict_asked_at": "2026-11-28T10:05:50.482302Z"}}' WHERE id = :venture_stage_run_id),
w2 AS (INSERT INTO history (id, portfolio_id, root_kind, root_id, sequence, kind, at, actor, body, trace_id, command, reason, before, after, request_id)
VALUES (('2' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, 'VENTURE', :venture_id, :venture_sequence::bigint + 1, 'gate_run.requested.v1', now(), '{"id": "01a2219e-42d6-74d5-a3ee-950a53cc2142", "kind": "person", "roles": ["CHAIRMAN"], "token_id": "01a2219e-42df-70e9-811b-0a3255856718"}', '{"gate": "title-validated", "stage": 1, "gate_kind": "EXIT", "gate_run_id": "01a2219e-4e2c-75fb-9a03-a6c334c8d903"}', '6912230f3c1297cb1d3d4a6357c7ab94', 'request_gate_validation', NULL, NULL, NULL, 'fee6d35f-aada-4500-842c-6889542af67a')),
w3 AS (INSERT INTO outbox (id, message_id, kind, queue, body, headers, attempt, available_at, lease_until)
VALUES (('4' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, ('5' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, 'decide_gate.v1', NULL, '{"gate_run_id":"01a2219e-4e2c-75fb-9a03-a6c334c8d903"}', '{"tracestate": "", "traceparent": "00-6912230f3c1297cb1d3d4a6357c7ab94-6f8d1ab95b59306d-01", "venturi-job": "R2F0ZVJ1bjowMWEyMjE5ZTRlMmM3NWZiOWEwM2E2YzMzNGM4ZDkwMw", "venturi-portfolio": "01a2219e-427b-73e5-904e-a0033da467a8"}', 0, now(), NULL) ON CONFLICT DO NOTHING)
SELECT COUNT(*) AS saved FROM root;
COMMIT;

-- The record in the answer.
SELECT * FROM gate_run WHERE id IN (('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid) AND portfolio_id IN (:portfolio);

-- The relay, once for so many requests.
\if :n % :batch = 0
WITH leased AS (UPDATE outbox SET lease_until = now() + interval '30 seconds' WHERE id IN (SELECT id FROM outbox WHERE available_at <= now() AND (lease_until IS NULL OR lease_until <= now()) ORDER BY available_at, id LIMIT 128 FOR UPDATE SKIP LOCKED) RETURNING *)
SELECT coalesce(string_agg(id::text, ','), '') AS ids FROM leased \gset leased_
DELETE FROM outbox WHERE id = ANY (string_to_array(:leased_ids, ',')::uuid[]);
\endif

-- The decision, in a transaction of its own as when one message waits. Nothing changes for those who wait, so no row of
-- `waiting` is written.
BEGIN;
INSERT INTO inbox (consumer, message_id, state, at, lease_until) VALUES ('gate-validator', ('5' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, 'DONE', now(), NULL) ON CONFLICT DO NOTHING;
SELECT gate_run.*, COALESCE((SELECT version FROM venture WHERE venture.id = gate_run.venture_id), (SELECT version FROM portfolio WHERE portfolio.id = gate_run.portfolio_id)) AS root_version FROM gate_run WHERE id IN (('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid);
SELECT venture.id AS venture_id, venture.stage_run_id AS venture_stage_run_id, venture.version AS venture_version, venture.sequence AS venture_sequence, venture.name, venture.description, venture.category, venture.zone, venture.currency, venture.status, venture.status_reason, venture.status_since, venture.stage, venture.created_at, venture.updated_at, portfolio.slug, portfolio.name AS p_name, portfolio.zone AS p_zone, portfolio.currency AS p_currency, portfolio.playbook_id, portfolio.version AS p_version, portfolio.sequence AS p_sequence, portfolio.listeners, stage_run.attempt, stage_run.status AS r_status, stage_run.started_at, stage_run.entered_at, stage_run.due_at, stage_run.late_at, stage_run.ended_at, stage_run.gates, stage_run.waits_for, (SELECT seen.version FROM venture AS seen WHERE seen.id = venture.id) AS seen_version FROM venture JOIN portfolio ON portfolio.id = venture.portfolio_id LEFT JOIN stage_run ON stage_run.id = venture.stage_run_id WHERE venture.id IN (:venture_id) ORDER BY venture.id FOR NO KEY UPDATE OF venture \gset
SELECT * FROM attestation WHERE stage_run_id IN (:venture_stage_run_id) AND superseded_at IS NULL;
WITH root AS (UPDATE venture SET version = :venture_version::bigint + 1, sequence = :venture_sequence::bigint + 1, updated_at = now() WHERE id = :venture_id AND version = :venture_version::bigint RETURNING 1),
w0 AS (UPDATE gate_run SET verdict = 'PASS', decision = '{"least": [], "failure": null, "verdict": "PASS", "criteria": [{"key": "title-length", "seen": "venture.name = \"Harbour Light\"", "label": "Title has 3 to 120 characters", "reason": null, "wanted": "size(venture.name) >= 3 && size(venture.name) <= 120", "verdict": "PASS", "evidence": [], "looked_at": ["venture.name"], "age_seconds": 0, "observed_at": "2026-11-28T10:05:52.551959Z"}]}', decided_by = 'gate-validator', status = 'SUCCEEDED', started_at = now(), finished_at = now(), version = version + 1 WHERE id = ('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid),
w1 AS (UPDATE stage_run SET gates = '{"title-validated": {"latest": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "queued": 0, "verdict": "PASS", "verdict_asked_at": "2026-11-28T10:05:52.551959Z"}}' WHERE id = :venture_stage_run_id),
w2 AS (INSERT INTO history (id, portfolio_id, root_kind, root_id, sequence, kind, at, actor, body, trace_id, command, reason, before, after, request_id)
VALUES (('6' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, 'VENTURE', :venture_id, :venture_sequence::bigint + 1, 'gate_run.decided.v1', now(), '{"kind": "agent", "agent": "gate-validator"}', '{"gate": "title-validated", "stage": 1, "verdict": "PASS", "gate_kind": "EXIT", "gate_run_id": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "failure_action": null}', '6912230f3c1297cb1d3d4a6357c7ab94', 'decide_gate', NULL, NULL, NULL, NULL))
SELECT COUNT(*) AS saved FROM root;
COMMIT;
