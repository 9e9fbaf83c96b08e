-- Frozen: what pipeline.sql and the Node stack work on. A portfolio, one person who may do everything in it, a token,
-- and 40 ventures at stage 1, each with its stage run. bench/src/frozen.rs names the ids and the token.
INSERT INTO playbook (id, hash, name, version, files, imported_at)
VALUES ('01a1fc91-9d5e-745c-8a57-b040caaf4468', 'frozen', 'Venture stage-gate workflow', '1.0.0', '{}', now());

INSERT INTO portfolio (id, slug, name, zone, currency, playbook_id, created_at, version, listeners)
VALUES ('01a1fc91-9eec-76c8-a6e2-6f0c42e49db9', 'demo', 'Demo portfolio', 'Europe/Vienna', 'EUR',
        '01a1fc91-9d5e-745c-8a57-b040caaf4468', now(), 1, 0);

INSERT INTO person (id, handle, name, created_at)
VALUES ('01a1fc91-9f05-778a-9633-7c3e402405d5', 'demo.chairman', 'CHAIRMAN of Demo portfolio', now());

INSERT INTO member (id, portfolio_id, person_id, roles, joined_at)
VALUES ('01a1fc91-9f05-778a-9633-7c4fa1d06b23', '01a1fc91-9eec-76c8-a6e2-6f0c42e49db9',
        '01a1fc91-9f05-778a-9633-7c3e402405d5', '["CHAIRMAN"]', now());

-- A token is kept as the SHA-256 of its text, in hexadecimal digits.
INSERT INTO token (id, person_id, hash, label, created_at, hint)
VALUES ('01a1fc91-9f08-771e-aad5-85b98ed87711', '01a1fc91-9f05-778a-9633-7c3e402405d5',
        encode(sha256('venturi_frozen_yardstick'), 'hex'), 'demo CHAIRMAN', now(), 'venturi_frozen');

-- The venture of number n has the id 'a' || n and its stage run 'b' || n, n in 31 hexadecimal digits.
INSERT INTO venture (id, portfolio_id, name, description, category, zone, currency, status, stage_run_id, stage,
                     version, sequence, created_at, updated_at)
SELECT ('a' || lpad(to_hex(n), 31, '0'))::uuid, '01a1fc91-9eec-76c8-a6e2-6f0c42e49db9', 'Harbour Light',
       'Energy-saving street lights for small ports, paid from the power they save.', 'energy', 'Europe/Vienna', 'EUR',
       'ACTIVE', ('b' || lpad(to_hex(n), 31, '0'))::uuid, 1, 1, 2, now(), now()
FROM generate_series(1, 40) AS n;

INSERT INTO stage_run (id, portfolio_id, venture_id, playbook_id, stage, attempt, status, started_at, entered_at,
                       due_at)
SELECT ('b' || lpad(to_hex(n), 31, '0'))::uuid, '01a1fc91-9eec-76c8-a6e2-6f0c42e49db9',
       ('a' || lpad(to_hex(n), 31, '0'))::uuid, '01a1fc91-9d5e-745c-8a57-b040caaf4468', 1, 1, 'ACTIVE', now(), now(),
       now() + interval '10 days'
FROM generate_series(1, 40) AS n;
