//! The types of event that mean something, and what their data says. It is spelled as the input of the mutation
//! of the same meaning; a field that is not known is refused, and so is one left out that is needed.

use app::{
    commands::{Attest, RecordMetricSample, SubmitEvidence},
    global_id::{self, Kind},
};
use chrono::{DateTime, Utc};
use domain::{
    evidence::{Content, Submission, Target},
    expression::Value as FactValue,
    id::Id,
    venture::Venture,
    webhook_source::Payload,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;
use uuid::Uuid;

/// What an event asks for.
#[derive(Debug)]
pub(super) enum Meant {
    Attest(Attest),
    SubmitEvidence(SubmitEvidence),
    RecordMetricSample(RecordMetricSample),
}

impl Meant {
    /// What an event of this id asks for; none when its type means nothing here. Its data may be no such: where,
    /// and why.
    pub(super) fn by(webhook_id: &str, payload: Payload) -> Result<Option<Self>, String> {
        Ok(Some(match payload.r#type.as_str() {
            "attestation.submitted" => Self::Attest(read::<Attestation>(payload.data)?.into()),
            "evidence.submitted" => Self::SubmitEvidence(read::<EvidenceSubmitted>(payload.data)?.into()),
            "metric.sample" => {
                let sample: Sample = read(payload.data)?;
                let at = sample.time.or(payload.time);
                Self::RecordMetricSample(RecordMetricSample {
                    venture_id: sample.venture_id.id(),
                    metric: sample.metric,
                    at: at.ok_or_else(|| "data: missing field `time`".to_owned())?,
                    value: sample.value,
                    key: sample.key.unwrap_or_else(|| webhook_id.to_owned()),
                })
            }
            _ => return Ok(None),
        }))
    }
}

/// Data of a type; else where it is at fault, and why.
fn read<T: DeserializeOwned>(data: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(data).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "data".to_owned() } else { format!("data.{path}") };
        format!("{path}: {}", error.inner())
    })
}

/// `metric.sample`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sample {
    venture_id: Named<{ Kind::Venture as u8 }>,
    metric: String,
    value: f64,
    time: Option<DateTime<Utc>>,
    key: Option<String>,
}

/// `evidence.submitted`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EvidenceSubmitted {
    venture_id: Named<{ Kind::Venture as u8 }>,
    evidence: Piece,
}

/// `attestation.submitted`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Attestation {
    venture_id: Named<{ Kind::Venture as u8 }>,
    target: About,
    note: Option<String>,
    #[serde(default)]
    evidence: Vec<Piece>,
    #[serde(default)]
    evidence_ids: Vec<Named<{ Kind::Evidence as u8 }>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum About {
    DoneWhen(String),
    Criterion { gate: String, criterion: String },
    Fact { name: String, value: Plain },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    title: String,
    content: PieceContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum PieceContent {
    Link(String),
    Text(String),
    FileId(Named<{ Kind::File as u8 }>),
}

/// A fact's value as JSON writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Plain {
    Flag(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Integers(Vec<i64>),
}

/// The key of a record that is named by its global id, or by the id alone.
struct Named<const KIND: u8>(Uuid);

impl<const KIND: u8> Named<KIND> {
    fn id<T>(&self) -> Id<T> {
        Id::new(self.0)
    }
}

impl<'de, const KIND: u8> Deserialize<'de> for Named<KIND> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bare = Uuid::try_parse(&text).ok();
        let global = || global_id::decode(&text).filter(|(kind, _)| *kind as u8 == KIND).map(|(_, key)| key);
        bare.or_else(global).map(Self).ok_or_else(|| D::Error::custom("no id of such a record"))
    }
}

impl From<Piece> for Submission {
    fn from(piece: Piece) -> Self {
        let content = match piece.content {
            PieceContent::Link(link) => Content::Link(link),
            PieceContent::Text(text) => Content::Text(text),
            PieceContent::FileId(file) => Content::File(file.id()),
        };
        Self { title: piece.title, content }
    }
}

impl From<EvidenceSubmitted> for SubmitEvidence {
    fn from(data: EvidenceSubmitted) -> Self {
        Self {
            root: data.venture_id.id::<Venture>().into(),
            expected_version: None,
            evidence: data.evidence.into(),
        }
    }
}

