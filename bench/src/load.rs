//! Callers: so many at once, each asking again as soon as it is answered.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::ensure;
use reqwest::RequestBuilder;

/// How many ask at once.
pub(crate) const CALLERS: usize = 32;

/// Runs `work` for each number below `count`, [`CALLERS`] at a time.
pub(crate) async fn spread<F>(count: u32, work: impl Fn(u32) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send,
{
    let next = std::sync::Arc::new(AtomicU32::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (next, work) = (next.clone(), work.clone());
        callers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                work(number).await;
            }
        });
    }
    callers.join_all().await;
}

/// Answers per second to a request that is sent for `time`, after a fifth of that to warm up. Every answer
/// has to be as long as the first.
pub(crate) async fn rate(request: RequestBuilder, time: Duration) -> anyhow::Result<f64> {
    let length = answer(&request).await?.len();
    repeat(&request, length, time / 5).await?;
    let began = Instant::now();
    let answers = repeat(&request, length, time).await?;
    Ok(f64::from(answers) / began.elapsed().as_secs_f64())
}

/// One answer.
pub(crate) async fn answer(request: &RequestBuilder) -> anyhow::Result<Vec<u8>> {
    let request = request.try_clone().expect("a body that can be sent again");
    Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
}

async fn repeat(request: &RequestBuilder, length: usize, time: Duration) -> anyhow::Result<u32> {
    let end = Instant::now() + time;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let request = request.try_clone().expect("a body that can be sent again");
        callers.spawn(async move {
            let mut answers = 0;
            while Instant::now() < end {
                let got = answer(&request).await?;
                ensure!(got.len() == length, "another answer: {}", String::from_utf8_lossy(&got));
                answers += 1;
            }
            Ok(answers)
        });
    }
    callers.join_all().await.into_iter().sum()
}
