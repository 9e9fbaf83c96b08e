-- The writing half of one gate validation, as the embedded system asks SQLite for it: one writer.
-- ?1 venture, ?2 stage run, ?3 portfolio, ?4 gate run, ?5 message, ?6 outbox row, ?7 and ?8 history,
-- ?9 and ?10 audit, ?11 person.

-- The request.
BEGIN IMMEDIATE;
SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners FROM venture WHERE id = ?1 AND portfolio_id IN (?3) LIMIT 1;
SELECT * FROM portfolio WHERE id = ?3 LIMIT 1;
SELECT * FROM stage_run WHERE id = ?2 AND portfolio_id IN (?3) LIMIT 1;
INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, status, verdict, decision, requested_by_id, requested_at, decided_at, decided_by, trace_id, version)
VALUES (?4, ?3, ?1, ?2, 1, 'title-validated', 'EXIT', 'QUEUED', NULL, NULL, ?11, strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94', 1);
UPDATE venture SET portfolio_id = ?3, name = name, description = description, category = 'energy', zone = zone, currency = currency, status = 'ACTIVE', status_reason = NULL, status_since = NULL, stage_run_id = ?2, stage = 1, version = version + 1, sequence = sequence + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') WHERE id = ?1 AND version >= 1;
INSERT INTO history (id, portfolio_id, venture_id, sequence, kind, at, actor, body, trace_id)
VALUES (?7, ?3, ?1, (SELECT sequence FROM venture WHERE id = ?1), 'gate_run.requested.v1', strftime('%Y-%m-%dT%H:%M:%f', 'now'), '{"id": "01a1fc91-9f05-778a-9633-7c3e402405d5", "kind": "person", "name": "CHAIRMAN of Demo portfolio", "roles": ["CHAIRMAN"]}', '{"gate": "title-validated", "stage": 1, "gate_kind": "EXIT", "gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad"}', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO audit (id, portfolio_id, command, actor, at, target, reason, before, after, request_id, trace_id)
VALUES (?9, ?3, 'request_gate_validation', '{"id": "01a1fc91-9f05-778a-9633-7c3e402405d5", "kind": "person", "name": "CHAIRMAN of Demo portfolio", "roles": ["CHAIRMAN"]}', strftime('%Y-%m-%dT%H:%M:%f', 'now'), 'venture 01a1fc91-9f28-7330-9e8e-d6d6ec8c6487', NULL, NULL, NULL, 'a8ea21cf-a303-402f-a3c8-7226f40e8626', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO outbox (id, message_id, kind, queue, body, headers, attempt, available_at, lease_until)
VALUES (?6, ?5, 'decide_gate.v1', NULL, '{"gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad"}', '{"tracestate": "", "traceparent": "00-6912230f3c1297cb1d3d4a6357c7ab94-6f8d1ab95b59306d-01", "venturi-portfolio": "01a1fc91-9eec-76c8-a6e2-6f0c42e49db9"}', 0, strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL)
ON CONFLICT DO NOTHING;
COMMIT;

-- The relay, which reads what it leases and deletes it.
UPDATE outbox SET lease_until = strftime('%Y-%m-%dT%H:%M:%f', 'now', '+30 seconds') WHERE id IN (SELECT id FROM outbox WHERE available_at <= strftime('%Y-%m-%dT%H:%M:%f', 'now') AND (lease_until IS NULL OR lease_until <= strftime('%Y-%m-%dT%H:%M:%f', 'now')) ORDER BY available_at, id LIMIT 128) RETURNING *;
DELETE FROM outbox WHERE id IN (?6);

-- The decision.
BEGIN IMMEDIATE;
INSERT INTO inbox (consumer, message_id, state, at, lease_until) VALUES ('gate-validator', ?5, 'DONE', strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL) ON CONFLICT DO NOTHING;
SELECT venture_id FROM gate_run WHERE id = ?4 LIMIT 1;
SELECT venture.*, (SELECT listeners FROM portfolio WHERE portfolio.id = venture.portfolio_id) AS listeners FROM venture WHERE id = ?1 LIMIT 1;
SELECT * FROM gate_run WHERE id = ?4 LIMIT 1;
SELECT * FROM stage_run WHERE id = ?2 LIMIT 1;
SELECT * FROM attestation WHERE stage_run_id = ?2 AND superseded_at IS NULL;
UPDATE gate_run SET status = 'SUCCEEDED', verdict = 'PASS', decision = '{"least": [], "failure": null, "verdict": "PASS", "criteria": [{"key": "title-length", "seen": "venture.name = \"Harbour Light\"", "label": "Title has 3 to 120 characters", "reason": null, "wanted": "size(venture.name) >= 3 && size(venture.name) <= 120", "verdict": "PASS", "evidence": [], "looked_at": ["venture.name"], "age_seconds": 0, "observed_at": "2026-01-01"}]}', decided_at = strftime('%Y-%m-%dT%H:%M:%f', 'now'), decided_by = 'gate-validator', version = 2 WHERE id = ?4 AND status = 'QUEUED';
UPDATE venture SET portfolio_id = ?3, name = name, description = description, category = 'energy', zone = zone, currency = currency, status = 'ACTIVE', status_reason = NULL, status_since = NULL, stage_run_id = ?2, stage = 1, version = version + 1, sequence = sequence + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') WHERE id = ?1 AND version >= 1;
INSERT INTO history (id, portfolio_id, venture_id, sequence, kind, at, actor, body, trace_id)
VALUES (?8, ?3, ?1, (SELECT sequence FROM venture WHERE id = ?1), 'gate_run.decided.v1', strftime('%Y-%m-%dT%H:%M:%f', 'now'), '{"id": null, "kind": "agent", "name": "gate-validator", "roles": []}', '{"gate": "title-validated", "stage": 1, "verdict": "PASS", "gate_kind": "EXIT", "gate_run_id": "01a1fc94-9c94-73c2-ae3e-0dea8625e1ad", "failure_action": null}', '6912230f3c1297cb1d3d4a6357c7ab94');
INSERT INTO audit (id, portfolio_id, command, actor, at, target, reason, before, after, request_id, trace_id)
VALUES (?10, ?3, 'decide_gate', '{"id": null, "kind": "agent", "name": "gate-validator", "roles": []}', strftime('%Y-%m-%dT%H:%M:%f', 'now'), 'venture 01a1fc91-9f28-7330-9e8e-d6d6ec8c6487, record 01a1fc94-9c94-73c2-ae3e-0dea8625e1ad', NULL, NULL, NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94');
COMMIT;
