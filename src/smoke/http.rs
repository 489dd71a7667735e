//! Sends the requests of a smoke test one after another, each within its time. Follows redirects itself, so that no
//! secret goes to a host it was not meant for.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
    LOCATION, PROXY_AUTHORIZATION,
};
use reqwest::{Client, Method};
use tokio::time::{Instant, timeout};
use url::Url;

use super::expectation::{self, Answered};
use super::values::{Place, Values, has_values};
use super::{cut, words};
use crate::domain::smoke_test::HttpRequest;

/// Redirects followed for one request.
const MOST_REDIRECTS: usize = 10;
/// Bytes of a body that are read.
const LARGEST_BODY: usize = 1024 * 1024;
/// Shorter than the shortest pause between two runs, so that each run makes its way to the application anew.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest address in a detail, in characters.
const LONGEST_ADDRESS: usize = 120;

/// The HTTP clients, built when they are first needed.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// Through the proxies of the environment.
    usual: OnceLock<Result<Client, String>>,
    /// For this machine, which no proxy can reach.
    loopback: OnceLock<Result<Client, String>>,
}

/// A request with its values in it.
#[derive(Clone, Debug)]
struct Outgoing {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    /// Headers that hold values of ours, which no other host may see.
    private_headers: Vec<HeaderName>,
    has_private_body: bool,
}

/// Sends all requests; the first that does not meet its expectation ends the run, and is the error.
pub(super) async fn run(clients: &Clients, requests: &[HttpRequest], values: &mut Values) -> Result<String, String> {
    if requests.is_empty() {
        return Err("the test has no request to send".to_owned());
    }
    let mut previous = None;
    for (index, request) in requests.iter().enumerate() {
        let place = match requests.len() {
            1 => String::new(),
            all => format!("request {} of {all}: ", index + 1),
        };
        match step(clients, request, values, previous.as_ref()).await {
            Ok(url) => previous = Some(url),
            Err(why) => return Err(format!("{place}{why}")),
        }
    }
    Ok(String::new())
}

/// Sends one request, checks its answer, and carries values over. The address it went to comes back.
async fn step(
    clients: &Clients,
    request: &HttpRequest,
    values: &mut Values,
    previous: Option<&Url>,
) -> Result<Url, String> {
    let outgoing = prepared(request, values, previous).map_err(|why| format!("{}: {why}", request.method))?;
    let (url, name) = (
        outgoing.url.clone(),
        format!("{} {}", outgoing.method, shown(&outgoing.url)),
    );
    let expect = &request.expect;
    let within = Duration::from_millis(expect.within_milliseconds.into());
    let follows = !expectation::expects_redirect(expect);
    let answer = timeout(within, exchange(clients, outgoing, follows))
        .await
        .unwrap_or_else(|_| Err(expectation::too_slow(expect)))
        .map_err(|why| format!("{name}: {why}"))?;
    // First, so that what the answer gives is known as a secret when the answer is quoted.
    let carried: Result<Vec<()>, String> = request
        .carry
        .iter()
        .map(|(name, how)| values.carry(name, how, &answer))
        .collect();
    match expectation::unmet(expect, &answer, |text| values.redacted(text)) {
        Some(why) => Err(format!("{name}: {why}")),
        None => carried.map(|_| url).map_err(|why| format!("{name}: {why}")),
    }
}

fn prepared(request: &HttpRequest, values: &mut Values, previous: Option<&Url>) -> Result<Outgoing, String> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| "this is no HTTP method".to_owned())?;
    let address = values.fill(&request.url, Place::Address)?;
    let url = match (Url::parse(&address), previous) {
        // What an answer gives as `Location` may be relative to it.
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(previous)) => previous.join(&address),
        (parsed, _) => parsed,
    }
    .map_err(|error| format!("its address is no URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "'{}' is no way to reach an application; use http or https",
            url.scheme()
        ));
    }
    let mut headers = HeaderMap::new();
    let mut private_headers = vec![AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];
    for (name, template) in &request.headers {
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("'{name}' is no name of a header"))?;
        let mut value = HeaderValue::from_str(&values.fill(template, Place::Plain)?)
            .map_err(|_| format!("the header '{name}' holds characters that no header has"))?;
        value.set_sensitive(true);
        if has_values(template) {
            private_headers.push(key.clone());
        }
        headers.insert(key, value);
    }
    let place = body_place(headers.get(CONTENT_TYPE));
    let body = request.body.as_deref();
    Ok(Outgoing {
        method,
        url,
        headers,
        private_headers,
        has_private_body: body.is_some_and(has_values),
        body: body.map(|template| values.fill(template, place)).transpose()?,
    })
}

