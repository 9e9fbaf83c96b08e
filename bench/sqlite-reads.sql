-- The reading half, beside the writer: who asks, and the record in the answer. ?3 portfolio, ?4 gate run, ?11
-- person, ?12 hash of the token.
SELECT id, person_id, hash, label, created_at, expires_at, revoked_at FROM token WHERE hash = ?12 AND revoked_at IS NULL LIMIT 1;
SELECT id, handle, name, created_at FROM person WHERE id = ?11 LIMIT 1;
SELECT id, portfolio_id, person_id, roles, joined_at FROM member WHERE person_id = ?11;
SELECT * FROM gate_run WHERE id IN (?4) AND portfolio_id IN (?3);
