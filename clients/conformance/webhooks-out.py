"""Webhooks out: what a started server sends, verified by PyPI `standardwebhooks` as a receiver would.

Told VENTURI_URL and VENTURI_ADMIN_TOKEN; the server has to be allowed to call 127.0.0.1 over HTTP.
"""

import base64
import json
import os
import queue
import threading
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PATIENCE_S = 30
arrived = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Takes everything, and hands it over one by one."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        arrived.put(({name.lower(): value for name, value in self.headers.items()}, body.decode()))

    def log_message(self, *_):
        pass


def ask(query, variables=None):
    request = urllib.request.Request(
        os.environ["VENTURI_URL"] + "/graphql",
        data=json.dumps({"query": query, "variables": variables or {}}).encode(),
        headers={
            "content-type": "application/json",
            "authorization": "Bearer " + os.environ["VENTURI_ADMIN_TOKEN"],
        },
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


def change(name, fields, **given):
    kind = name[0].upper() + name[1:] + "Input"
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {fields} userErrors {{ message }} }} }}"
    payload = ask(query, {"input": given})[name]
    assert payload["userErrors"] == [], payload
    return payload


class WebhooksOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        made = change(
            "createWebhookEndpoint",
            "secret webhookEndpoint { id }",
            portfolioId=ask('{ portfolio(slug: "demo") { id } }')["portfolio"]["id"],
            url=f"http://127.0.0.1:{cls.server.server_port}/hook",
            # Nothing of what others do meanwhile: tests come whatever is asked for.
            eventTypes=["venture.completed.v1"],
        )
        cls.secret, cls.endpoint = made["secret"], made["webhookEndpoint"]["id"]

    @classmethod
    def tearDownClass(cls):
        change("deleteWebhookEndpoint", "deletedWebhookEndpointId", webhookEndpointId=cls.endpoint)
        cls.server.shutdown()
        cls.server.server_close()

    def sent(self):
        change("sendTestWebhook", "webhookDelivery { id }", webhookEndpointId=self.endpoint)
        return arrived.get(timeout=PATIENCE_S)

    def test_a_message_is_verified_as_it_came(self):
        headers, body = self.sent()
        message = Webhook(self.secret).verify(body, headers)
        self.assertEqual(message["type"], "webhook.test.v1")
        self.assertEqual(message["data"]["endpointId"], self.endpoint)

    def test_what_was_changed_on_the_way_is_not_ours(self):
        headers, body = self.sent()
        another = "whsec_" + base64.b64encode(bytes([7] * 32)).decode()
        later = str(int(headers["webhook-timestamp"]) + 1)
        for secret, text, said in [
            (self.secret, body.replace("test", "tast"), headers),
            (self.secret, body, {**headers, "webhook-id": headers["webhook-id"] + "0"}),
            (self.secret, body, {**headers, "webhook-timestamp": later}),
            (another, body, headers),
        ]:
            with self.assertRaises(WebhookVerificationError):
                Webhook(secret).verify(text, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
