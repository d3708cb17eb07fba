"""base64 and digests in headers."""
import base64
import hashlib
import hmac
import json

from locust import HttpUser, task
from locust.exception import StopUser

SECRET = "topsecret"


class Signer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def sign(self):
        credentials = base64.b64encode(b"ada:secret").decode()
        self.client.get("/basic", headers={"Authorization": "Basic %s" % credentials})
        body = json.dumps({"amount": 12})
        signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        self.client.post("/echo", data=body, headers={
            "Content-Type": "application/json", "X-Signature": signature,
            "X-Digest": hashlib.md5(body.encode()).hexdigest(),
            "X-Token": hashlib.sha256(("ada" + SECRET).encode()).hexdigest()})
        raise StopUser()
