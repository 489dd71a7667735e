//! A notice as each receiver understands it. Texts from outside only go where no markup is read, so that a cluster's or
//! a pod's name can neither ping a channel nor make a link.

use serde_json::{Value, json};

use super::notice::{Notice, NoticeKind, cut};
use super::settings::Shape;
use crate::domain::ids::ExecutionId;

/// The body of a webhook's request.
pub fn payload(notice: &Notice, shape: Shape) -> Value {
    match shape {
        Shape::Json => plain(notice),
        Shape::Slack => slack(notice),
        Shape::Teams => teams(notice),
    }
}

/// `aks-cockpit/notice/v1`: for scripts; described in `docs/formats.md`.
fn plain(notice: &Notice) -> Value {
    json!({
        "schema": "aks-cockpit/notice/v1",
        "key": notice.key,
        "kind": notice.kind.as_str(),
        "at": notice.at,
        "title": notice.title,
        "detail": notice.detail,
        "do": notice.todo,
        "cluster": notice.cluster.as_ref().map(|id| json!({"id": id.as_str(), "name": notice.cluster_name()})),
        "execution": notice.execution.as_ref().map(ExecutionId::as_str),
    })
}

/// Blocks with a text for notifications (Slack docs "Sending messages using incoming webhooks" and "Header block",
/// 2026: a header has at most 150 characters, a section 3,000). `plain_text` is never read as markup; the text for
/// notifications is, so it is escaped.
fn slack(notice: &Notice) -> Value {
    let text = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let header = cut(&format!("{} {}", symbol(notice.kind), notice.title), 140);
    let mut blocks = vec![json!({"type": "header", "text": text(&header)})];
    let told = [&notice.detail, &notice.todo];
    blocks.extend(
        told.into_iter()
            .flatten()
            .map(|words| json!({"type": "section", "text": text(words)})),
    );
    let context: Vec<Value> = facts(notice)
        .into_iter()
        .map(|(name, value)| text(&format!("{name}: {value}")))
        .collect();
    blocks.push(json!({"type": "context", "elements": context}));
    let escaped = notice
        .title
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    json!({"text": escaped, "blocks": blocks})
}

/// An adaptive card in a message, as the workflow "Post to a channel when a webhook request is received" takes it
/// (Microsoft Learn "Create incoming webhooks with Workflows for Microsoft Teams", 2026). `RichTextBlock` reads no
/// Markdown.
fn teams(notice: &Notice) -> Value {
    let block = |text: &str, weight: &str, colour: &str| {
        json!({
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": text, "weight": weight, "color": colour}],
        })
    };
    let colour = match notice.kind {
        NoticeKind::Failed => "attention",
        NoticeKind::Blocked | NoticeKind::Waiting => "warning",
        NoticeKind::Done => "good",
    };
    let title = format!("{} {}", symbol(notice.kind), notice.title);
    let mut body = vec![block(&title, "bolder", colour)];
    let told = [&notice.detail, &notice.todo];
    body.extend(
        told.into_iter()
            .flatten()
            .map(|words| block(words, "default", "default")),
    );
    body.extend(
        facts(notice)
            .into_iter()
            .map(|(name, value)| block(&format!("{name}: {value}"), "lighter", "default")),
    );
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": body,
            },
        }],
    })
}

fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![("state", notice.kind.as_str().to_owned())];
    if notice.cluster.is_some() {
        facts.push(("cluster", notice.cluster_name()));
    }
    facts.extend(notice.execution.as_ref().map(|id| ("execution", id.to_string())));
    facts.push(("at", notice.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()));
    facts
}

fn symbol(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Failed => "✖",
        NoticeKind::Blocked => "▲",
        NoticeKind::Waiting => "‖",
        NoticeKind::Done => "✓",
    }
}

#[cfg(test)]
mod tests {
    use super::super::notice::test_notice;
    use super::*;
    use crate::domain::ids::ClusterId;

    fn failed() -> Notice {
        Notice {
            key: "k3v9/failed/1800000000".to_owned(),
            kind: NoticeKind::Failed,
            title: "<!channel> shop-prod: the upgrade failed".to_owned(),
            detail: Some("QuotaExceeded: [click](http://evil) *now*".to_owned()),
            todo: Some("aks-cockpit retry k3v9".to_owned()),
            cluster: Some(ClusterId::from_parts("sub", "rg", "shop-prod")),
            execution: Some(ExecutionId::new("k3v9")),
            ..test_notice("2026-11-23T09:00:00Z".parse().unwrap())
        }
    }

    #[test]
    fn plain_json_has_every_field() {
        let body = payload(&failed(), Shape::Json);
        assert_eq!(body["schema"], "aks-cockpit/notice/v1");
        assert_eq!(body["kind"], "failed");
        assert_eq!(body["at"], "2026-11-23T09:00:00Z");
        assert_eq!(body["cluster"]["name"], "shop-prod");
        assert_eq!(body["execution"], "k3v9");
        let test = payload(&test_notice(failed().at), Shape::Json);
        assert!(test["cluster"].is_null() && test["execution"].is_null());
    }

    #[test]
    fn slack_reads_no_markup_in_it() {
        let body = payload(&failed(), Shape::Slack);
        assert_eq!(body["text"], "&lt;!channel&gt; shop-prod: the upgrade failed");
        let blocks = body["blocks"].as_array().unwrap();
        let kinds: Vec<&str> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["header", "section", "section", "context"]);
        assert!(!body.to_string().contains("mrkdwn"));
        assert_eq!(blocks[3]["elements"][1]["text"], "cluster: shop-prod");
    }

    #[test]
    fn teams_gets_a_card_without_markdown() {
        let body = payload(&failed(), Shape::Teams);
        let attachment = &body["attachments"][0];
        assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
        let card = &attachment["content"];
        assert_eq!(
            (card["type"].as_str(), card["version"].as_str()),
            (Some("AdaptiveCard"), Some("1.4"))
        );
        let blocks = card["body"].as_array().unwrap();
        assert!(blocks.iter().all(|block| block["type"] == "RichTextBlock"));
        assert_eq!(blocks[0]["inlines"][0]["color"], "attention");
        assert!(body.to_string().len() < 28_000, "the limit of Teams");
    }
}
