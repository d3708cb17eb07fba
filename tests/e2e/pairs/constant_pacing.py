"""A task starts every 200 ms, however long it took."""
from locust import HttpUser, constant_pacing, task
from locust.exception import StopUser


class Paced(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant_pacing(0.2)
    rounds = 0

    @task
    def work(self):
        self.client.get("/slow?ms=50")
        self.rounds += 1
        if self.rounds == 8:
            raise StopUser()
