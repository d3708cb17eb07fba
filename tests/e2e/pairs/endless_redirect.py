"""A redirect to itself fails after thirty of them."""
from locust import HttpUser, task
from locust.exception import StopUser


class Circle(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def circle(self):
        self.client.get("/circle")
        self.client.get("/page")
        raise StopUser()
