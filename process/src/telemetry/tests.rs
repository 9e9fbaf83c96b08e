//! Trace ids with and without an exporter, the ids in JSON lines, what settings are refused, and that a
//! collector receives what was left when the guard goes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

#[derive(Parser)]
struct Sample {
    #[command(flatten)]
    telemetry: Settings,
}

fn settings(arguments: &[&str]) -> Result<Settings, clap::Error> {
    Sample::try_parse_from(["sample"].iter().chain(arguments)).map(|sample| sample.telemetry)
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn spans_have_a_trace_id_without_any_exporter_and_share_it_with_their_children() {
    let _default = tracing::subscriber::set_default(silent());
    assert_eq!(trace_id(), None);
    let (outer, inner) = tracing::info_span!("outer").in_scope(|| {
        let outer = trace_id().unwrap();
        (outer, tracing::info_span!("inner").in_scope(trace_id).unwrap())
    });
    assert_eq!(outer, inner);
    assert_eq!(outer.len(), 32);
    assert_ne!(outer, "0".repeat(32));
    assert_ne!(Some(outer), tracing::info_span!("another").in_scope(trace_id));
}

#[test]
fn json_lines_carry_the_ids_inside_a_span_and_stay_valid_outside() {
    let captured = Captured::default();
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(captured.clone());
    let fields = tracing_subscriber::fmt::format::JsonFields::new();
    let subscriber = Registry::default()
        .with(spans(SdkTracerProvider::builder().build().tracer("test")))
        .with(layer.fmt_fields(fields).event_format(lines::Json::new()));
    let _default = tracing::subscriber::set_default(subscriber);

    tracing::info!("outside");
    let expected = tracing::info_span!("request", venture = 7).in_scope(|| {
        tracing::warn!(attempt = 2, "inside");
        trace_id().unwrap()
    });

    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].get("trace_id").is_none());
    assert_eq!(lines[0]["message"], "outside");
    assert_eq!(lines[1]["trace_id"], expected);
    assert_eq!(lines[1]["span_id"].as_str().unwrap().len(), 16);
    assert_eq!(lines[1]["attempt"], 2);
    assert_eq!(lines[1]["span"]["venture"], 7);
}

#[test]
fn settings_have_defaults_and_refuse_what_could_not_work() {
    let defaults = settings(&["--log-format", "json"]).unwrap();
    assert_eq!((defaults.log.as_str(), defaults.log_format), ("info", Format::Json));
    assert!(settings(&["--log", "venturi=loud"]).is_err());
    assert!(settings(&["--log-format", "xml"]).is_err());
    assert!(settings(&["--otlp-endpoint", "https://collector:4318"]).is_err());
    assert!(settings(&["--otlp-endpoint", "collector"]).is_err());
}

/// Answers one HTTP request with 200 and sends on its head and as much of its body as came with it.
fn one_request(listener: TcpListener, seen: mpsc::Sender<String>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut bytes = [0; 16 * 1024];
    let read = stream.read(&mut bytes).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    seen.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_guard_sends_what_is_left_and_the_log_filter_narrows_no_spans() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let (sent, seen) = mpsc::channel();
    std::thread::spawn(move || one_request(listener, sent));

    let settings = settings(&["--log", "off", "--otlp-endpoint", &endpoint]).unwrap();
    let guard = init("sample", &settings).unwrap();
    let id = tracing::info_span!("request").in_scope(trace_id);
    assert!(id.is_some());
    assert!(guard.metrics().render().is_ascii());
    assert!(matches!(init("sample", &settings), Err(Error::Installed(_))));
    drop(guard);

    let request = seen.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("content-type: application/x-protobuf"), "{request}");
}
