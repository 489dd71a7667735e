//! `/metrics` of the API server: a page of many megabytes of which a handful of lines is used. Read line by line, and
//! more than once, because each replica behind the address tells of itself only.

mod page;

use std::time::Duration;

use futures::future::join_all;
use futures::{AsyncBufReadExt as _, AsyncReadExt as _};

pub(super) use page::Figures;

use super::reader::Reader;
use super::unread;
use crate::domain::survey::{Reading, Unread};
use crate::kubernetes::error::{KubernetesError, chain};

const RIGHT: &str = "get /metrics";
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// A page that goes on after this is none.
const LONGEST_PAGE: u64 = 512 * 1024 * 1024;

/// Reads the page so many times at once and puts together what the replicas say.
///
/// Requests at the same time go over connections of their own, which a load balancer spreads over the replicas.
pub(super) async fn figures(reader: &Reader<'_>, looks: usize) -> Reading<Figures> {
    let pages = join_all((0..looks.max(1)).map(|_| page(reader))).await;
    let mut merged: Option<Figures> = None;
    let mut trouble = None;
    for page in pages {
        match (page, &mut merged) {
            (Ok(page), Some(merged)) => merged.merge(page),
            (Ok(page), None) => merged = Some(page),
            (Err(unread), _) => trouble = Some(unread),
        }
    }
    merged.ok_or_else(|| {
        trouble.unwrap_or_else(|| Unread::Failed {
            why: "nobody asked for the metrics".to_owned(),
        })
    })
}

async fn page(reader: &Reader<'_>) -> Reading<Figures> {
    let server = reader.client.server();
    let _permit = reader.permit().await;
    tokio::time::timeout(ANSWER_WITHIN, read(reader))
        .await
        .unwrap_or_else(|_| {
            Err(Unread::Failed {
                why: format!("{server} did not send its metrics in {} s", ANSWER_WITHIN.as_secs()),
            })
        })
}

async fn read(reader: &Reader<'_>) -> Reading<Figures> {
    let request = http::Request::get("/metrics")
        .header(http::header::ACCEPT, "text/plain")
        .body(Vec::new())
        .expect("a constant path makes a request");
    let stream = reader
        .client
        .inner
        .request_stream(request)
        .await
        .map_err(|error| unread(&KubernetesError::from_kube(reader.client.server(), RIGHT, error)))?;
    let mut stream = std::pin::pin!(stream.take(LONGEST_PAGE));
    let mut figures = Figures::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = stream
            .read_until(b'\n', &mut line)
            .await
            .map_err(|error| Unread::Failed {
                why: format!("the metrics broke off: {}", chain(&error)),
            })?;
        if length == 0 {
            return figures.is_any().then_some(figures).ok_or_else(|| Unread::Failed {
                why: "what /metrics answers are not the metrics of an API server".to_owned(),
            });
        }
        figures.note(&line);
    }
}
