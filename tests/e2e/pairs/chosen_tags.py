"""Run with --tags read slow --exclude-tags broken: weights count among what is left."""
from locust import HttpUser, constant, tag, task


class Member(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.005)

    @tag("read")
    @task(3)
    def read(self):
        self.client.get("/page/read")

    @tag("read", "slow")
    @task(1)
    def search(self):
        self.client.get("/page/search")

    @tag("slow", "broken")
    @task(5)
    def report(self):
        self.client.get("/page/report")

    @tag("write")
    @task(10)
    def write(self):
        self.client.post("/echo", json={"written": True})

    @task(10)
    def untagged(self):
        self.client.get("/page/untagged")
