-- Frozen: what a page of ventures shows besides. Four attestations of each stage run, and six decided gate runs of each
-- venture, two for each gate; the page asks for the latest five.
INSERT INTO attestation (id, portfolio_id, stage_run_id, target, by_role, by_person_id, note, at)
SELECT ('c' || lpad(to_hex(number * 4 + label.place), 31, '0'))::uuid, portfolio_id, id, label.target, 'CHAIRMAN',
       '01a1fc91-9f05-778a-9633-7c3e402405d5', 'Seen and written down.', now() + label.place * interval '1 second'
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM stage_run) AS run,
     (VALUES (0, 'done_when:title-captured'), (1, 'done_when:description-written'), (2, 'done_when:category-selected'),
             (3, 'done_when:key-assumptions-documented')) AS label (place, target);

INSERT INTO gate_run (id, portfolio_id, venture_id, stage_run_id, stage, gate, kind, status, verdict, decision,
                      requested_by_id, requested_at, decided_at, decided_by, trace_id, version)
SELECT ('d' || lpad(to_hex(number * 6 + gate.place), 31, '0'))::uuid, portfolio_id, venture_id, id, 1, gate.key, 'EXIT',
       'SUCCEEDED', 'PASS',
       jsonb_build_object('least', '[]'::jsonb, 'failure', NULL, 'verdict', 'PASS', 'criteria', jsonb_build_array(
           jsonb_build_object('key', gate.criterion, 'seen', 'venture.name = "Harbour Light"', 'label',
               'Title has 3 to 120 characters', 'reason', NULL, 'wanted',
               'size(venture.name) >= 3 && size(venture.name) <= 120', 'verdict', 'PASS', 'evidence', '[]'::jsonb,
               'looked_at', '["venture.name"]'::jsonb, 'age_seconds', 0, 'observed_at', '2026-01-01'))),
       '01a1fc91-9f05-778a-9633-7c3e402405d5', now() + gate.place * interval '1 second',
       now() + gate.place * interval '1 second', 'gate-validator', '6912230f3c1297cb1d3d4a6357c7ab94', 2
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM stage_run) AS run,
     (VALUES (0, 'title-validated', 'title-length'), (1, 'description-validated', 'description-length'),
             (2, 'category-assigned', 'category-set'), (3, 'title-validated', 'title-length'),
             (4, 'description-validated', 'description-length'), (5, 'category-assigned', 'category-set'))
         AS gate (place, key, criterion);