/// How values are written into a body of this content type.
fn body_place(content_type: Option<&HeaderValue>) -> Place {
    let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/x-www-form-urlencoded" => Place::Form,
        json if json.ends_with("/json") || json.ends_with("+json") => Place::Json,
        _ => Place::Plain,
    }
}

/// Sends a request, and where the answer leads elsewhere, goes there.
async fn exchange(clients: &Clients, mut outgoing: Outgoing, follows: bool) -> Result<Answered, String> {
    let started = Instant::now();
    for _ in 0..=MOST_REDIRECTS {
        let response = send(clients, &outgoing).await?;
        let location = response.headers().get(LOCATION).filter(|_| follows).cloned();
        match location {
            Some(location) if is_redirect(response.status().as_u16()) => {
                outgoing = redirected(outgoing, response.status().as_u16(), &location)?;
            }
            _ => return received(response, started).await,
        }
    }
    Err(format!("is redirected more than {MOST_REDIRECTS} times"))
}

async fn send(clients: &Clients, outgoing: &Outgoing) -> Result<reqwest::Response, String> {
    let mut request = clients
        .of(&outgoing.url)?
        .request(outgoing.method.clone(), outgoing.url.clone())
        .headers(outgoing.headers.clone());
    if let Some(body) = &outgoing.body {
        request = request.body(body.clone());
    }
    request.send().await.map_err(|error| {
        let what = if error.is_connect() {
            format!("{} cannot be reached", outgoing.url.origin().ascii_serialization())
        } else {
            "no answer came".to_owned()
        };
        with_causes(&what, error)
    })
}

async fn received(mut response: reqwest::Response, started: Instant) -> Result<Answered, String> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let (mut body, mut is_cut) = (Vec::new(), false);
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| with_causes("the answer broke off", error))?
    {
        let room = LARGEST_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            is_cut = true;
            break;
        }
    }
    Ok(Answered {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        is_cut,
        took: started.elapsed(),
    })
}

/// What happened and its causes; reqwest says the reason only in the causes of its own errors.
fn with_causes(what: &str, error: reqwest::Error) -> String {
    let error = error.without_url();
    match error.source() {
        Some(cause) => format!("{what} ({})", words(cause)),
        None => format!("{what} ({error})"),
    }
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The request a redirect asks for (RFC 9110, section 15.4): 303 is always read by GET, 301 and 302 after a POST.
fn redirected(from: Outgoing, status: u16, location: &HeaderValue) -> Result<Outgoing, String> {
    let to = location
        .to_str()
        .ok()
        .and_then(|location| from.url.join(location).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or("is redirected to what is no address of a web server")?;
    let mut next = from;
    let becomes_get = match status {
        303 => next.method != Method::HEAD,
        301 | 302 => next.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        next.method = Method::GET;
        next.body = None;
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
            next.headers.remove(name);
        }
    }
    if next.url.origin() != to.origin() {
        for name in &next.private_headers {
            next.headers.remove(name);
        }
        if next.body.is_some() && next.has_private_body {
            let host = to.origin().ascii_serialization();
            return Err(format!(
                "is redirected to {host}, and its body holds values that are not meant for it"
            ));
        }
    }
    next.url = to;
    Ok(next)
}

/// An address without user, password, fragment, and values of its query.
fn shown(url: &Url) -> String {
    let mut text = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (index, pair) in url.query().unwrap_or_default().split('&').enumerate() {
        let name = pair.split_once('=').map(|(name, _)| name);
        let sign = if index == 0 { '?' } else { '&' };
        match name {
            Some(name) => write!(text, "{sign}{name}=...").expect("a String takes all text"),
            // Without a name it may be a value.
            None if !pair.is_empty() => write!(text, "{sign}...").expect("a String takes all text"),
            None => {}
        }
    }
    cut(&text, LONGEST_ADDRESS)
}

impl Clients {
    /// The client for an address.
    fn of(&self, url: &Url) -> Result<&Client, String> {
        let is_loopback = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        };
        let client = if is_loopback {
            self.loopback.get_or_init(|| built(Client::builder().no_proxy()))
        } else {
            self.usual.get_or_init(|| built(Client::builder()))
        };
        client.as_ref().map_err(Clone::clone)
    }
}

