//! What a request costs: one number, known from its document and its variables before anything is run.
//!
//! The rules, which `docs/api.md` gives to callers: a field that gives an object costs 1, one that gives a
//! scalar nothing; a list costs what each item does, times its page size (`first` or `last`, 20 when neither
//! is given), times the number of `ids`, or times an assumed size ([`list_size`], else 10); a field of a
//! mutation costs 10 more, and so does starting a subscription; introspection costs 10, whatever it selects.
//! What is skipped costs nothing. Of fragments on several types the dearest type counts. Nothing is cheaper
//! than 1.

use std::collections::HashMap;

use app::query::page::{DEFAULT_PAGE, MAX_PAGE};
use async_graphql::{
    Name, Positioned, TypeDirective, Value, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
    registry::{MetaField, MetaType, MetaTypeName, Registry},
};

/// What a field of a mutation costs beside its payload, and a subscription beside its events.
const BASE: u64 = 10;
/// What introspection costs.
const INTROSPECTION: u64 = 10;
/// Items of a list that has neither pages nor an assumed size.
const ASSUMED_SIZE: u64 = 10;

/// Number of items that a list is assumed to have when the cost of a request is calculated. A list without pages and
/// without this directive is assumed to have 10 items.
#[TypeDirective(location = "FieldDefinition", name = "listSize")]
pub(crate) fn list_size(
    #[graphql(desc = "Assumed number of items, whatever the actual number is.")] assumed_size: u32,
) {
}

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// What it is refused by, and what callers are told: everything it does, or a subscription's start and
    /// one event.
    pub(crate) requested: u64,
    /// What its start is charged.
    pub(crate) start: u64,
    /// What each event of a subscription is charged; none for what has one answer.
    pub(crate) event: Option<u64>,
}

