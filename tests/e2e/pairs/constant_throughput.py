"""Five tasks a second of each user."""
from locust import HttpUser, constant_throughput, task
from locust.exception import StopUser


class Steady(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant_throughput(5)
    rounds = 0

    @task
    def work(self):
        self.client.get("/slow?ms=20")
        self.rounds += 1
        if self.rounds == 8:
            raise StopUser()
