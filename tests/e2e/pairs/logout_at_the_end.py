"""on_stop of users whom the end of the test stops while they wait."""
from locust import HttpUser, constant, task


class Member(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(60)

    def on_stop(self):
        self.client.post("/echo", json={"bye": True})

    @task
    def read(self):
        self.client.get("/page")
