-- The reading half, beside the writer: who asks, and the record in the answer. ?3 portfolio, ?4 gate run,
-- ?10 hash of the token.
SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id, t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) WHERE t.hash = ?10 AND t.revoked_at IS NULL;
SELECT * FROM gate_run WHERE id IN (?4) AND portfolio_id IN (?3);