fn built(builder: reqwest::ClientBuilder) -> Result<Client, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    builder
        .user_agent(concat!("aks-cockpit/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| with_causes("no HTTP client can be made", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(method: Method, url: &str) -> Outgoing {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "x-key", "accept", "content-type"] {
            headers.insert(name, HeaderValue::from_static("v"));
        }
        Outgoing {
            method,
            url: url.parse().unwrap(),
            headers,
            body: Some("b".to_owned()),
            private_headers: vec![AUTHORIZATION, HeaderName::from_static("x-key")],
            has_private_body: true,
        }
    }

    fn go(from: Outgoing, status: u16, to: &'static str) -> Result<Outgoing, String> {
        redirected(from, status, &HeaderValue::from_static(to))
    }

    #[test]
    fn a_redirect_keeps_or_drops_its_body() {
        for (method, status, expected) in [
            (Method::POST, 301, "GET"),
            (Method::POST, 302, "GET"),
            (Method::PUT, 302, "PUT"),
            (Method::PUT, 303, "GET"),
            (Method::HEAD, 303, "HEAD"),
            (Method::POST, 307, "POST"),
            (Method::DELETE, 308, "DELETE"),
        ] {
            let next = go(outgoing(method.clone(), "https://shop.example/a/b?x=1"), status, "../c").unwrap();
            assert_eq!(next.method.as_str(), expected, "{method} {status}");
            assert_eq!(next.body.is_some(), next.method == method, "{method} {status}");
            assert_eq!(next.headers.contains_key("content-type"), next.body.is_some());
            assert_eq!(next.url.as_str(), "https://shop.example/c");
            assert!(next.headers.contains_key("authorization") && next.headers.contains_key("x-key"));
        }
    }

    #[test]
    fn another_host_sees_no_value_of_ours() {
        for to in [
            "https://other.example/",
            "http://shop.example/",
            "https://shop.example:8443/",
            "//other.example",
        ] {
            let next = go(outgoing(Method::POST, "https://shop.example/"), 303, to).unwrap();
            let names: Vec<&str> = next.headers.keys().map(HeaderName::as_str).collect();
            assert_eq!(names, ["accept"], "{to}");
            let error = go(outgoing(Method::POST, "https://shop.example/"), 307, to).unwrap_err();
            assert!(error.contains("values that are not meant for it"), "{error}");
        }
        for to in ["file:///etc/passwd", "https://"] {
            assert!(
                go(outgoing(Method::GET, "https://shop.example/"), 302, to).is_err(),
                "{to}"
            );
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (url, expected) in [
            (
                "https://bob:pw@shop.example/a?k=v&sig=x%3D&bare#f",
                "https://shop.example/a?k=...&sig=...&...",
            ),
            ("http://127.0.0.1:80/", "http://127.0.0.1/"),
            ("https://shop.example:8443/?", "https://shop.example:8443/"),
        ] {
            assert_eq!(shown(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_body_is_filled_as_its_type_needs() {
        for (text, expected) in [
            ("application/json; charset=utf-8", Place::Json),
            ("application/merge-patch+JSON", Place::Json),
            ("application/x-www-form-urlencoded", Place::Form),
            ("text/plain", Place::Plain),
        ] {
            assert_eq!(body_place(Some(&HeaderValue::from_static(text))), expected, "{text}");
        }
        assert_eq!(body_place(None), Place::Plain);
    }
}
