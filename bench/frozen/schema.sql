-- Frozen: the PostgreSQL schema as its migrations made it when this yardstick was taken, before roots, waiting rows
-- and merged statements. It never follows the migrations: what the system costs is held against what it cost then.

-- Tables.
CREATE TABLE attestation (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    stage_run_id uuid NOT NULL,
    target text NOT NULL COLLATE "C",
    value jsonb,
    by_role text NOT NULL,
    by_person_id uuid NOT NULL,
    note text,
    at timestamptz NOT NULL,
    superseded_at timestamptz
);
CREATE TABLE audit (
    id uuid NOT NULL,
    portfolio_id uuid,
    command text NOT NULL,
    actor jsonb NOT NULL,
    at timestamptz NOT NULL,
    target text NOT NULL,
    reason text,
    before jsonb,
    after jsonb,
    request_id text,
    trace_id text
);
CREATE TABLE citation (
    attestation_id uuid NOT NULL,
    evidence_id uuid NOT NULL
);
CREATE TABLE dead_letter (
    id uuid NOT NULL,
    queue text NOT NULL,
    message_id uuid NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    headers jsonb NOT NULL,
    attempts integer NOT NULL,
    reason text NOT NULL,
    portfolio_id uuid,
    parked_at timestamptz NOT NULL,
    replayed_at timestamptz,
    replayed_by_id uuid
);
CREATE TABLE due (
    sweep text NOT NULL,
    key uuid NOT NULL,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    attempt integer NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.0', autovacuum_vacuum_threshold='1000');
CREATE TABLE evidence (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    stage_run_id uuid NOT NULL,
    attestation_id uuid,
    kind text NOT NULL,
    title text NOT NULL,
    link text,
    body text,
    file_id uuid,
    by_person_id uuid NOT NULL,
    at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by_id uuid,
    withdrawn_reason text
);
CREATE TABLE file (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    bytes bytea NOT NULL,
    by_person_id uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE gate_run (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    venture_id uuid NOT NULL,
    stage_run_id uuid NOT NULL,
    stage smallint NOT NULL,
    gate text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    verdict text,
    decision jsonb,
    requested_by_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    trace_id text,
    version bigint NOT NULL
);
CREATE TABLE history (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    venture_id uuid,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    actor jsonb NOT NULL,
    body jsonb NOT NULL,
    trace_id text
);
CREATE TABLE idempotency (
    person_id uuid NOT NULL,
    key text NOT NULL COLLATE "C",
    command text NOT NULL,
    input_hash text NOT NULL,
    output jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE inbox (
    consumer text NOT NULL,
    message_id uuid NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    lease_until timestamptz
);
CREATE TABLE member (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    person_id uuid NOT NULL,
    roles jsonb NOT NULL,
    joined_at timestamptz NOT NULL
);
CREATE TABLE metric_sample (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    venture_id uuid NOT NULL,
    metric text NOT NULL COLLATE "C",
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    by_person_id uuid NOT NULL,
    key text NOT NULL COLLATE "C",
    recorded_at timestamptz NOT NULL
);
CREATE TABLE outbox (
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    kind text NOT NULL,
    queue text,
    body text NOT NULL,
    headers jsonb NOT NULL,
    attempt integer NOT NULL,
    available_at timestamptz NOT NULL,
    lease_until timestamptz
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.0', autovacuum_vacuum_threshold='1000');
CREATE TABLE person (
    id uuid NOT NULL,
    handle text NOT NULL COLLATE "C",
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    kind text DEFAULT 'PERSON'::text NOT NULL,
    email text,
    issuer text COLLATE "C",
    subject text COLLATE "C"
);
CREATE TABLE playbook (
    id uuid NOT NULL,
    hash text NOT NULL COLLATE "C",
    name text NOT NULL,
    version text NOT NULL,
    files jsonb NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE TABLE portfolio (
    id uuid NOT NULL,
    slug text NOT NULL COLLATE "C",
    name text NOT NULL,
    zone text NOT NULL,
    currency text NOT NULL,
    playbook_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    listeners integer DEFAULT 0 NOT NULL
);
CREATE TABLE stage_run (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    venture_id uuid,
    playbook_id uuid NOT NULL,
    stage smallint NOT NULL,
    attempt smallint NOT NULL,
    status text NOT NULL,
    started_at timestamptz NOT NULL,
    entered_at timestamptz,
    due_at timestamptz NOT NULL,
    late_at timestamptz,
    ended_at timestamptz
);
CREATE TABLE token (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    hash text NOT NULL COLLATE "C",
    label text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    portfolio_id uuid,
    roles jsonb,
    hint text,
    created_by_id uuid,
    last_used_at timestamptz
);
CREATE TABLE venture (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    name text NOT NULL COLLATE "C",
    description text NOT NULL,
    category text,
    zone text NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    status_reason text,
    status_since timestamptz,
    stage_run_id uuid NOT NULL,
    stage smallint NOT NULL,
    version bigint NOT NULL,
    sequence bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search tsvector GENERATED ALWAYS AS (((setweight(to_tsvector('simple'::regconfig, lower((translate(name, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, '                                '::text) COLLATE "und-x-icu"))), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, lower((translate(COALESCE(category, ''::text), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, '                                '::text) COLLATE "und-x-icu"))), 'B'::"char")) || setweight(to_tsvector('simple'::regconfig, lower((translate(description, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, '                                '::text) COLLATE "und-x-icu"))), 'C'::"char"))) STORED
);
CREATE TABLE webhook_attempt (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    took_ms integer NOT NULL,
    status integer,
    body text,
    error text
);
CREATE TABLE webhook_delivery (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C",
    status text NOT NULL COLLATE "C",
    attempts integer NOT NULL,
    tried integer NOT NULL,
    next_attempt_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE TABLE webhook_endpoint (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    url text NOT NULL,
    description text,
    event_types jsonb,
    secrets jsonb NOT NULL,
    disabled_reason text,
    disabled_at timestamptz,
    failing_since timestamptz,
    created_by_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    version bigint NOT NULL
);
CREATE TABLE webhook_event (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    source_id uuid NOT NULL,
    webhook_id text NOT NULL COLLATE "C",
    event_type text NOT NULL COLLATE "C",
    occurred_at timestamptz,
    received_at timestamptz NOT NULL,
    content_type text NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    body_hash text NOT NULL,
    status text NOT NULL COLLATE "C",
    attempts integer NOT NULL,
    handled_at timestamptz,
    code text,
    message text,
    record jsonb
);
CREATE TABLE webhook_message (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    event_id uuid,
    kind text NOT NULL COLLATE "C",
    body text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE webhook_source (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL COLLATE "C",
    description text,
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_secret_until timestamptz,
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- Keys.
ALTER TABLE attestation ADD CONSTRAINT attestation_pkey PRIMARY KEY (id);
ALTER TABLE audit ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE citation ADD CONSTRAINT citation_pkey PRIMARY KEY (attestation_id, evidence_id);
ALTER TABLE dead_letter ADD CONSTRAINT dead_letter_pkey PRIMARY KEY (id);
ALTER TABLE due ADD CONSTRAINT due_pkey PRIMARY KEY (sweep, key);
ALTER TABLE evidence ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);
ALTER TABLE file ADD CONSTRAINT file_pkey PRIMARY KEY (id);
ALTER TABLE gate_run ADD CONSTRAINT gate_run_pkey PRIMARY KEY (id);
ALTER TABLE history ADD CONSTRAINT history_pkey PRIMARY KEY (id);
ALTER TABLE idempotency ADD CONSTRAINT idempotency_pkey PRIMARY KEY (person_id, key);
ALTER TABLE inbox ADD CONSTRAINT inbox_pkey PRIMARY KEY (consumer, message_id);
ALTER TABLE member ADD CONSTRAINT member_pkey PRIMARY KEY (id);
ALTER TABLE metric_sample ADD CONSTRAINT metric_sample_pkey PRIMARY KEY (id);
ALTER TABLE outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE person ADD CONSTRAINT person_pkey PRIMARY KEY (id);
ALTER TABLE playbook ADD CONSTRAINT playbook_pkey PRIMARY KEY (id);
ALTER TABLE portfolio ADD CONSTRAINT portfolio_pkey PRIMARY KEY (id);
ALTER TABLE stage_run ADD CONSTRAINT stage_run_pkey PRIMARY KEY (id);
ALTER TABLE token ADD CONSTRAINT token_pkey PRIMARY KEY (id);
ALTER TABLE venture ADD CONSTRAINT venture_pkey PRIMARY KEY (id);
ALTER TABLE webhook_attempt ADD CONSTRAINT webhook_attempt_pkey PRIMARY KEY (id);
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (id);
ALTER TABLE webhook_event ADD CONSTRAINT webhook_event_pkey PRIMARY KEY (id);
ALTER TABLE webhook_message ADD CONSTRAINT webhook_message_pkey PRIMARY KEY (id);
ALTER TABLE webhook_source ADD CONSTRAINT webhook_source_pkey PRIMARY KEY (id);

-- Indexes.
CREATE INDEX index_attestation_stage_run_id_target ON attestation (stage_run_id, target);
CREATE INDEX index_audit_portfolio_id_at ON audit (portfolio_id, at);
CREATE INDEX index_citation_evidence_id ON citation (evidence_id);
CREATE INDEX index_dead_letter_portfolio_id_replayed_at_parked_at ON dead_letter (portfolio_id, replayed_at, parked_at);
CREATE INDEX index_due_sweep_due_at ON due (sweep, due_at);
CREATE INDEX index_evidence_attestation_id ON evidence (attestation_id);
CREATE INDEX index_evidence_stage_run_id ON evidence (stage_run_id);
CREATE INDEX index_gate_run_portfolio_id_requested_at_id ON gate_run (portfolio_id, requested_at, id);
CREATE INDEX index_gate_run_stage_run_id_gate_requested_at ON gate_run (stage_run_id, gate, requested_at);
CREATE INDEX index_gate_run_venture_id_requested_at_id ON gate_run (venture_id, requested_at, id);
CREATE INDEX index_history_portfolio_id_at_id ON history (portfolio_id, at, id);
CREATE INDEX index_idempotency_at ON idempotency (at);
CREATE INDEX index_inbox_at ON inbox (at);
CREATE INDEX index_member_person_id ON member (person_id);
CREATE INDEX index_metric_sample_at ON metric_sample (venture_id, metric, at, id);
CREATE INDEX index_metric_sample_venture_id ON metric_sample (venture_id, at, id);
CREATE INDEX index_outbox_available_at_id ON outbox (available_at, id);
CREATE INDEX index_stage_run_portfolio_id_started_at_id ON stage_run (portfolio_id, started_at, id);
CREATE INDEX index_token_person_id ON token (person_id, created_at, id);
CREATE INDEX index_token_portfolio_id ON token (portfolio_id, created_at, id) WHERE (portfolio_id IS NOT NULL);
CREATE INDEX index_venture_portfolio_id_created_at_id ON venture (portfolio_id, created_at, id);
CREATE INDEX index_venture_portfolio_id_name_id ON venture (portfolio_id, name, id);
CREATE INDEX index_venture_portfolio_id_status ON venture (portfolio_id, status);
CREATE INDEX index_venture_search ON venture USING gin (search);
CREATE INDEX index_webhook_delivery_ended_at ON webhook_delivery (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX index_webhook_delivery_endpoint_id ON webhook_delivery (endpoint_id, created_at, id);
CREATE INDEX index_webhook_delivery_pending ON webhook_delivery (endpoint_id) WHERE (status = 'PENDING'::text);
CREATE INDEX index_webhook_endpoint_portfolio_id ON webhook_endpoint (portfolio_id, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX index_webhook_event_received_at ON webhook_event (source_id, received_at, id);
CREATE INDEX index_webhook_source_portfolio_id ON webhook_source (portfolio_id, created_at, id);
CREATE UNIQUE INDEX unique_attestation_current ON attestation (stage_run_id, target) WHERE (superseded_at IS NULL);
CREATE UNIQUE INDEX unique_dead_letter_waiting ON dead_letter (queue, message_id) WHERE (replayed_at IS NULL);
CREATE UNIQUE INDEX unique_history_venture_id_sequence ON history (venture_id, sequence) WHERE (venture_id IS NOT NULL);
CREATE UNIQUE INDEX unique_member_portfolio_id_person_id ON member (portfolio_id, person_id);
CREATE UNIQUE INDEX unique_metric_sample_key ON metric_sample (by_person_id, key);
CREATE UNIQUE INDEX unique_outbox_retry ON outbox (message_id, queue, attempt) WHERE (queue IS NOT NULL);
CREATE UNIQUE INDEX unique_person_handle ON person (handle);
CREATE UNIQUE INDEX unique_person_issuer_subject ON person (issuer, subject) WHERE (subject IS NOT NULL);
CREATE UNIQUE INDEX unique_playbook_hash ON playbook (hash);
CREATE UNIQUE INDEX unique_portfolio_slug ON portfolio (slug);
CREATE UNIQUE INDEX unique_stage_run_venture_id_stage_attempt ON stage_run (venture_id, stage, attempt);
CREATE UNIQUE INDEX unique_token_hash ON token (hash);
CREATE UNIQUE INDEX unique_webhook_attempt_delivery_id_number ON webhook_attempt (delivery_id, number);
CREATE UNIQUE INDEX unique_webhook_delivery_message_id_endpoint_id ON webhook_delivery (message_id, endpoint_id);
CREATE UNIQUE INDEX unique_webhook_event_webhook_id ON webhook_event (source_id, webhook_id);
CREATE UNIQUE INDEX unique_webhook_message_event_id ON webhook_message (event_id) WHERE (event_id IS NOT NULL);
CREATE UNIQUE INDEX unique_webhook_source_person_id ON webhook_source (person_id);

-- References.
ALTER TABLE attestation ADD CONSTRAINT foreign_attestation_stage_run_id FOREIGN KEY (stage_run_id) REFERENCES stage_run(id);
ALTER TABLE citation ADD CONSTRAINT foreign_citation_attestation_id FOREIGN KEY (attestation_id) REFERENCES attestation(id);
ALTER TABLE citation ADD CONSTRAINT foreign_citation_evidence_id FOREIGN KEY (evidence_id) REFERENCES evidence(id);
ALTER TABLE evidence ADD CONSTRAINT foreign_evidence_attestation_id FOREIGN KEY (attestation_id) REFERENCES attestation(id);
ALTER TABLE file ADD CONSTRAINT foreign_file_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE gate_run ADD CONSTRAINT foreign_gate_run_stage_run_id FOREIGN KEY (stage_run_id) REFERENCES stage_run(id);
ALTER TABLE gate_run ADD CONSTRAINT foreign_gate_run_venture_id FOREIGN KEY (venture_id) REFERENCES venture(id);
ALTER TABLE history ADD CONSTRAINT foreign_history_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE member ADD CONSTRAINT foreign_member_person_id FOREIGN KEY (person_id) REFERENCES person(id);
ALTER TABLE member ADD CONSTRAINT foreign_member_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE metric_sample ADD CONSTRAINT foreign_metric_sample_by_person_id FOREIGN KEY (by_person_id) REFERENCES person(id);
ALTER TABLE metric_sample ADD CONSTRAINT foreign_metric_sample_venture_id FOREIGN KEY (venture_id) REFERENCES venture(id);
ALTER TABLE portfolio ADD CONSTRAINT foreign_portfolio_playbook_id FOREIGN KEY (playbook_id) REFERENCES playbook(id);
ALTER TABLE stage_run ADD CONSTRAINT foreign_stage_run_playbook_id FOREIGN KEY (playbook_id) REFERENCES playbook(id);
ALTER TABLE stage_run ADD CONSTRAINT foreign_stage_run_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE token ADD CONSTRAINT foreign_token_person_id FOREIGN KEY (person_id) REFERENCES person(id);
ALTER TABLE venture ADD CONSTRAINT foreign_venture_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE webhook_attempt ADD CONSTRAINT foreign_webhook_attempt_delivery_id FOREIGN KEY (delivery_id) REFERENCES webhook_delivery(id);
ALTER TABLE webhook_attempt ADD CONSTRAINT foreign_webhook_attempt_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE webhook_delivery ADD CONSTRAINT foreign_webhook_delivery_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint(id);
ALTER TABLE webhook_delivery ADD CONSTRAINT foreign_webhook_delivery_message_id FOREIGN KEY (message_id) REFERENCES webhook_message(id);
ALTER TABLE webhook_delivery ADD CONSTRAINT foreign_webhook_delivery_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE webhook_endpoint ADD CONSTRAINT foreign_webhook_endpoint_created_by_id FOREIGN KEY (created_by_id) REFERENCES person(id);
ALTER TABLE webhook_endpoint ADD CONSTRAINT foreign_webhook_endpoint_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE webhook_event ADD CONSTRAINT foreign_webhook_event_source_id FOREIGN KEY (source_id) REFERENCES webhook_source(id);
ALTER TABLE webhook_message ADD CONSTRAINT foreign_webhook_message_event_id FOREIGN KEY (event_id) REFERENCES history(id);
ALTER TABLE webhook_message ADD CONSTRAINT foreign_webhook_message_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE webhook_source ADD CONSTRAINT foreign_webhook_source_person_id FOREIGN KEY (person_id) REFERENCES person(id);
ALTER TABLE webhook_source ADD CONSTRAINT foreign_webhook_source_portfolio_id FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
ALTER TABLE token ADD CONSTRAINT token_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES person(id);
ALTER TABLE token ADD CONSTRAINT token_portfolio_id_fkey FOREIGN KEY (portfolio_id) REFERENCES portfolio(id);
