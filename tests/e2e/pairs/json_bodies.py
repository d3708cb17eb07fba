"""What json.dumps makes of each kind of value, byte for byte."""
import json

from locust import HttpUser, task
from locust.exception import StopUser


class Writer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def write(self):
        self.client.post("/echo", json={"handle": 1, "body": "\u00fc \u20ac \U0001f600 \"quoted\" \\ / \n\t"})
        self.client.post("/echo", json={"a": [1, 2.5, -3, 1e100, True, False, None, "", [], {}], "b": {"c": {"d": [[]]}}})
        self.client.post("/echo", json=[1, "two", {"three": 3}])
        self.client.post("/echo", json="just a text")
        self.client.put("/echo", data=json.dumps({"by": "hand"}), headers={"Content-Type": "application/json"})
        self.client.post("/echo", json={"status": True}, headers={"Content-Type": "application/vnd.api+json"})
        raise StopUser()
