"""Webhooks in: what PyPI `standardwebhooks` signs is taken, and what was changed since is not.

VENTURI_URL          where it listens, such as http://127.0.0.1:8080
VENTURI_ADMIN_TOKEN  a token of an ADMIN of the portfolio `demo`
"""

import json
import os
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from standardwebhooks import Webhook

BASE = os.environ.get("VENTURI_URL", "http://127.0.0.1:8080")


def post(path, headers, body):
    """The status and the JSON of an answer."""
    request = urllib.request.Request(BASE + path, body.encode(), {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def ask(query, variables=None):
    headers = {"authorization": f"Bearer {os.environ['VENTURI_ADMIN_TOKEN']}"}
    status, answer = post("/graphql", headers, json.dumps({"query": query, "variables": variables}))
    assert status == 200 and "errors" not in answer, answer
    return answer["data"]


def send(source, secret, id, body, at=None, changed_body=None):
    at = at or datetime.now(timezone.utc)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body),
    }
    return post(source["path"], headers, changed_body or body)


class WebhooksIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        portfolio = ask('{ portfolio(slug: "demo") { id } }')["portfolio"]["id"]
        made = ask(
            "mutation($input: CreateWebhookSourceInput!) { createWebhookSource(input: $input) {"
            " secret webhookSource { id path } userErrors { message } } }",
            {"input": {"portfolioId": portfolio, "name": "Conformance in Python"}},
        )["createWebhookSource"]
        cls.source, cls.secret = made["webhookSource"], made["secret"]
        now = datetime.now(timezone.utc).isoformat()
        cls.body = json.dumps({"type": "conformance.checked", "timestamp": now, "data": {"number": 1}})

    def test_what_is_signed_is_kept_once(self):
        status, first = send(self.source, self.secret, "msg_1", self.body)
        self.assertEqual((status, first["duplicate"]), (202, False))
        again = send(self.source, self.secret, "msg_1", self.body)
        self.assertEqual(again, (200, {"id": first["id"], "duplicate": True}))

    def test_what_was_changed_is_refused(self):
        other = "whsec_" + "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc="
        old = datetime.now(timezone.utc) - timedelta(seconds=301)
        for refused in [
            send(self.source, other, "msg_2", self.body),
            send(self.source, self.secret, "msg_2", self.body, changed_body=self.body.replace("1}", "2}")),
            send(self.source, self.secret, "msg_2", self.body, at=old),
        ]:
            self.assertEqual((refused[0], refused[1]["code"]), (401, "WEBHOOK_NOT_VERIFIED"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
