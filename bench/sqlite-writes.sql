-- The writing half of one gate validation, as the embedded system asks SQLite for it: one writer.
-- ?1 venture, ?2 stage run, ?3 portfolio, ?4 gate run, ?5 message, ?6 outbox row, ?7 and ?8 history, ?9 person.

-- The request.
BEGIN IMMEDIATE;
SELECT venture.*, portfolio.slug, portfolio.name AS p_name, portfolio.zone AS p_zone, portfolio.currency AS p_currency, portfolio.playbook_id, portfolio.version AS p_version, portfolio.sequence AS p_sequence, portfolio.listeners, stage_run.attempt, stage_run.status AS r_status, stage_run.started_at, stage_run.entered_at, stage_run.due_at, stage_run.late_at, stage_run.ended_at, stage_run.gates, stage_run.waits_for, (SELECT seen.version FROM venture AS seen WHERE seen.id = venture.id) AS seen_version FROM venture JOIN portfolio ON portfolio.id = venture.portfolio_id LEFT JOIN stage_run ON stage_run.id = venture.stage_run_id WHERE venture.id IN (?1) AND venture.portfolio_id IN (?3) ORDER BY venture.id;
SELECT * FROM attestation WHERE stage_run_id IN (?2) AND superseded_at IS NULL;
UPDATE venture SET version = version + 1, sequence = sequence + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') WHERE id = ?1 AND version >= 1;
INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, verdict, decision, decided_by, trace_id, status, requested_by_id, requested_at, started_at, finished_at, error_code, error_message, version)
VALUES (?4, ?3, ?1, ?2, 1, 'title-validated', 'EXIT', NULL, NULL, NULL, '6912230f3c1297cb1d3d4a6357c7ab94', 'QUEUED', ?9, strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL, NULL, NULL, NULL, 1);
UPDATE stage_run SET gates = '{"title-validated": {"latest": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "queued": 1, "verdict": "PASS", "verdict_asked_at": "2026-11-28T10:05:50.482302Z"}}' WHERE id = ?2;
INSERT INTO history (id, portfolio_id, root_kind, root_id, sequence, kind, at, actor, body, trace_id, command, reason, before, after, request_id)
VALUES (?7, ?3, 'VENTURE', ?1, (SELECT sequence FROM venture WHERE id = ?1), 'gate_run.requested.v1', strftime('%Y-%m-%dT%H:%M:%f', 'now'), '{"id": "01a2219e-42d6-74d5-a3ee-950a53cc2142", "kind": "person", "roles": ["CHAIRMAN"], "token_id": "01a2219e-42df-70e9-811b-0a3255856718"}', '{"gate": "title-validated", "stage": 1, "gate_kind": "EXIT", "gate_run_id": "01a2219e-4e2c-75fb-9a03-a6c334c8d903"}', '6912230f3c1297cb1d3d4a6357c7ab94', 'request_gate_validation', NULL, NULL, NULL, 'fee6d35f-aada-4500-842c-6889542af67a');
INSERT INTO outbox (id, message_id, kind, queue, body, headers, attempt, available_at, lease_until)
VALUES (?6, ?5, 'decide_gate.v1', NULL, '{"gate_run_id":"01a2219e-4e2c-75fb-9a03-a6c334c8d903"}', '{"tracestate": "", "traceparent": "00-6912230f3c1297cb1d3d4a6357c7ab94-6f8d1ab95b59306d-01", "venturi-job": "R2F0ZVJ1bjowMWEyMjE5ZTRlMmM3NWZiOWEwM2E2YzMzNGM4ZDkwMw", "venturi-portfolio": "01a2219e-427b-73e5-904e-a0033da467a8"}', 0, strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL)
ON CONFLICT DO NOTHING;
COMMIT;

-- The relay, which reads what it leases and deletes it.
UPDATE outbox SET lease_until = strftime('%Y-%m-%dT%H:%M:%f', 'now', '+30 seconds') WHERE id IN (SELECT id FROM outbox WHERE available_at <= strftime('%Y-%m-%dT%H:%M:%f', 'now') AND (lease_until IS NULL OR lease_until <= strftime('%Y-%m-%dT%H:%M:%f', 'now')) ORDER BY available_at, id LIMIT 128) RETURNING *;
DELETE FROM outbox WHERE id IN (?6);

-- The decision.
BEGIN IMMEDIATE;
INSERT INTO inbox (consumer, message_id, state, at, lease_until) VALUES ('gate-validator', ?5, 'DONE', strftime('%Y-%m-%dT%H:%M:%f', 'now'), NULL) ON CONFLICT DO NOTHING;
SELECT gate_run.*, COALESCE((SELECT version FROM venture WHERE venture.id = gate_run.venture_id), (SELECT version FROM portfolio WHERE portfolio.id = gate_run.portfolio_id)) AS root_version FROM gate_run WHERE id IN (?4);
SELECT venture.*, portfolio.slug, portfolio.name AS p_name, portfolio.zone AS p_zone, portfolio.currency AS p_currency, portfolio.playbook_id, portfolio.version AS p_version, portfolio.sequence AS p_sequence, portfolio.listeners, stage_run.attempt, stage_run.status AS r_status, stage_run.started_at, stage_run.entered_at, stage_run.due_at, stage_run.late_at, stage_run.ended_at, stage_run.gates, stage_run.waits_for, (SELECT seen.version FROM venture AS seen WHERE seen.id = venture.id) AS seen_version FROM venture JOIN portfolio ON portfolio.id = venture.portfolio_id LEFT JOIN stage_run ON stage_run.id = venture.stage_run_id WHERE venture.id IN (?1) ORDER BY venture.id;
SELECT * FROM attestation WHERE stage_run_id IN (?2) AND superseded_at IS NULL;
UPDATE venture SET version = version + 1, sequence = sequence + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') WHERE id = ?1 AND version >= 1;
UPDATE gate_run SET verdict = 'PASS', decision = '{"least": [], "failure": null, "verdict": "PASS", "criteria": [{"key": "title-length", "seen": "venture.name = \"Harbour Light\"", "label": "Title has 3 to 120 characters", "reason": null, "wanted": "size(venture.name) >= 3 && size(venture.name) <= 120", "verdict": "PASS", "evidence": [], "looked_at": ["venture.name"], "age_seconds": 0, "observed_at": "2026-11-28T10:05:52.551959Z"}]}', decided_by = 'gate-validator', status = 'SUCCEEDED', started_at = strftime('%Y-%m-%dT%H:%M:%f', 'now'), finished_at = strftime('%Y-%m-%dT%H:%M:%f', 'now'), version = version + 1 WHERE id = ?4;
UPDATE stage_run SET gates = '{"title-validated": {"latest": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "queued": 0, "verdict": "PASS", "verdict_asked_at": "2026-11-28T10:05:52.551959Z"}}' WHERE id = ?2;
INSERT INTO history (id, portfolio_id, root_kind, root_id, sequence, kind, at, actor, body, trace_id, command, reason, before, after, request_id)
VALUES (?8, ?3, 'VENTURE', ?1, (SELECT sequence FROM venture WHERE id = ?1), 'gate_run.decided.v1', strftime('%Y-%m-%dT%H:%M:%f', 'now'), '{"kind": "agent", "agent": "gate-validator"}', '{"gate": "title-validated", "stage": 1, "verdict": "PASS", "gate_kind": "EXIT", "gate_run_id": "01a2219e-4e2c-75fb-9a03-a6c334c8d903", "failure_action": null}', '6912230f3c1297cb1d3d4a6357c7ab94', 'decide_gate', NULL, NULL, NULL, NULL);
COMMIT;
