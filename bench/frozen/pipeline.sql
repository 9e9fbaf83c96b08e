-- Frozen: one gate validation, from the request to the committed verdict, as the system asked PostgreSQL for it when
-- this yardstick was taken. For pgbench -M prepared on schema.sql and seed.sql; variables: portfolio, person, token,
-- ventures, batch, n. No statement here may change: the figures of later versions are held against these.
\set n :n + 1
\set key :client_id * 1000000000 + :n
\set number random(1, :ventures)

-- Who asks.
SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id, t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) WHERE t.hash = :token AND t.revoked_at IS NULL;

-- The request.
BEGIN;
SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners FROM venture WHERE id = ('a' || lpad(to_hex(:number::bigint), 31, '0'))::uuid AND portfolio_id IN (:portfolio) LIMIT 1 FOR UPDATE \gset venture_
SELECT * FROM portfolio WHERE id = :portfolio LIMIT 1;
SELECT * FROM stage_run WHERE id = :venture_stage_run_id AND portfolio_id IN (:portfolio) LIMIT 1;
INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, status, verdict, decision, requested_by_id, requested_at, decided_at, decided_by, trace_id, version)
VALUES (('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, :venture_id, :venture_stage_run_id, 1, 'title-validated', 'EXIT', 'QUEUED', NULL, NULL, :person, now(), NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94', 1);
UPDATE venture SET portfolio_id = :portfolio, name = :venture_name, description = :venture_description, category = 'energy', zone = :venture_zone, currency = :venture_currency, status = 'ACTIVE', status_reason = NULL, status_since = NULL, stage_run_id = :venture_stage_run_id, stage = 1, version = :venture_version::bigint + 1, sequence = :venture_sequence::bigint + 1, updated_at = now() WHERE id = :venture_id AND version = :venture_version::bigint;
INSERT INTO history (id, portfolio_id, venture_id, sequence, kind, at, actor, body, trace_id)
VALUES (('2' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, :venture_id, :venture_sequence::bigint + 1, 'gate_run.requested.v1', now(), '{"id": "01a1fc91-9f05-778a-9633-7c3e402405d5", "kind": "person", "name": "CHAIRMAN of Demo portfolio", "roles": ["CHAIRMAN"]}', '{"gate": "title-validated", "stage": 1, "gate_kind": "EXIT", "gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad"}', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO audit (id, portfolio_id, command, actor, at, target, reason, before, after, request_id, trace_id)
VALUES (('3' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, 'request_gate_validation', '{"id": "01a1fc91-9f05-778a-9633-7c3e402405d5", "kind": "person", "name": "CHAIRMAN of Demo portfolio", "roles": ["CHAIRMAN"]}', now(), 'venture 01a1fc91-9f28-7330-9e8e-d6d6ec8c6487', NULL, NULL, NULL, 'a8ea21cf-a303-402f-a3c8-7226f40e8626', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO outbox (id, message_id, kind, queue, body, headers, attempt, available_at, lease_until)
VALUES (('4' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, ('5' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, 'decide_gate.v1', NULL, '{"gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad"}', '{"tracestate": "", "traceparent": "00-6912230f3c1297cb1d3d4a6357c7ab94-6f8d1ab95b59306d-01", "venturi-portfolio": "01a1fc91-9eec-76c8-a6e2-6f0c42e49db9"}', 0, now(), NULL)
ON CONFLICT DO NOTHING;
COMMIT;

-- The record in the answer.
SELECT * FROM gate_run WHERE id IN (('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid) AND portfolio_id IN (:portfolio);

-- The relay, once for so many requests.
\if :n % :batch = 0
WITH leased AS (UPDATE outbox SET lease_until = now() + interval '30 seconds' WHERE id IN (SELECT id FROM outbox WHERE available_at <= now() AND (lease_until IS NULL OR lease_until <= now()) ORDER BY available_at, id LIMIT 128 FOR UPDATE SKIP LOCKED) RETURNING *)
SELECT coalesce(string_agg(id::text, ','), '') AS ids FROM leased \gset leased_
DELETE FROM outbox WHERE id = ANY (string_to_array(:leased_ids, ',')::uuid[]);
\endif

-- The decision.
BEGIN;
INSERT INTO inbox (consumer, message_id, state, at, lease_until) VALUES ('gate-validator', ('5' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, 'DONE', now(), NULL) ON CONFLICT DO NOTHING;
SELECT venture_id FROM gate_run WHERE id = ('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid LIMIT 1;
SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners FROM venture WHERE id = :venture_id LIMIT 1 FOR UPDATE \gset venture_
SELECT * FROM gate_run WHERE id = ('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid LIMIT 1;
SELECT * FROM stage_run WHERE id = :venture_stage_run_id LIMIT 1;
SELECT * FROM attestation WHERE stage_run_id = :venture_stage_run_id AND superseded_at IS NULL;
UPDATE gate_run SET status = 'SUCCEEDED', verdict = 'PASS', decision = '{"least": [], "failure": null, "verdict": "PASS", "criteria": [{"key": "title-length", "seen": "venture.name = \"Harbour Light\"", "label": "Title has 3 to 120 characters", "reason": null, "wanted": "size(venture.name) >= 3 && size(venture.name) <= 120", "verdict": "PASS", "evidence": [], "looked_at": ["venture.name"], "age_seconds": 0, "observed_at": "2026-01-01"}]}', decided_at = now(), decided_by = 'gate-validator', version = 2 WHERE id = ('1' || lpad(to_hex(:key::bigint), 31, '0'))::uuid AND status = 'QUEUED';
UPDATE venture SET portfolio_id = :portfolio, name = :venture_name, description = :venture_description, category = 'energy', zone = :venture_zone, currency = :venture_currency, status = 'ACTIVE', status_reason = NULL, status_since = NULL, stage_run_id = :venture_stage_run_id, stage = 1, version = :venture_version::bigint + 1, sequence = :venture_sequence::bigint + 1, updated_at = now() WHERE id = :venture_id AND version = :venture_version::bigint;
INSERT INTO history (id, portfolio_id, venture_id, sequence, kind, at, actor, body, trace_id)
VALUES (('6' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, :venture_id, :venture_sequence::bigint + 1, 'gate_run.decided.v1', now(), '{"id": null, "kind": "agent", "name": "gate-validator", "roles": []}', '{"gate": "title-validated", "stage": 1, "verdict": "PASS", "gate_kind": "EXIT", "gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad", "failure_action": null}', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO audit (id, portfolio_id, command, actor, at, target, reason, before, after, request_id, trace_id)
VALUES (('7' || lpad(to_hex(:key::bigint), 31, '0'))::uuid, :portfolio, 'decide_gate', '{"id": null, "kind": "agent", "name": "gate-validator", "roles": []}', now(), 'venture 01a1fc91-9f28-7330-9e8e-d6d6ec8c6487, record 01a1fc94-9c94-73c2-ae3e-0dea8625e1ad', NULL, NULL, NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94');
COMMIT;
