"""Answers come compressed; what is looked at is the text."""
from locust import HttpUser, task
from locust.exception import StopUser


class Reader(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def read(self):
        for coding in ("gzip", "deflate"):
            with self.client.get(f"/packed/{coding}", catch_response=True) as response:
                if "squeezed" not in response.text:
                    response.failure("not what was packed")
                number = response.json()["number"]
            self.client.get(f"/items/{number}")
        raise StopUser()
