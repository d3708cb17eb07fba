"""The wait stands after each task, none before the first and none between its requests."""
from locust import HttpUser, constant, task
from locust.exception import StopUser


class Waiting(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.15)
    rounds = 0

    @task
    def wait_after(self):
        self.client.get("/slow?ms=50")
        self.rounds += 1
        if self.rounds == 8:
            raise StopUser()
