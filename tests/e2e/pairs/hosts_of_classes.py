"""Each user class has a host of its own."""
from locust import HttpUser, task
from locust.exception import StopUser


class Api(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def call(self):
        self.client.post("/echo", json={"call": 1})
        raise StopUser()


class Assets(HttpUser):
    host = "http://127.0.0.1:8001"

    @task
    def load(self):
        self.client.get("/page/logo")
        self.client.get("/page/style", name="style")
        raise StopUser()
