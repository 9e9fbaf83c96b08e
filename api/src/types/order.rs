//! What lists are ordered by: inputs here, columns in `app`.

use app::query::{
    dead_letters, events, evidence, gate_runs, jobs, list::List, members, metric_samples, portfolios,
    stage_runs, tokens, ventures, webhook_deliveries, webhook_endpoints, webhook_events, webhook_sources,
};
use async_graphql::{Enum, InputObject};

/// An input that orders a list.
pub(crate) trait Ordering {
    /// The list.
    type List: List;

    /// What rows are ordered by, and whether the greatest comes first, if that is said.
    fn split(self) -> (<Self::List as List>::Order, Option<bool>);
}

/// In which direction.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderDirection {
    /// Smallest or earliest first.
    Asc,
    /// Greatest or latest first.
    Desc,
}

macro_rules! orders {
    ($($(#[$doc:meta])* $order:ident of $list:ty,
       $(#[$field_doc:meta])* $field:ident to $by:ty { $($(#[$value_doc:meta])* $value:ident,)* }
       $(#[$direction_doc:meta])* direction)*) => { $(
        $(#[$field_doc])*
        #[derive(Enum, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $field { $($(#[$value_doc])* $value,)* }

        $(#[$doc])*
        #[derive(InputObject)]
        pub(crate) struct $order {
            /// What they are ordered by.
            field: $field,
            $(#[$direction_doc])*
            direction: Option<OrderDirection>,
        }

        impl Ordering for $order {
            type List = $list;

            fn split(self) -> ($by, Option<bool>) {
                let by = match self.field { $($field::$value => <$by>::$value,)* };
                (by, self.direction.map(|direction| direction == OrderDirection::Desc))
            }
        }
    )* };
}

orders! {
    /// In which order ventures are listed.
    VentureOrder of ventures::Ventures,
    /// What ventures are ordered by.
    VentureOrderField to ventures::OrderBy {
        /// When they were created.
        CreatedAt,
        /// When they last changed. One that changes while the list is read moves in it.
        UpdatedAt,
        /// Their name, byte by byte.
        Name,
        /// How well they match the search, which has to be given: each word counts 4 in the name, 2 in the
        /// category and 1 in the description.
        Relevance,
    }
    /// In which direction; when not given, DESC by relevance and ASC by all else.
    direction
    /// In which order portfolios are listed.
    PortfolioOrder of portfolios::Portfolios,
    /// What portfolios are ordered by.
    PortfolioOrderField to portfolios::OrderBy {
        /// Their slug, byte by byte.
        Slug,
        /// When they were created.
        CreatedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order stage runs are listed.
    StageRunOrder of stage_runs::StageRuns,
    /// What stage runs are ordered by.
    StageRunOrderField to stage_runs::OrderBy {
        /// When they opened.
        StartedAt,
        /// When their expected days are over.
        DueAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order gate runs are listed.
    GateRunOrder of gate_runs::GateRuns,
    /// What gate runs are ordered by.
    GateRunOrderField to gate_runs::OrderBy {
        /// When they were asked for.
        RequestedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order jobs are listed.
    JobOrder of jobs::Jobs,
    /// What jobs are ordered by.
    JobOrderField to jobs::OrderBy {
        /// When they were asked for.
        QueuedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order evidence is listed.
    EvidenceOrder of evidence::Pieces,
    /// What evidence is ordered by.
    EvidenceOrderField to evidence::OrderBy {
        /// When it was submitted.
        SubmittedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order events are listed.
    VentureEventOrder of events::Events,
    /// What events are ordered by.
    VentureEventOrderField to events::OrderBy {
        /// Their number in the history.
        Sequence,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order members are listed.
    MemberOrder of members::Members,
    /// What members are ordered by.
    MemberOrderField to members::OrderBy {
        /// Their handle, byte by byte.
        Handle,
        /// When they joined.
        JoinedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order API tokens are listed.
    ApiTokenOrder of tokens::Tokens,
    /// What API tokens are ordered by.
    ApiTokenOrderField to tokens::OrderBy {
        /// When they were made.
        CreatedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order webhook endpoints are listed.
    WebhookEndpointOrder of webhook_endpoints::WebhookEndpoints,
    /// What webhook endpoints are ordered by.
    WebhookEndpointOrderField to webhook_endpoints::OrderBy {
        /// When they were made.
        CreatedAt,
        /// When they last changed. One that changes while the list is read moves in it.
        UpdatedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order webhook deliveries are listed.
    WebhookDeliveryOrder of webhook_deliveries::WebhookDeliveries,
    /// What webhook deliveries are ordered by.
    WebhookDeliveryOrderField to webhook_deliveries::OrderBy {
        /// When they were made.
        CreatedAt,
    }
    /// In which direction; DESC when not given.
    direction
    /// In which order samples are listed.
    MetricSampleOrder of metric_samples::MetricSamples,
    /// What samples are ordered by.
    MetricSampleOrderField to metric_samples::OrderBy {
        /// When they were measured.
        Time,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order webhook sources are listed.
    WebhookSourceOrder of webhook_sources::WebhookSources,
    /// What webhook sources are ordered by.
    WebhookSourceOrderField to webhook_sources::OrderBy {
        /// When they were made.
        CreatedAt,
        /// Their name, byte by byte.
        Name,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order webhook events are listed.
    WebhookEventOrder of webhook_events::WebhookEvents,
    /// What webhook events are ordered by.
    WebhookEventOrderField to webhook_events::OrderBy {
        /// When they came.
        ReceivedAt,
    }
    /// In which direction; ASC when not given.
    direction
    /// In which order dead letters are listed.
    DeadLetterOrder of dead_letters::DeadLetters,
    /// What dead letters are ordered by.
    DeadLetterOrderField to dead_letters::OrderBy {
        /// When they were parked.
        ParkedAt,
    }
    /// In which direction; ASC when not given.
    direction
}