/// The price of the operation that is to be run; none when there is no such operation.
pub(crate) fn price(
    registry: &Registry,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Option<Price> {
    let mut operations = document.operations.iter();
    let operation = match operation_name {
        Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    let operation = &operation?.1.node;
    let root = match operation.ty {
        OperationType::Query => registry.query_type.as_str(),
        OperationType::Mutation => registry.mutation_type.as_deref()?,
        OperationType::Subscription => registry.subscription_type.as_deref()?,
    };
    let walk = Walk { registry, document, operation, variables };
    let selected = walk.selection_set(&operation.selection_set.node, root, None);
    let requested = match operation.ty {
        OperationType::Query => selected,
        OperationType::Mutation => {
            let fields = walk.root_fields(&operation.selection_set.node);
            selected.saturating_add(BASE.saturating_mul(fields))
        }
        OperationType::Subscription => selected.saturating_add(BASE),
    };
    let requested = requested.max(1);
    let subscription = operation.ty == OperationType::Subscription;
    let start = if subscription { BASE } else { requested };
    Some(Price { requested, start, event: subscription.then_some(selected.max(1)) })
}

/// Adds up one operation. Its document was measured before ([`crate::limits`]): it is small with every
/// fragment spread out, and has no cycle.
struct Walk<'d> {
    registry: &'d Registry,
    document: &'d ExecutableDocument,
    operation: &'d OperationDefinition,
    variables: &'d Variables,
}

/// A variable was given no value.
struct NoValue;

/// What is selected, under the concrete type that it is selected on, if on one alone.
type Sums<'d> = HashMap<Option<&'d str>, u64>;

impl<'d> Walk<'d> {
    /// What one object of a type costs below itself. `page` is the page size of the connection it is.
    fn selection_set(&self, set: &'d SelectionSet, on: &'d str, page: Option<u64>) -> u64 {
        let mut sums = Sums::new();
        self.gather(set, (on, None), page, &mut sums);
        let always = sums.remove(&None).unwrap_or_default();
        // An object is of one type: of several only one is met.
        always.saturating_add(sums.into_values().max().unwrap_or_default())
    }

    fn gather(
        &self,
        set: &'d SelectionSet,
        (on, of): (&'d str, Option<&'d str>),
        page: Option<u64>,
        sums: &mut Sums<'d>,
    ) {
        for selection in &set.items {
            if self.skipped(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let sum = sums.entry(of).or_default();
                    *sum = sum.saturating_add(self.field(&field.node, on, page));
                }
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let narrowed = match &inline.type_condition {
                        Some(condition) => self.narrowed((on, of), &condition.node.on.node),
                        None => (on, of),
                    };
                    self.gather(&inline.selection_set.node, narrowed, page, sums);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let fragment = &fragment.node;
                        let narrowed = self.narrowed((on, of), &fragment.type_condition.node.on.node);
                        self.gather(&fragment.selection_set.node, narrowed, page, sums);
                    }
                }
            }
        }
    }

    /// The type within a fragment, and the concrete type that alone is meant there.
    fn narrowed(&self, (on, of): (&'d str, Option<&'d str>), to: &'d str) -> (&'d str, Option<&'d str>) {
        match self.registry.types.get(to) {
            // On a type that is concrete already, everything is met.
            Some(MetaType::Object { .. }) if on != to => (to, Some(to)),
            _ => (to, of),
        }
    }

    fn field(&self, field: &'d Field, on: &str, page: Option<u64>) -> u64 {
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            return INTROSPECTION;
        }
        // What the type does not have is refused when the document is validated.
        let Some(meta) = self.registry.types.get(on).and_then(|on| on.field_by_name(name)) else { return 0 };
        let named = MetaTypeName::concrete_typename(&meta.ty);
        let Some((named, kind)) = self.registry.types.get_key_value(named) else { return 0 };
        if !kind.is_composite() {
            return 0;
        }
        let asked = self.asked(field, meta);
        let (times, page) = match MetaTypeName::create(&meta.ty).is_list() {
            true => (asked.or(page).unwrap_or_else(|| assumed(meta)), None),
            false => (1, asked),
        };
        let each = self.selection_set(&field.selection_set.node, named, page).saturating_add(1);
        times.saturating_mul(each)
    }

    /// How many items a field's arguments ask for; none when it has no argument that says.
    fn asked(&self, field: &Field, meta: &MetaField) -> Option<u64> {
        let given = |name| {
            let value = field.get_argument(name)?.node.clone();
            match value.into_const_with(|name| self.variable(&name)).ok()? {
                Value::Number(number) => number.as_u64(),
                Value::List(list) => u64::try_from(list.len()).ok(),
                _ => None,
            }
        };
        if meta.args.contains_key("first") || meta.args.contains_key("last") {
            let size = given("first").or_else(|| given("last")).unwrap_or(DEFAULT_PAGE.into());
            // More is refused by the list itself.
            return Some(size.min(MAX_PAGE.into()));
        }
        meta.args.contains_key("ids").then(|| given("ids").unwrap_or(1))
    }

    /// A variable's value: as sent, else its default.
    fn variable(&self, name: &Name) -> Result<Value, NoValue> {
        let default = || {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        };
        self.variables.get(name).or_else(default).cloned().ok_or(NoValue)
    }

    /// How many fields an operation has at its root.
    fn root_fields(&self, set: &SelectionSet) -> u64 {
        let within = |selection: &Positioned<Selection>| match &selection.node {
            _ if self.skipped(selection.node.directives()) => 0,
            Selection::Field(_) => 1,
            Selection::InlineFragment(inline) => self.root_fields(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| self.root_fields(&fragment.node.selection_set.node))
            }
        };
        set.items.iter().map(within).fold(0, u64::saturating_add)
    }

    /// Whether `@skip` or `@include` leaves a selection out.
    fn skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let leaves_out = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let Some(given) = directive.node.get_argument("if") else { return false };
            let given = given.node.clone().into_const_with(|name| self.variable(&name));
            given.is_ok_and(|given| given == Value::Boolean(leaves_out))
        })
    }
}

/// The assumed size of a list without pages.
fn assumed(meta: &MetaField) -> u64 {
    let declared = meta.directive_invocations.iter().find(|directive| directive.name == "listSize");
    match declared.and_then(|directive| directive.args.get("assumedSize")) {
        Some(Value::Number(size)) => size.as_u64().unwrap_or(ASSUMED_SIZE),
        _ => ASSUMED_SIZE,
    }
}