impl From<Attestation> for Attest {
    fn from(data: Attestation) -> Self {
        let (target, value) = match data.target {
            About::DoneWhen(key) => (Target::DoneWhen(key), None),
            About::Criterion { gate, criterion } => (Target::Criterion { gate, criterion }, None),
            About::Fact { name, value } => (Target::Fact(name), Some(value.into())),
        };
        Self {
            root: data.venture_id.id::<Venture>().into(),
            expected_version: None,
            target,
            value,
            note: data.note,
            evidence: data.evidence.into_iter().map(Into::into).collect(),
            cited: data.evidence_ids.iter().map(Named::id).collect(),
        }
    }
}

impl From<Plain> for FactValue {
    fn from(value: Plain) -> Self {
        match value {
            Plain::Flag(flag) => Self::Bool(flag),
            Plain::Int(number) => Self::Int(number),
            Plain::Double(number) => Self::Double(number),
            Plain::Text(text) => Self::String(text),
            Plain::Integers(list) => Self::IntList(list),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meant(r#type: &str, data: Value) -> Result<Option<Meant>, String> {
        let time = Some("2026-03-02T09:00:00Z".parse().unwrap());
        Meant::by("msg_1", Payload { r#type: r#type.to_owned(), time, data })
    }

    #[test]
    fn what_is_left_out_of_a_sample_is_the_events() {
        let id = Uuid::from_u128(7);
        for named in [id.to_string(), id.simple().to_string(), global_id::encode(Kind::Venture, id)] {
            let data = json!({ "ventureId": named, "metric": "leads", "value": 3 });
            let Ok(Some(Meant::RecordMetricSample(sample))) = meant("metric.sample", data) else {
                panic!("no sample by {named}")
            };
            assert_eq!((sample.venture_id.uuid(), sample.value, &*sample.key), (id, 3.0, "msg_1"));
            assert_eq!(sample.at.to_rfc3339(), "2026-03-02T09:00:00+00:00");
        }
    }

    #[test]
    fn a_fact_has_the_value_that_json_gives_it() {
        for (value, wanted) in [
            (json!(true), FactValue::Bool(true)),
            (json!(3), FactValue::Int(3)),
            (json!(3.5), FactValue::Double(3.5)),
            (json!("approved"), FactValue::String("approved".to_owned())),
            (json!([1, 2]), FactValue::IntList(vec![1, 2])),
        ] {
            let target = json!({ "fact": { "name": "metric.x", "value": value } });
            let data = json!({ "ventureId": Uuid::nil(), "target": target });
            let Ok(Some(Meant::Attest(attest))) = meant("attestation.submitted", data) else {
                panic!("{value}")
            };
            assert_eq!((attest.value, attest.target), (Some(wanted), Target::Fact("metric.x".to_owned())));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let id = Uuid::nil();
        let piece = json!({ "title": "Report", "content": { "link": "https://example.com/" } });
        let cases = [
            (
                "metric.sample",
                json!({ "ventureId": id, "metric": "a", "value": 1, "unit": "x" }),
                "data.unit: unknown field",
            ),
            (
                "metric.sample",
                json!({ "ventureId": id, "metric": "a", "value": "1" }),
                "data.value: invalid type",
            ),
            (
                "metric.sample",
                json!({ "ventureId": "x", "metric": "a", "value": 1 }),
                "data.ventureId: no id",
            ),
            ("metric.sample", json!({ "metric": "a", "value": 1 }), "data: missing field `ventureId`"),
            ("metric.sample", json!(null), "data: invalid type"),
            (
                "evidence.submitted",
                json!({ "ventureId": id, "evidence": { "title": "x", "content": { "url": "x" } } }),
                "data.evidence.content",
            ),
            (
                "attestation.submitted",
                json!({ "ventureId": id, "target": { "doneWhen": "x" }, "evidence": [piece, { "title": "x" }] }),
                "data.evidence[1]: missing field `content`",
            ),
            (
                "attestation.submitted",
                json!({ "ventureId": id, "target": { "doneWhen": "x", "fact": {} } }),
                "data.target",
            ),
            (
                "attestation.submitted",
                json!({ "ventureId": id, "target": { "criterion": { "gate": "g", "criterion": "c", "x": 1 } } }),
                "data.target.criterion",
            ),
        ];
        for (r#type, data, start) in cases {
            let told = meant(r#type, data.clone()).unwrap_err();
            assert!(told.starts_with(start), "{data}: {told}");
        }
        assert!(matches!(meant("nobody.knows", json!(null)), Ok(None)));
    }
}
