//! Every index: plain ones as data, those over some of the rows as SQL that both databases take.

/// `(table, columns, unique)`.
pub(super) const PLAIN: &[(&str, &[&str], bool)] = &[
    ("playbook", &["hash"], true),
    ("portfolio", &["slug"], true),
    ("person", &["handle"], true),
    ("member", &["portfolio_id", "person_id"], true),
    ("member", &["person_id"], false),
    ("token", &["hash"], true),
    ("venture", &["portfolio_id", "created_at", "id"], false),
    ("venture", &["portfolio_id", "name", "id"], false),
    ("venture", &["portfolio_id", "status"], false),
    ("stage_run", &["venture_id", "stage", "attempt"], true),
    ("stage_run", &["portfolio_id", "started_at", "id"], false),
    ("attestation", &["stage_run_id", "target"], false),
    ("evidence", &["attestation_id"], false),
    ("evidence", &["stage_run_id"], false),
    ("gate_run", &["stage_run_id", "gate", "requested_at"], false),
    ("gate_run", &["venture_id", "requested_at", "id"], false),
    ("gate_run", &["portfolio_id", "requested_at", "id"], false),
    ("history", &["root_id", "sequence"], true),
    ("history", &["portfolio_id", "at", "id"], false),
    ("audit", &["portfolio_id", "at"], false),
    ("idempotency", &["at"], false),
    ("outbox", &["available_at", "id"], false),
    ("inbox", &["at"], false),
    ("dead_letter", &["portfolio_id", "replayed_at", "parked_at"], false),
    ("due", &["sweep", "due_at"], false),
];

/// Indexes with a condition or a name of their own.
pub(super) const CONDITIONAL: &[&str] = &[
    // The same failed attempt, recorded by two deliveries of one message, is one retry.
    "CREATE UNIQUE INDEX unique_outbox_retry ON outbox (message_id, queue, attempt) WHERE queue IS NOT NULL",
    // A message is parked once, until it is replayed.
    "CREATE UNIQUE INDEX unique_dead_letter_waiting ON dead_letter (queue, message_id) \
     WHERE replayed_at IS NULL",
    // What holds now, of each label.
    "CREATE UNIQUE INDEX unique_attestation_current ON attestation (stage_run_id, target) \
     WHERE superseded_at IS NULL",
    // A portfolio takes one stage run at a time, and counts its attempts by itself.
    "CREATE UNIQUE INDEX unique_stage_run_portfolio_open ON stage_run (portfolio_id) \
     WHERE venture_id IS NULL AND status IN ('ENTERING', 'ACTIVE')",
    "CREATE UNIQUE INDEX unique_stage_run_portfolio_attempt ON stage_run (portfolio_id, stage, attempt) \
     WHERE venture_id IS NULL",
    "CREATE INDEX index_gate_run_portfolio_own ON gate_run (portfolio_id, requested_at, id) WHERE venture_id IS NULL",
    "CREATE INDEX index_evidence_venture_id ON evidence (venture_id, at, id)",
    // A thing waits once for a role. A page reads the rows of one role in their order.
    "CREATE UNIQUE INDEX unique_waiting_thing_role ON waiting (thing_id, role)",
    "CREATE INDEX index_waiting_role ON waiting (portfolio_id, role, due_at, thing_id)",
    "CREATE INDEX index_waiting_owned ON waiting (portfolio_id, role, due_at, thing_id) WHERE owned",
    "CREATE INDEX index_waiting_venture_id ON waiting (venture_id) WHERE venture_id IS NOT NULL",
    "CREATE INDEX index_stage_count_portfolio_id ON stage_count (portfolio_id, stage, status)",
    "CREATE UNIQUE INDEX unique_person_issuer_subject ON person (issuer, subject) WHERE subject IS NOT NULL",
    "CREATE INDEX index_token_person_id ON token (person_id, created_at, id)",
    "CREATE INDEX index_token_portfolio_id ON token (portfolio_id, created_at, id) \
     WHERE portfolio_id IS NOT NULL",
    "CREATE INDEX index_webhook_endpoint_portfolio_id ON webhook_endpoint (portfolio_id, created_at, id) \
     WHERE deleted_at IS NULL",
    // An event is one message, a message one delivery to an endpoint, and an attempt is recorded once.
    "CREATE UNIQUE INDEX unique_webhook_message_event_id ON webhook_message (event_id) \
     WHERE event_id IS NOT NULL",
    "CREATE UNIQUE INDEX unique_webhook_delivery_message_id_endpoint_id \
     ON webhook_delivery (message_id, endpoint_id)",
    "CREATE UNIQUE INDEX unique_webhook_attempt_delivery_id_number ON webhook_attempt (delivery_id, number)",
    "CREATE INDEX index_webhook_delivery_endpoint_id ON webhook_delivery (endpoint_id, created_at, id)",
    "CREATE INDEX index_webhook_delivery_pending ON webhook_delivery (endpoint_id) WHERE status = 'PENDING'",
    "CREATE INDEX index_webhook_delivery_ended_at ON webhook_delivery (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX index_citation_evidence_id ON citation (evidence_id)",
    "CREATE INDEX index_webhook_source_portfolio_id ON webhook_source (portfolio_id, created_at, id)",
    "CREATE UNIQUE INDEX unique_webhook_source_person_id ON webhook_source (person_id)",
    // The same event, sent again: kept once.
    "CREATE UNIQUE INDEX unique_webhook_event_webhook_id ON webhook_event (source_id, webhook_id)",
    "CREATE INDEX index_webhook_event_received_at ON webhook_event (source_id, received_at, id)",
    "CREATE UNIQUE INDEX unique_metric_sample_key ON metric_sample (by_person_id, key)",
    "CREATE INDEX index_metric_sample_at ON metric_sample (venture_id, metric, at, id)",
    "CREATE INDEX index_metric_sample_venture_id ON metric_sample (venture_id, at, id)",
];
