"""A body read from a file when the test begins."""
from pathlib import Path

from locust import HttpUser, task
from locust.exception import StopUser

ORDER = Path(__file__).with_name("order.json").read_bytes()


class Writer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def send(self):
        self.client.post("/echo", data=ORDER, headers={"Content-Type": "application/json"})
        raise StopUser()
