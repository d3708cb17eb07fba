"""Tasks are taken by their weights; one has none and is never taken."""
from locust import HttpUser, constant, task


class Author(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.005)

    @task(5)
    def tweets(self):
        self.client.get("/page/tweets")

    @task(2)
    def one(self):
        self.client.get("/page/one")

    @task
    def write(self):
        self.client.post("/echo", json={"handle": 1})

    @task(0)
    def never(self):
        self.client.get("/page/never")
